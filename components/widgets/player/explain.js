// Which sentence explains what: the sentences come with the data, by the word that they are about.

import { nodeOf } from "./svg.js";

/** @import { PlayerData } from "./data.js" */
/** @import { Box } from "./svg.js" */
/** A word and its sentence; no word where it can be read anyway. @typedef {[string, string]} Explained */

/** @type {Record<string, string>} */
const WORDS = {
  leaf: "leaf", saved: "saved tensor", output: "output", untracked: "not tracked", folded: "folded",
  base: "base of a view",
};

// The word that a row of a card is about: of "gradient out to x" that is "gradient out".
/**
 * @param {string} row
 * @param {PlayerData["terms"]} terms
 */
export function wordIn(row, terms) {
  const parts = (row.split(": ").at(-1) ?? "").replace(/^[\d,]+ /, "").split(" ");
  const tried = parts.map((_, index) => parts.slice(0, parts.length - index).join(" "));
  return tried.find((word) => terms[word] !== undefined) ?? null;
}

// What a box is, in a word: a function goes by its own name.
/**
 * @param {string} id
 * @param {Box} box
 */
export function wordOf(id, { kind, kinds, group, words }) {
  if (kind === "saved" && group.classList.contains("freed")) return "freed";
  if (kinds.includes("copy") && id !== nodeOf(id)) return "copy of a leaf";
  return WORDS[kind] ?? (words[0]?.join("").trim() || "function");
}

/**
 * @param {string} id
 * @param {Box} box
 * @param {PlayerData["terms"]} terms
 * @returns {Explained | null}
 */
export function explainBox(id, box, terms) {
  const word = wordOf(id, box), sentence = terms[word] ?? (box.kind === "function" ? terms.function : undefined);
  return sentence === undefined ? null : [word, sentence];
}

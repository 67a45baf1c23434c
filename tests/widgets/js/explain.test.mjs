// Which word a row of a card and a box of the picture are about.

import assert from "node:assert/strict";
import test from "node:test";
import { explainBox, wordIn } from "../../../components/widgets/player/explain.js";

const terms = {
  "gradient out": "out", self: "first", backward: "added", "other kinds": "kinds", leaf: "a leaf", freed: "gone",
  "saved tensor": "kept", SinBackward0: "cosine", function: "a node",
};

test("a row is about the longest word that it begins with, behind its line and its number", () => {
  const rows = ["gradient out to x", "self (h)", "line 9: backward", "3 other kinds", "exponent"];
  assert.deepEqual(rows.map((row) => wordIn(row, terms)), ["gradient out", "self", "backward", "other kinds", null]);
});

/**
 * @param {string} kind
 * @param {string} name
 * @param {string[]} [more]
 */
function box(kind, name, more = []) {
  const group = { classList: { contains: (/** @type {string} */ word) => more.includes(word) } };
  return /** @type {import("../../../components/widgets/player/svg.js").Box} */ (/** @type {unknown} */ (
    { kind, kinds: ["node", kind, ...more], words: [[name]], group }
  ));
}

test("a function goes by its name, everything else by what it is", () => {
  assert.deepEqual(explainBox("n1", box("function", "SinBackward0"), terms), ["SinBackward0", "cosine"]);
  assert.deepEqual(explainBox("n1", box("function", "OddBackward0"), terms), ["OddBackward0", "a node"]);
  assert.deepEqual(explainBox("n1~leaf", box("leaf", "x"), terms), ["leaf", "a leaf"]);
  assert.deepEqual(explainBox("n1~saved", box("saved", "x"), terms), ["saved tensor", "kept"]);
  assert.deepEqual(explainBox("n1~saved", box("saved", "x", ["freed"]), terms), ["freed", "gone"]);
  assert.equal(explainBox("v1", box("base", "x"), terms), null);
});

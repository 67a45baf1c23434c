// The card: what is told about the one thing selected, at the moment one looks at. Every text may come from a program
// and is set as text.

import { create, tell } from "./dom.js";

/** @import { Card, CardFormula, CardGrid, Visit } from "./data.js" */

const LONG_TITLE = 22, LONG_PAIR = 36, MOST_CHANGES = 8;
const NOT_KEPT = "backward was here; the numbers of this visit were not kept";
const NOT_YET = "backward has not been here yet";

/**
 * `open` opens the box, where it is a fold; `whole` is whether the card is read at its end: of the whole run, or where
 * the engine stopped at this node. `visits` are the moments at which the engine was there, of which the card has not
 * always all. `explain` gives the sentence about a row, or about another word where nothing is known of it.
 * @typedef {(row: string, instead: string) => string} Explain
 * @typedef {{ open: (() => void) | null, whole: boolean, visits: number[], explain: Explain,
 *   asks: HTMLElement[] }} Facts
 */

export class CardPane {
  /** The card that is seen, and the moment that it was filled for. @type {Card | null} */
  card = null;
  /** @type {number | null} */
  at = null;
  /** @type {unknown} */
  also = null;

  /**
   * @param {HTMLElement} aside
   * @param {{ close: () => void }} actions
   */
  constructor(aside, { close }) {
    this.aside = aside;
    this.close = close;
  }

  /**
   * @param {Card | null} card
   * @param {number | null} at
   * @param {() => Facts} facts
   * @param {unknown} [also] another thing that the card is about, as an edge
   */
  show(card, at, facts, also = null) {
    if (card === this.card && at === this.at && also === this.also) return;
    const same = card === this.card;
    this.also = also;
    this.card = card;
    this.at = at;
    this.aside.hidden = !card;
    if (card) this.fill(card, at, facts());
    if (card && !same) this.aside.scrollTop = 0;
    // Who has no wheel scrolls by the keyboard.
    this.aside.tabIndex = this.aside.scrollHeight > this.aside.clientHeight ? 0 : -1;
  }

  /**
   * @param {Card} card
   * @param {number | null} at
   * @param {Facts} facts
   */
  fill(card, at, { open, whole, visits, explain, asks }) {
    const upTo = at ?? Infinity, { visit, when } = visitAt(card, at, visits);
    const freed = card.freed !== null && card.freed <= upTo;
    const note = whole || freed ? card.note : visit?.note;
    this.aside.dataset.kind = card.kind;
    this.aside.replaceChildren(
      create("h3", card.title.length > LONG_TITLE ? "long" : "", card.title),
      closeButton(this.close),
      create("p", "where", card.subtitle),
      ...(when === null ? [] : [create("p", "when", when)]),
      ...formulasOf(card, visit, explain),
      ...asks,
      rowsOf(card, visit, upTo, explain),
      ...savedOf(card, freed, explain),
      ...(visit ? visit.grids.map(gridOf) : []),
      ...(note ? [create("p", "note", note)] : []),
      ...(open ? [openButton(open)] : []),
    );
  }
}

// The visit whose numbers are told at a moment, and the words for it; null for what is not to be told.
/**
 * @param {Card} card
 * @param {number | null} at
 * @param {number[]} visits
 * @returns {{ visit: Visit | null, when: string | null }}
 */
export function visitAt(card, at, visits) {
  if (!card.visits.length) return { visit: null, when: null };
  const upTo = at ?? Infinity, latest = visits.filter((moment) => moment <= upTo).at(-1);
  const last = card.visits.filter((visit) => visit.moment <= upTo).at(-1);
  if (last && (latest === undefined || last.moment >= latest)) return { visit: last, when: last.where };
  return { visit: null, when: latest === undefined ? NOT_YET : NOT_KEPT };
}

/** @param {() => void} close */
function closeButton(close) {
  const button = create("button", "close", "×");
  button.type = "button";
  button.dataset.tip = "Close the card. Key: Escape";
  button.setAttribute("aria-label", "Close the card");
  button.addEventListener("click", close);
  return button;
}

/** @param {() => void} open */
function openButton(open) {
  const button = create("button", "open", "Open this box");
  button.type = "button";
  button.dataset.tip = "Show what is inside, in place. Key: O, or a double click on the box";
  button.addEventListener("click", open);
  return button;
}

/**
 * @param {Card} card
 * @param {Visit | null} visit
 * @param {Explain} explain
 */
function formulasOf(card, visit, explain) {
  const known = visit?.formulas.length ? visit.formulas : card.formulas, block = create("div", "formula");
  block.append(...known.flatMap((formula) => formulaOf(formula, known.length > 1)));
  const lines = card.formula ? card.formula.split("; ").map((line) => create("div", "", line)) : [];
  if (lines.length && card.kind === "function") {
    const own = create("details", "own");
    own.open = !known.length;
    const title = "PyTorch's derivative", summary = create("summary", "", title);
    summary.dataset.tip = explain(title, title);
    own.append(summary, ...lines);
    block.append(own);
  } else block.append(...lines);
  return block.childNodes.length ? [block] : [];
}

/**
 * @param {CardFormula} formula
 * @param {boolean} isNamed
 */
function formulaOf({ to, symbols, numbers }, isNamed) {
  const parts = [create("div", "symbols", symbols)];
  if (isNamed) parts.unshift(create("div", "to", `to ${to}`));
  if (numbers) parts.push(create("div", "numbers", numbers));
  return parts;
}

/**
 * @param {Card} card
 * @param {Visit | null} visit
 * @param {number} upTo
 * @param {Explain} explain
 */
function rowsOf(card, visit, upTo, explain) {
  const rows = [...(visit ? visit.rows : []), ...card.rows]
    .map(([name, value]) => pairOf(name, value, explain(name, "saved value")));
  const changes = card.changes.filter(([moment]) => moment <= upTo).slice(-MOST_CHANGES);
  return listOf([...rows, ...changes.map(([, name, text]) => pairOf(name, text, explain(name, ""), "change"))]);
}

/**
 * @param {Card} card
 * @param {boolean} freed
 * @param {Explain} explain
 */
function savedOf(card, freed, explain) {
  if (!card.saved.length) return [];
  const title = freed ? `saved, ${card.freed_by || "freed"}` : "saved for backward";
  const className = freed ? "saved gone" : "saved";
  const pairs = card.saved.map(([name, value]) => pairOf(name, value, explain(name, "saved tensor"), className));
  return [create("h4", freed ? "gone" : "", title), listOf(pairs)];
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} tip
 */
function pairOf(name, value, tip, className = "") {
  const pair = create("div", `${name.length + value.length > LONG_PAIR ? "pair long" : "pair"} ${className}`.trim());
  const term = create("dt"), word = create("span", "", name);
  if (tip) tell(word, tip);
  term.append(word);
  pair.append(term, create("dd", "", value));
  return pair;
}

/** @param {HTMLElement[]} pairs */
function listOf(pairs) {
  const list = create("dl");
  list.append(...pairs);
  return list;
}

// A heat map: orange is above zero, blue below, grey is not a number. Cells come in thousandths of the largest.
/** @param {CardGrid} grid */
function gridOf({ title, largest, cells: rows }) {
  const figure = create("figure", "grid"), cells = create("div", "cells");
  cells.style.gridTemplateColumns = `repeat(${rows[0]?.length || 1}, 1fr)`;
  for (const part of rows.flat()) {
    const cell = create("i", part === null ? "none" : part < 0 ? "below" : "above");
    cell.style.setProperty("--part", `${part === null ? 100 : Math.round(Math.abs(part) / 10)}%`);
    cell.dataset.tip = part === null ? "not a finite number" : short((part / 1000) * largest);
    cells.append(cell);
  }
  figure.append(create("figcaption", "", `${title}: means of blocks, to ±${short(largest)}`), cells);
  return figure;
}

/** @param {number} value */
const short = (value) => String(+value.toPrecision(3));

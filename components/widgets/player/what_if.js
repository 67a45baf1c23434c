// "What if": buttons on a card, each of which asks for the program with one thing changed, to be run beside this one.
// What can be asked of a box or of an edge comes with the data.

import { create, targetOf } from "./dom.js";
import { leafOf } from "./svg.js";

/** @import { PlayerChange, PlayerMount } from "./data.js" */
/** @typedef {{ of: string, kind: string, amount: string }} Asked */
/** @typedef {(asked: Asked) => void} Ask */

/** By kind: the word on the button, what it does, and what stands in its field at first. */
/** @type {Record<string, [word: string, tip: string, first?: string]>} */
const KINDS = {
  zero: ["Zero it", "Run the program with this gradient set to zero"],
  scale: ["Scale by", "Run the program with this gradient times a number", "2"],
  clip: ["Clip to ±", "Run the program with each number of this gradient between minus and plus a number", "1"],
  detach: ["Detach here", "Run the program with .detach() here: no gradient flows back from here on"],
  value: ["Set value", "Run the program with another value of this leaf: a number, a list, randn(3)"],
};

/** Whether the buttons are shown, in all players of a page. */
let isOpen = false;

export class WhatIf {
  /** The edge that was clicked last, and the box at its end. @type {{ key: string, box: string } | null} */
  edge = null;

  /** The question that was asked last, and the box that was selected. @type {Asked & { box: string | null } | null} */
  last = null;

  /** The question that was refused, which stands in its field again. @type {Asked | null} */
  kept = null;

  refused = 0;

  /**
   * @param {() => PlayerMount["changes"]} changes
   * @param {Ask} ask
   */
  constructor(changes, ask) {
    this.changes = changes;
    this.ask = ask;
  }

  // The edge that a click is about, if something can be asked of it.
  /**
   * @param {Event} event
   * @param {{ group: SVGGElement, number: string, target: string }[]} edges
   */
  edgeAt(event, edges) {
    const group = targetOf(event)?.closest(".edge"), found = edges.find((edge) => edge.group === group);
    const key = `link-${found?.number}`;
    this.edge = found && this.changes()?.[key] ? { key, box: found.target } : null;
    return this.edge?.box ?? null;
  }

  // The edge that a box is shown for.
  /** @param {string | null} box */
  edgeOf(box) { return this.edge?.box === box ? this.edge?.key ?? null : null; }

  // Show the box again whose question was refused since; the count is of all that were.
  /**
   * @param {number} refused
   * @param {(box: string) => void} show
   */
  back(refused, show) {
    this.kept = refused > this.refused ? this.last : null;
    this.refused = refused;
    if (this.kept && this.last?.box) show(this.last.box);
  }

  // What can be asked on the card of a box.
  /** @param {string} box */
  rows(box) {
    const of = this.edgeOf(box) ?? leafOf(box), change = this.changes()?.[of];
    if (!change) return [];
    const block = create("details", "what-if"), buttons = create("div", "asks");
    buttons.append(...change.kinds.filter((kind) => KINDS[kind]).map((kind) => this.button(of, kind, change)));
    block.append(create("summary", "", `What if ${aboutOf(change)} were another?`), buttons);
    // Who clicks an edge asks about it.
    block.open = isOpen || of.startsWith("link-");
    block.addEventListener("toggle", () => (isOpen = block.open));
    return [block];
  }

  /**
   * @param {string} of
   * @param {string} kind
   * @param {PlayerChange} change
   */
  button(of, kind, change) {
    const [word, tip, first] = KINDS[kind], form = create("form");
    const field = create("input"), button = create("button", "", word), isValue = kind === "value";
    button.type = "submit";
    button.dataset.tip = tip;
    const isKept = this.kept?.of === of && this.kept.kind === kind;
    field.value = isKept ? this.kept?.amount ?? "" : isValue ? change.value : first ?? "";
    field.inputMode = isValue ? "text" : "decimal";
    field.spellcheck = false;
    field.setAttribute("aria-label", `${word} ${change.of}`);
    form.append(button, ...(first !== undefined || isValue ? [field] : []));
    form.className = isValue ? "wide" : "";
    // Keys are the field's and the button's, not the picture's.
    form.addEventListener("keydown", (event) => event.key === "Escape" || event.stopPropagation());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask({ of, kind, amount: field.value.trim() });
    });
    return form;
  }
}

/** @param {PlayerChange} change */
function aboutOf({ of, kinds }) {
  if (!kinds.includes("zero")) return of;
  return kinds.includes("value") ? `${of} or its gradient` : `the gradient of ${of}`;
}

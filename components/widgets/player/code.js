// The program beside the graph: the line that runs, what each line made and printed so far. Every text is set as text.

import { create, targetOf, visible } from "./dom.js";

/** @import { Note } from "../page.js" */
/** @typedef {{ row: HTMLElement, chips: HTMLElement, shown: string }} Line */

const LONGEST_CHIP = 44;
// What of a long line does not fit goes on below, further in than the line begins; a line far in begins as if here.
const DEEPEST = 12;
// Between tokens that end and begin so, a long line may be broken.
const OPENS = /[.([{]$/, GOES_ON = /^[^\s)\]}]/;

export class CodePane {
  /**
   * @param {HTMLElement} list
   * @param {{ pick: (line: number) => void, hover: (line: number | null) => void }} actions
   */
  constructor(list, { pick, hover }) {
    this.list = list;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {string | null} */
    this.source = null;
    /** @type {number | null} */
    this.line = null;
    /** Where a long program is opened: at what it did last. @type {number | null} */
    this.first = null;
    list.addEventListener("click", (event) => {
      const line = lineAt(event);
      if (line) pick(line);
    });
    list.addEventListener("pointerover", (event) => hover(lineAt(event)));
    list.addEventListener("pointerleave", () => hover(null));
  }

  // `source` tells programs apart; of one program the run can be another.
  /**
   * @param {string} source
   * @param {[string, string][][]} code
   * @param {number[]} backwards
   * @param {number | null} failed
   */
  open(source, code, backwards, failed) {
    if (source !== this.source) {
      this.build(code);
      this.first = failed ?? backwards.at(-1) ?? null;
    }
    this.source = source;
    this.lines.forEach(({ row }, index) => {
      row.classList.toggle("calls", backwards.includes(index + 1));
      row.classList.toggle("failed", failed === index + 1);
    });
  }

  /** @param {[string, string][][]} code */
  build(code) {
    this.lines = code.map((tokens, index) => {
      const row = create("li"), rest = create("div", "rest"), text = create("code"), chips = create("span", "chips");
      row.dataset.line = String(index + 1);
      const indent = tokens.map(([, part]) => part).join("").search(/\S|$/);
      text.style.setProperty("--indent", String(Math.min(indent, DEEPEST)));
      tokens.forEach(([kind, part], at) => {
        text.append(kind ? create("span", kind, part) : visible(part));
        if (!kind && OPENS.test(part) && GOES_ON.test(tokens[at + 1]?.[1] ?? "")) text.append(create("wbr"));
      });
      if (!tokens.length) text.append(" ");
      rest.append(text, chips);
      row.append(create("span", "no", String(index + 1)), rest);
      return { row, chips, shown: "" };
    });
    this.list.replaceChildren(...this.lines.map(({ row }) => row));
  }

  /** @param {{ line: number | null, lit: number[], tone: "now" | "error", notes: Note[] }} what */
  show({ line, lit, tone, notes }) {
    /** @type {Map<number, Note[]>} */
    const byLine = new Map();
    for (const note of notes) byLine.set(note.line, [...(byLine.get(note.line) ?? []), note]);
    this.lines.forEach((entry, index) => {
      const number = index + 1, { classList } = entry.row;
      classList.toggle("now", line === number);
      classList.toggle("bad", line === number && tone === "error");
      classList.toggle("lit", lit.includes(number));
      if (line === number) entry.row.setAttribute("aria-current", "step");
      else entry.row.removeAttribute("aria-current");
      showChips(entry, byLine.get(number) ?? []);
    });
    const current = line === null ? undefined : this.lines[line - 1]?.row;
    if (current && line !== this.line) this.reveal(current);
    else if (this.first !== null && this.list.clientHeight) this.begin(this.first);
    this.line = line;
  }

  // Light the lines from the first to the last of `range`, beside those that the moment lights; returns their numbers.
  /**
   * @param {[number, number] | null} range
   * @param {number[]} lit
   */
  light(range, lit) {
    /** @param {number} line */
    const within = (line) => !!range && line >= range[0] && line <= range[1];
    this.lines.forEach(({ row }, index) => row.classList.toggle("lit", within(index + 1) || lit.includes(index + 1)));
    return this.lines.map((_, index) => index + 1).filter(within);
  }

  // Nothing has been looked at yet: a line in the middle, unless it is seen anyway.
  /** @param {number} line */
  begin(line) {
    const row = this.lines[line - 1]?.row, pane = this.list;
    this.first = null;
    if (row && row.offsetTop > pane.clientHeight / 2) pane.scrollTop = row.offsetTop - pane.clientHeight / 2;
  }

  // Only the pane scrolls, not the page.
  /** @param {HTMLElement} row */
  reveal(row) {
    const { offsetTop: top, offsetHeight: height } = row, pane = this.list;
    const bottom = top + height;
    if (top < pane.scrollTop + 20) pane.scrollTop = Math.max(0, top - 40);
    else if (bottom > pane.scrollTop + pane.clientHeight - 20) pane.scrollTop = bottom - pane.clientHeight + 60;
  }
}

/** @param {Event} event */
function lineAt(event) {
  const row = targetOf(event)?.closest("li");
  return row ? Number(row.dataset.line) : null;
}

/**
 * @param {Line} entry
 * @param {Note[]} notes
 */
function showChips(entry, notes) {
  const shown = JSON.stringify(notes);
  if (shown === entry.shown) return;
  entry.shown = shown;
  entry.chips.replaceChildren(...notes.map(({ kind, text }) => {
    const short = text.length > LONGEST_CHIP ? `${text.slice(0, LONGEST_CHIP - 1)}…` : text;
    const chip = create("span", kind === "made" ? "made" : "printed", short);
    chip.dataset.tip = text;
    return chip;
  }));
}

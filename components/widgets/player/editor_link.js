// The player's side of its talk with the editor beside it; the other side is the editor's player_link.js.

import { visible } from "./dom.js";

/** @import { Message } from "./data.js" */
/** @import { LineAct, Note } from "../page.js" */
/** @typedef {{ line: number | null, tone: "now" | "error", lit: number[], notes: Note[] }} Marks */

export class EditorLink {
  /**
   * @param {{ signal: AbortSignal, pick: (line: number) => void, hover: (line: number | null) => void,
   *   ask: () => void, typed: () => void }} actions
   */
  constructor({ signal, pick, hover, ask, typed }) {
    /** @type {string | undefined} */
    this.channel = "";
    this.source = "";
    /** Whether the text in the editor is another than the one that the player shows. */
    this.isOld = false;
    window.addEventListener("autograd-lab:line", ({ detail }) => {
      if (!this.isMine(detail)) return;
      if (detail.act === "pick") pick(detail.line);
      else hover(detail.act === "hover" ? detail.line : null);
    }, { signal });
    window.addEventListener("autograd-lab:hello", ({ detail }) => {
      if (this.isMine(detail)) ask();
    }, { signal });
    window.addEventListener("autograd-lab:typed", ({ detail }) => {
      if (!this.isMine(detail)) return;
      this.isOld = plain(detail.text) !== plain(this.source);
      typed();
    }, { signal });
  }

  // The player shows this program now.
  /**
   * @param {string | undefined} channel
   * @param {string} source
   */
  open(channel, source) {
    if (channel !== this.channel || source !== this.source) this.isOld = false;
    this.channel = channel;
    this.source = source;
  }

  /** @param {LineAct | { channel: string } | null} detail */
  isMine(detail) { return !!this.channel && detail?.channel === this.channel; }

  // `litLines` are lines lit beside those of the moment.
  /**
   * @param {Message} data
   * @param {Marks} marks
   * @param {number[]} litLines
   */
  tell({ source: text, backwards, failed }, marks, litLines) {
    const { channel } = this, lit = [...new Set([...marks.lit, ...litLines])];
    if (!channel) return;
    const notes = marks.notes.map((note) => ({ ...note, text: visible(note.text) }));
    const detail = { channel, text, ...marks, notes, lit, backwards, failed };
    window.dispatchEvent(new CustomEvent("autograd-lab:step", { detail }));
  }
}

// Lines end in many ways, and the last one need not end at all.
/** @param {string} text */
const plain = (text) => text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");

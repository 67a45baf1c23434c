// What each line made or printed, as quiet chips at the right end of the line. They lie over the text, not in it: no
// line grows, nothing is copied or edited, and where a line leaves no room there are none.

import { ViewPlugin } from "@codemirror/view";
import { isLine, marks, shownStep } from "./marks.js";

/** @import { EditorView, ViewUpdate } from "@codemirror/view" */
/** @import { Note } from "../../page.js" */
/** @typedef {{ top: number, height: number, right: number, width: number, notes: Note[] }} Room */

const GAP = 20, EDGE = 10, NARROWEST = 52;

class Chips {
  /** The left edge of what is seen of the text. */
  left = 0;
  /** By line: its row, and the notes in it as text. @type {Map<number, { element: HTMLElement, notes: string }>} */
  rows = new Map();

  /** @param {EditorView} view */
  constructor(view) {
    this.view = view;
    this.layer = view.scrollDOM.appendChild(document.createElement("div"));
    this.layer.className = "lab-chips";
    this.layer.setAttribute("aria-hidden", "true");
    this.scrolled = () => view.scrollDOM.scrollLeft !== this.left && this.place();
    view.scrollDOM.addEventListener("scroll", this.scrolled);
    this.measure = { key: this, read: () => this.read(), write: this.write.bind(this) };
    this.place();
  }

  /** @param {ViewUpdate} update */
  update(update) {
    const changed = update.startState.field(marks) !== update.state.field(marks);
    if (changed || update.docChanged || update.viewportChanged || update.geometryChanged) this.place();
  }

  place() {
    this.view.requestMeasure(this.measure);
  }

  // How much room there is beside each line that has notes.
  read() {
    const { view } = this;
    const { scrollDOM: scroller, state } = view;
    const frame = scroller.getBoundingClientRect();
    const top = view.documentTop - frame.top + scroller.scrollTop;
    this.left = scroller.scrollLeft;
    const right = this.left + scroller.clientWidth - EDGE;
    /** @type {Map<number, Room>} */
    const rooms = new Map();
    for (const note of shownStep(state)?.notes ?? []) {
      if (!isLine(state, note.line)) continue;
      const line = state.doc.line(note.line);
      if (line.to < view.viewport.from || line.from > view.viewport.to) continue;
      const known = rooms.get(note.line);
      if (known) {
        known.notes.push(note);
        continue;
      }
      const block = view.lineBlockAt(line.from);
      const end = (view.coordsAtPos(line.to)?.right ?? frame.right) - frame.left + this.left;
      const place = { top: top + block.top, height: block.height, right, width: right - end - GAP };
      rooms.set(note.line, { ...place, notes: [note] });
    }
    return rooms;
  }

  /** @param {Map<number, Room>} rooms */
  write(rooms) {
    for (const [number, { element }] of this.rows) {
      if (rooms.has(number)) continue;
      element.remove();
      this.rows.delete(number);
    }
    for (const [number, { top, height, right, width, notes }] of rooms) {
      const row = this.rows.get(number) ?? { element: this.row(number), notes: "" }, text = JSON.stringify(notes);
      this.rows.set(number, row);
      row.element.hidden = width < NARROWEST;
      Object.assign(row.element.style, {
        top: `${top}px`, height: `${height}px`, left: `${right}px`, maxWidth: `${Math.max(0, width)}px`,
      });
      if (row.notes === text) continue;
      row.notes = text;
      row.element.replaceChildren(...notes.map(chip));
    }
  }

  // To the person a chip is part of its line: the text takes each press on it, as one on the empty end of the line.
  /** @param {number} number */
  row(number) {
    const row = this.layer.appendChild(document.createElement("div"));
    row.dataset.line = String(number);
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.view.contentDOM.dispatchEvent(new MouseEvent("mousedown", event));
    });
    return row;
  }

  destroy() {
    this.view.scrollDOM.removeEventListener("scroll", this.scrolled);
    this.layer.remove();
  }
}

/** @param {Note} note */
function chip({ text, kind }) {
  const element = document.createElement("span");
  element.className = kind === "made" ? "made" : "printed";
  element.title = text;
  element.textContent = text;
  return element;
}

export const chips = ViewPlugin.fromClass(Chips);

// What each line made or printed, as quiet chips at the right end of the line. They lie over the text, not in it: no line
// grows, nothing is copied or edited, and where a line leaves no room there are none.

import { ViewPlugin } from "@codemirror/view";
import { isLine, marks, shownStep } from "./marks.js";

const GAP = 20, EDGE = 10, NARROWEST = 52;

class Chips {
  constructor(view) {
    this.view = view;
    this.layer = view.scrollDOM.appendChild(document.createElement("div"));
    this.layer.className = "lab-chips";
    this.layer.setAttribute("aria-hidden", "true");
    this.lines = new Map();
    this.scrolled = () => view.scrollDOM.scrollLeft !== this.left && this.place();
    view.scrollDOM.addEventListener("scroll", this.scrolled);
    this.measure = { key: this, read: () => this.read(), write: (rooms) => this.write(rooms) };
    this.place();
  }

  update(update) {
    const changed = update.startState.field(marks) !== update.state.field(marks);
    if (changed || update.docChanged || update.viewportChanged || update.geometryChanged) this.place();
  }

  place() {
    this.view.requestMeasure(this.measure);
  }

  read() {
    const { view } = this;
    const { scrollDOM: scroller, state } = view;
    const frame = scroller.getBoundingClientRect();
    const top = view.documentTop - frame.top + scroller.scrollTop;
    this.left = scroller.scrollLeft;
    const right = this.left + scroller.clientWidth - EDGE;
    const rooms = new Map();
    for (const note of shownStep(state)?.notes ?? []) {
      if (!isLine(state, note.line)) continue;
      const line = state.doc.line(note.line);
      if (line.to < view.viewport.from || line.from > view.viewport.to) continue;
      if (rooms.has(note.line)) {
        rooms.get(note.line).notes.push(note);
        continue;
      }
      const block = view.lineBlockAt(line.from);
      const end = (view.coordsAtPos(line.to)?.right ?? frame.right) - frame.left + this.left;
      rooms.set(note.line, { top: top + block.top, height: block.height, right, width: right - end - GAP, notes: [note] });
    }
    return rooms;
  }

  write(rooms) {
    for (const [number, row] of this.lines) {
      if (rooms.has(number)) continue;
      row.remove();
      this.lines.delete(number);
    }
    for (const [number, room] of rooms) {
      let row = this.lines.get(number);
      if (!row) this.lines.set(number, (row = this.row(number)));
      row.hidden = room.width < NARROWEST;
      Object.assign(row.style, {
        top: `${room.top}px`, height: `${room.height}px`, left: `${room.right}px`, maxWidth: `${Math.max(0, room.width)}px`,
      });
      const said = JSON.stringify(room.notes);
      if (row.said === said) continue;
      row.said = said;
      row.replaceChildren(...room.notes.map(chip));
    }
  }

  // To the person a chip is part of its line: a press on it goes to the line's end.
  row(number) {
    const row = this.layer.appendChild(document.createElement("div"));
    row.dataset.line = number;
    row.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.view.focus();
      this.view.dispatch({ selection: { anchor: this.view.state.doc.line(number).to } });
    });
    return row;
  }

  destroy() {
    this.view.scrollDOM.removeEventListener("scroll", this.scrolled);
    this.layer.remove();
  }
}

function chip({ text, kind }) {
  const made = document.createElement("span");
  made.className = kind === "made" ? "made" : "printed";
  made.title = text;
  made.textContent = text;
  return made;
}

export const chips = ViewPlugin.fromClass(Chips);

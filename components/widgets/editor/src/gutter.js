// The narrow gutter left of the line numbers: a dot where backward ran, a sign where the program failed.

import { forEachDiagnostic, setDiagnosticsEffect } from "@codemirror/lint";
import { gutter, GutterMarker } from "@codemirror/view";
import { marks, shownStep } from "./marks.js";

/** @import { BlockInfo, EditorView } from "@codemirror/view" */

class Sign extends GutterMarker {
  /**
   * @param {string} name
   * @param {string} title
   */
  constructor(name, title) {
    super();
    this.name = name;
    this.title = title;
  }

  /** @param {GutterMarker} other */
  eq(other) {
    return other instanceof Sign && other.name === this.name && other.title === this.title;
  }

  toDOM() {
    const sign = document.createElement("span");
    sign.className = this.name;
    sign.title = this.title;
    return sign;
  }
}

/**
 * @param {EditorView} view
 * @param {BlockInfo} block
 */
function signOf(view, block) {
  /** @type {string | null} */
  let message = null;
  forEachDiagnostic(view.state, (found, from) => {
    if (from >= block.from && from <= block.to) message = found.message;
  });
  if (message !== null) return new Sign("lab-sign", message);
  const number = view.state.doc.lineAt(block.from).number;
  return shownStep(view.state)?.backwards.includes(number) ? new Sign("lab-dot", "backward ran here") : null;
}

export const marksGutter = gutter({
  class: "lab-marks",
  lineMarker: signOf,
  lineMarkerChange: (update) => update.startState.field(marks) !== update.state.field(marks)
    || update.transactions.some(({ effects }) => effects.some((effect) => effect.is(setDiagnosticsEffect))),
});

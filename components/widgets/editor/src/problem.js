// The error of the last run: a squiggle under the code of its line, with the message; it moves along with the text.

import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { keymap } from "@codemirror/view";
import { isLine } from "./marks.js";

/** @import { Diagnostic } from "@codemirror/lint" */
/** @import { EditorState } from "@codemirror/state" */
/** @import { EditorView } from "@codemirror/view" */
/** @typedef {{ line: number, message: string }} Problem */

/** @type {WeakMap<EditorView, string>} */
const shown = new WeakMap();

// The same problem is shown again only after another run: in between, the person may have mended and moved it.
/**
 * @param {EditorView} view
 * @param {Problem | null} problem
 * @param {number} run
 */
export function showProblem(view, problem, run) {
  const name = JSON.stringify([problem ?? null, problem ? run : 0]);
  if (shown.get(view) === name) return;
  shown.set(view, name);
  view.dispatch(setDiagnostics(view.state, problem ? [diagnostic(view.state, problem)] : []));
}

/**
 * @param {EditorState} state
 * @param {Problem} problem
 * @returns {Diagnostic}
 */
function diagnostic(state, { line, message }) {
  const at = state.doc.line(isLine(state, line) ? line : Math.min(Math.max(line, 1), state.doc.lines));
  const code = at.text.replace(/\s*(#[^"']*)?$/, "");
  const indent = code.length - code.trimStart().length;
  return { from: at.from + indent, to: at.from + Math.max(code.length, indent), severity: "error", message };
}

export const problems = keymap.of(lintKeymap.filter(({ key }) => key === "F8"));

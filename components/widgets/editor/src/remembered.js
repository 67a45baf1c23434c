// What was typed, with its cursor and undo history, while the component is away: another page was opened, or Streamlit
// mounted it anew. It lasts as long as the browser's tab.

import { historyField } from "@codemirror/commands";

export const SAVED_FIELDS = { history: historyField };

/** @import { EditorState } from "@codemirror/state" */
/** @import { EditorView } from "@codemirror/view" */

/** @type {Map<string, { revision: string, state: EditorState, scroll: number }>} */
const kept = new Map();

// Turning the history into JSON waits until it is asked for: every key press passes here.
/**
 * @param {string} key
 * @param {string} revision
 * @param {EditorView} view
 */
export function remember(key, revision, view) {
  kept.set(key, { revision, state: view.state, scroll: view.scrollDOM.scrollTop });
}

/**
 * @param {string} key
 * @param {string} revision
 */
export function recall(key, revision) {
  const found = kept.get(key);
  return found?.revision === revision ? { state: found.state.toJSON(SAVED_FIELDS), scroll: found.scroll } : null;
}

// What was typed: with its cursor and undo history while the component is away (another page was opened, or Streamlit
// mounted it anew), as long as the page lives; the text alone in what the browser keeps.

import { historyField } from "@codemirror/commands";

export const SAVED_FIELDS = { history: historyField };
const KEEP_AFTER = 250;

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

// The text is kept when nothing was typed for a moment, and when the page is left. `null` is what Python fills it with.
export class Draft {
  /** @type {string | null | undefined} */
  waiting;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {string} key
   * @param {AbortSignal} signal
   */
  constructor(key, signal) {
    this.name = `${key}:Typed`;
    window.addEventListener("pagehide", () => this.write(), { signal });
    signal.addEventListener("abort", () => this.write());
  }

  /** What is kept, as it was typed. @returns {string | null} */
  get text() {
    try {
      return JSON.parse(globalThis.autogradLab?.kept?.get(this.name) ?? "{}").text ?? null;
    } catch {
      return null;
    }
  }

  /** @param {string | null} text */
  keep(text) {
    this.waiting = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), KEEP_AFTER);
  }

  write() {
    clearTimeout(this.timer);
    if (this.waiting === undefined) return;
    globalThis.autogradLab?.kept?.put(this.name, JSON.stringify({ text: this.waiting }));
    this.waiting = undefined;
  }
}

// What the editor can do: an EditorState with every extension in its place.

import {
  acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, moveCompletionSelection,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, placeholder,
} from "@codemirror/view";
import { chips } from "./chips.js";
import { completion } from "./completion.js";
import { marksGutter } from "./gutter.js";
import { marks } from "./marks.js";
import { SAVED_FIELDS } from "./remembered.js";
import { pickLine } from "./player_link.js";
import { problems } from "./problem.js";
import { highlighting, theme } from "./theme.js";

/** @import { EditorStateConfig, Extension } from "@codemirror/state" */

const EMPTY = "Type PyTorch here. Ctrl+Enter runs it.";
const EMPTY_EXPRESSION = "Type an expression, such as sin(x) * w";
const label = new Compartment();

/** @param {string} text */
const named = (text) => EditorView.contentAttributes.of({
  "aria-label": text,
  tabindex: "0",
  "aria-description": "Escape, then Tab, leaves the editor. Ctrl+Enter runs the program.",
});

/** @param {string} text */
export const labelled = (text) => label.reconfigure(named(text));

// Enter starts a new line though completions are shown; Tab takes the first of them, or the one that was chosen.
/** @param {EditorView} view */
function takeCompletion(view) {
  if (completionStatus(view.state) !== "active") return false;
  if (!selectedCompletion(view.state)) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

// After Escape, Tab moves on in the page, until something else is typed.
const leaving = [
  keymap.of([{ key: "Escape", run: (view) => (view.setTabFocusMode(true), false) }]),
  EditorView.domEventHandlers({
    keydown: (event, view) => {
      if (!["Escape", "Tab", "Shift"].includes(event.key)) view.setTabFocusMode(false);
    },
    blur: (_, view) => view.setTabFocusMode(false),
  }),
];

// `saved` is a state as JSON that is to go on; `live` is for an expression, of which Enter runs what there is.
/**
 * @param {string} text
 * @param {{ run: () => boolean, live: boolean, extensions: Extension }} own
 * @param {unknown} [saved]
 */
export function newState(text, { run, live, extensions }, saved) {
  const keys = ["Mod-Enter", "Ctrl-Enter", ...(live ? ["Enter"] : [])];
  const running = keys.map((key) => ({ key, run, preventDefault: true }));
  const lines = live ? [] : [marksGutter, lineNumbers({ domEventHandlers: { click: pickLine } }), chips];
  const keymaps = [...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap];
  /** @type {EditorStateConfig} */
  const config = {
    doc: text,
    extensions: [
      Prec.highest(keymap.of([...running, { key: "Tab", run: takeCompletion }])),
      marks, lines, problems,
      history(), drawSelection(), highlightSpecialChars(), highlightActiveLine(), bracketMatching(), closeBrackets(),
      indentOnInput(), indentUnit.of("    "), EditorState.tabSize.of(4), pythonLanguage, live ? [] : completion,
      search({ top: true }), placeholder(live ? EMPTY_EXPRESSION : EMPTY),
      keymap.of([...keymaps, indentWithTab]), leaving,
      label.of(named("")), theme, syntaxHighlighting(highlighting), extensions,
    ],
  };
  return saved ? EditorState.fromJSON(saved, config, SAVED_FIELDS) : EditorState.create(config);
}

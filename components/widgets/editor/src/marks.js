// Where the player is, as marks on lines. They are made for one text: while the document is another, there are none.

import { RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, gutterLineClass, GutterMarker } from "@codemirror/view";

/** @import { EditorState, StateEffectType } from "@codemirror/state" */
/** @import { Step } from "../../page.js" */

/** @type {StateEffectType<Step | null>} */
export const setStep = StateEffect.define();

/**
 * What is run where it is not the whole text: `part`, as long as `text` stands in the editor.
 * @typedef {{ text: string, part: string } | null} Partly
 */
/** @type {StateEffectType<Partly>} */
export const setPartly = StateEffect.define();

/** @type {{ step: Step | null, stale: boolean, partly: Partly }} */
const NOTHING = { step: null, stale: false, partly: null };
/** @param {string} text */
const trimmed = (text) => text.replace(/\r\n?/g, "\n").trimEnd();

// The program that a text stands for.
/**
 * @param {string} text
 * @param {Partly} partly
 */
export const programOf = (text, partly) => (partly && trimmed(text) === trimmed(partly.text) ? partly.part : text);

class Tinted extends GutterMarker {
  /** @param {string} name */
  constructor(name) {
    super();
    this.elementClass = name;
  }

  /** @param {GutterMarker} other */
  eq(other) {
    return other.elementClass === this.elementClass;
  }
}

export const marks = StateField.define({
  create: () => NOTHING,
  update(value, transaction) {
    let { step, partly } = value;
    for (const effect of transaction.effects) {
      if (effect.is(setStep)) step = effect.value;
      if (effect.is(setPartly)) partly = effect.value;
    }
    if (step === value.step && partly === value.partly && !transaction.docChanged) return value;
    if (!step) return { ...NOTHING, partly };
    const program = programOf(transaction.newDoc.toString(), partly);
    return { step, stale: trimmed(program) !== trimmed(step.text), partly };
  },
  provide: (field) => [
    EditorView.editorAttributes.from(field, ({ stale }) => ({ class: stale ? "lab-stale" : "" })),
    EditorView.decorations.compute([field], (state) => onLines(state, (name) => Decoration.line({ class: name }))),
    gutterLineClass.compute([field], (state) => onLines(state, (name) => new Tinted(name))),
  ],
});

/**
 * @template {import("@codemirror/state").RangeValue} Mark
 * @param {EditorState} state
 * @param {(name: string) => Mark} mark
 */
function onLines(state, mark) {
  /** @type {RangeSetBuilder<Mark>} */
  const builder = new RangeSetBuilder();
  for (const [number, names] of [...classes(state)].sort(([line], [other]) => line - other)) {
    const { from } = state.doc.line(number);
    builder.add(from, from, mark(names.join(" ")));
  }
  return builder.finish();
}

// The step whose marks are shown, with only such line numbers as the document has.
/** @param {EditorState} state */
export function shownStep(state) {
  const { step, stale } = state.field(marks);
  return step && !stale ? step : null;
}

/**
 * @param {EditorState} state
 * @param {number | null | undefined} number
 * @returns {number is number}
 */
export function isLine(state, number) {
  return typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= state.doc.lines;
}

/** @param {EditorState} state */
function classes(state) {
  /** @type {Map<number, string[]>} */
  const found = new Map();
  /**
   * @param {number | null | undefined} number
   * @param {string} name
   */
  const add = (number, name) => {
    if (isLine(state, number)) found.set(number, [...(found.get(number) ?? []), name]);
  };
  const step = shownStep(state);
  for (const number of step?.lit ?? []) add(number, "lab-lit");
  add(step?.failed, "lab-failed");
  add(step?.line, step?.tone === "error" ? "lab-error" : "lab-now");
  return found;
}

// What completion offers: the names that a program may use, and its own. Names under "torch.Tensor" are offered after
// every dot whose left side is no module, because most values here are tensors.

import { autocompletion } from "@codemirror/autocomplete";
import { localCompletionSource } from "@codemirror/lang-python";
import { syntaxTree } from "@codemirror/language";
import { StateEffect, StateField } from "@codemirror/state";
import { imported, ownAttributes } from "./names.js";

/** @import { CompletionContext, CompletionResult } from "@codemirror/autocomplete" */
/** @import { Names } from "./names.js" */

const KEYWORDS = (
  "False None True and as assert break case class continue def del elif else except finally for from global if import "
  + "in is lambda match nonlocal not or pass raise return try while with yield"
).split(" ");
const TENSOR = "torch.Tensor";
const NO_NAMES = /^(String|Comment|FormatString|ContinuedString)$/;
const NEW_NAME = /\b(?:def|class|as)\s+\w*$/;
const FROM_IMPORT = /^\s*from\s+([\w.]+)\s+import\s+\(?(?:[\w\s]+,)*\s*(\w*)$/;
const MODULE = /^\s*(?:from|import)\s+(?:[\w.\s]+,\s*)?((?:\w+\.)*)(\w*)$/;
const AFTER_DOT = /(?:([A-Za-z_][\w.]*)|[)\]])\.(\w*)$/;

/** @type {import("@codemirror/state").StateEffectType<Names>} */
export const setWords = StateEffect.define();

/** @type {StateField<Names>} */
const known = StateField.define({
  create: () => new Map(),
  update: (tree, transaction) => transaction.effects.findLast((effect) => effect.is(setWords))?.value ?? tree,
});

// Names that begin with an underscore come last.
/**
 * @param {string} a
 * @param {string} b
 */
const byName = (a, b) => Number(a.startsWith("_")) - Number(b.startsWith("_")) || a.localeCompare(b);

/**
 * @param {Iterable<string>} names
 * @param {number} from
 * @param {string} type
 * @returns {CompletionResult | null}
 */
function offered(names, from, type) {
  const options = [...names].sort(byName).map((label) => ({ label, type }));
  return options.length ? { from, options, validFor: /^\w*$/ } : null;
}

// What stands after a dot; `path` is what is left of it, nothing after a bracket.
/**
 * @param {CompletionContext} context
 * @param {Names} tree
 * @param {string | undefined} path
 * @param {number} from
 */
function members(context, tree, path, from) {
  const [head, ...rest] = path?.split(".") ?? [];
  const text = context.state.doc.toString();
  if (head === "self" && !rest.length) return offered(ownAttributes(text), from, "property");
  const module = imported(text).get(head), whole = [module ?? head, ...rest].join(".");
  const isModule = head !== undefined && (tree.has(whole) || (module !== undefined && tree.has(module)));
  return offered((isModule ? tree.get(whole) : tree.get(TENSOR)) ?? [], from, "property");
}

/** @param {CompletionContext} context */
function fromWords(context) {
  const { state, pos } = context;
  if (NO_NAMES.test(syntaxTree(state).resolveInner(pos, -1).name)) return null;
  const line = state.doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  const tree = state.field(known);
  const from = before.match(FROM_IMPORT), module = before.match(MODULE), dot = before.match(AFTER_DOT);
  if (from) return offered(tree.get(from[1]) ?? [], pos - from[2].length, "property");
  if (module) return offered(modulesIn(tree, module[1].slice(0, -1)), pos - module[2].length, "namespace");
  if (NEW_NAME.test(before)) return null;
  return dot ? members(context, tree, dot[1], pos - dot[2].length) : words(context, tree, before);
}

// Where a name can begin.
/**
 * @param {CompletionContext} context
 * @param {Names} tree
 * @param {string} before
 */
function words({ state, pos, explicit }, tree, before) {
  const [word = ""] = before.match(/[\w.]*$/) ?? [];
  if ((!word && !explicit) || /^[\d.]/.test(word)) return null;
  const names = new Set([...KEYWORDS, ...(tree.get("") ?? []), ...imported(state.doc.toString()).keys()]);
  return offered(names, pos - word.length, "variable");
}

/**
 * @param {Names} tree
 * @param {string} path
 */
function modulesIn(tree, path) {
  return [...(tree.get(path) ?? [])].filter((name) => tree.has(path ? `${path}.${name}` : name));
}

// Names of the program's own, where a name can begin; what fromWords offers anyway is not offered twice.
/**
 * @param {CompletionContext} context
 * @returns {CompletionResult | null}
 */
function ownNames(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (AFTER_DOT.test(before) || FROM_IMPORT.test(before) || MODULE.test(before) || NEW_NAME.test(before)) return null;
  const found = localCompletionSource(context);
  if (!found) return null;
  const tree = context.state.field(known);
  const others = imported(context.state.doc.toString());
  return { ...found, options: found.options.filter(({ label }) => !tree.get("")?.has(label) && !others.has(label)) };
}

export const completion = [
  known,
  autocompletion({
    override: [fromWords, ownNames], icons: false, selectOnOpen: false, maxRenderedOptions: 60,
    // Nothing is taken by Enter, so no delay has to guard a popup that has just come from it; Tab takes what is shown.
    interactionDelay: 0,
  }),
];

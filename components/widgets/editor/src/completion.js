// What completion offers: the names that a program may use, and its own. Names under "torch.Tensor" are offered after
// every dot whose left side is no module, because most values here are tensors.

import { autocompletion } from "@codemirror/autocomplete";
import { localCompletionSource } from "@codemirror/lang-python";
import { syntaxTree } from "@codemirror/language";
import { StateEffect, StateField } from "@codemirror/state";
import { imported, ownAttributes } from "./names.js";

const KEYWORDS = (
  "False None True and as assert break case class continue def del elif else except finally for from global if import in is lambda match "
  + "nonlocal not or pass raise return try while with yield"
).split(" ");
const TENSOR = "torch.Tensor";
const NO_NAMES = /^(String|Comment|FormatString|ContinuedString)$/;
const NEW_NAME = /\b(?:def|class|as)\s+\w*$/;
const FROM_IMPORT = /^\s*from\s+([\w.]+)\s+import\s+\(?(?:[\w\s]+,)*\s*(\w*)$/;
const MODULE = /^\s*(?:from|import)\s+(?:[\w.\s]+,\s*)?((?:\w+\.)*)(\w*)$/;
const AFTER_DOT = /(?:([A-Za-z_][\w.]*)|[)\]])\.(\w*)$/;

export const setWords = StateEffect.define();

const known = StateField.define({
  create: () => new Map(),
  update: (tree, transaction) => transaction.effects.findLast((effect) => effect.is(setWords))?.value ?? tree,
});

const byName = (one, other) => one.startsWith("_") - other.startsWith("_") || one.localeCompare(other);

function offered(names, from, type) {
  const options = [...names].sort(byName).map((label) => ({ label, type }));
  return options.length ? { from, options, validFor: /^\w*$/ } : null;
}

function members(context, tree, path, from) {
  const [head, ...rest] = path?.split(".") ?? [];
  const text = context.state.doc.toString();
  if (head === "self" && !rest.length) return offered(ownAttributes(text), from, "property");
  const whole = [imported(text).get(head) ?? head, ...rest].join(".");
  const isModule = head !== undefined && (tree.has(whole) || tree.has(imported(text).get(head)));
  return offered((isModule ? tree.get(whole) : tree.get(TENSOR)) ?? [], from, "property");
}

function fromWords(context) {
  const { state, pos } = context;
  if (NO_NAMES.test(syntaxTree(state).resolveInner(pos, -1).name)) return null;
  const line = state.doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  const tree = state.field(known);
  let found;
  if ((found = before.match(FROM_IMPORT))) return offered(tree.get(found[1]) ?? [], pos - found[2].length, "property");
  if ((found = before.match(MODULE))) {
    const path = found[1].slice(0, -1);
    const modules = [...(tree.get(path) ?? [])].filter((name) => tree.has(path ? `${path}.${name}` : name));
    return offered(modules, pos - found[2].length, "namespace");
  }
  if (NEW_NAME.test(before)) return null;
  if ((found = before.match(AFTER_DOT))) return members(context, tree, found[1], pos - found[2].length);
  const [word] = before.match(/[\w.]*$/);
  if ((!word && !context.explicit) || /^[\d.]/.test(word)) return null;
  return offered(new Set([...KEYWORDS, ...(tree.get("") ?? []), ...imported(state.doc.toString()).keys()]), pos - word.length, "variable");
}

// Names of the program's own, where a name can begin; what fromWords offers anyway is not offered twice.
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
  // Nothing is taken by Enter, so no delay has to guard a popup that has just come from it; Tab takes what is shown.
  known, autocompletion({ override: [fromWords, ownNames], icons: false, selectOnOpen: false, maxRenderedOptions: 60, interactionDelay: 0 }),
];

// What is kept in the browser: two tabs with areas in memory, rooms that are full, refused or damaged.

import assert from "node:assert/strict";
import test from "node:test";
import { areas, Kept } from "../../../components/widgets/browser/kept.js";

const TYPED = "code:editor:Typed", RAN = "code:editor:Ran", FORM = "playground:PlaygroundForm";

/** @param {Record<string, string>} [texts] */
function area(texts = {}) {
  const kept = new Map(Object.entries(texts));
  return {
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ text) => void kept.set(name, text),
    removeItem: (/** @type {string} */ name) => void kept.delete(name),
    key: (/** @type {number} */ number) => [...kept.keys()][number] ?? null,
    get length() { return kept.size; },
  };
}

/** @param {string | null} text */
const typed = (text) => JSON.stringify({ text });

test("a reload finds what this tab has, a new tab what was written last", () => {
  const all = area(), own = area(), one = new Kept(own, all);
  one.put(TYPED, typed("one"));
  const other = new Kept(area(), all);
  assert.equal(other.get(TYPED), typed("one"));
  other.put(TYPED, typed("two\nlines"));
  assert.equal(new Kept(own, all).get(TYPED), typed("one"));
  assert.deepEqual(new Kept(area(), all).all(), { [TYPED]: typed("two\nlines") });
});

test("what a tab overwrites of another is put aside, and both are exchanged as often as one likes", () => {
  const all = area(), one = new Kept(area(), all), other = new Kept(area(), all);
  /** @type {string[]} */
  const heard = [];
  other.onAside = (page) => void heard.push(page);
  one.put(TYPED, typed("one"));
  one.put(RAN, JSON.stringify({ source: "one" }));
  other.put(TYPED, typed("two"));
  assert.deepEqual(heard, ["code"]);
  other.put(RAN, JSON.stringify({ text: "two" }));
  other.exchange("code");
  assert.equal(other.get(TYPED), typed("one"));
  assert.equal(JSON.parse(other.get(RAN) ?? "").text, "one");
  other.exchange("code");
  assert.equal(other.get(TYPED), typed("two"));
  assert.equal(JSON.parse(other.get(RAN) ?? "").text, "two");
});

test("what the other tab has made last is exchanged, not what this one had overwritten before", () => {
  const all = area(), one = new Kept(area(), all), other = new Kept(area(), all);
  one.put(TYPED, typed("one"));
  other.put(TYPED, typed("two"));
  one.put(TYPED, typed("one, longer"));
  other.exchange("code");
  assert.equal(other.get(TYPED), typed("one, longer"));
  other.exchange("code");
  assert.equal(other.get(TYPED), typed("two"));
});

test("a file that was opened in another tab, where nothing was typed, comes back as it ran", () => {
  const all = area(), one = new Kept(area(), all), other = new Kept(area(), all);
  one.put(RAN, JSON.stringify({ source: "a file", text: null }));
  other.put(TYPED, typed("two"));
  other.put(RAN, JSON.stringify({ text: "two" }));
  other.exchange("code");
  assert.equal(JSON.parse(other.get(RAN) ?? "").source, "a file");
  assert.equal(JSON.parse(other.get(TYPED) ?? "").text ?? null, null);
});

test("forms are put aside too, but neither how one looks at something nor what is alike", () => {
  const all = area(), one = new Kept(area(), all), other = new Kept(area(), all);
  one.put(FORM, "1");
  one.put("code:View", "1");
  one.put(TYPED, typed("same"));
  other.put("code:View", "2");
  other.put(TYPED, typed("same"));
  assert.deepEqual(other.aside(), {});
  other.put(FORM, "2");
  assert.deepEqual(other.aside(), { playground: { [FORM]: "1" } });
});

test("a tab that goes on after another was made of it hears nothing of what it wrote itself", () => {
  const all = area(), one = new Kept(area(), all);
  for (const text of ["a", "ab", "abc"]) one.put(TYPED, typed(text));
  assert.deepEqual(one.aside(), {});
});

test("a copied tab gets a name of its own and overwrites nothing silently", () => {
  const all = area(), own = area(), one = new Kept(own, all);
  one.put(TYPED, typed("one"));
  const texts = Object.fromEntries(Array.from({ length: own.length }, (_, number) => own.key(number) ?? "")
    .map((name) => [name, own.getItem(name) ?? ""]));
  const copy = new Kept(area(texts), all);
  assert.equal(copy.tab, one.tab);
  copy.rename();
  one.put(TYPED, typed("one, longer"));
  copy.put(TYPED, typed("copy"));
  assert.deepEqual(copy.aside(), { code: { [TYPED]: typed("one, longer") } });
});

test("where there is no room left, what was put aside goes, and reading goes on", () => {
  const all = area({ "autograd-lab aside": "{damaged" }), own = area();
  const kept = new Kept(own, all);
  assert.deepEqual(kept.aside(), {});
  let full = true;
  const { setItem } = all;
  all.setItem = (name, text) => {
    if (full) throw new Error("QuotaExceededError");
    setItem(name, text);
  };
  kept.put(TYPED, typed("more"));
  assert.equal(kept.get(TYPED), typed("more"));
  assert.equal(all.getItem("autograd-lab aside"), null);
  full = false;
  kept.put(TYPED, typed("again"));
  assert.equal(new Kept(area(), all).get(TYPED), typed("again"));
});

test("a browser that refuses everything keeps as long as the page lives", () => {
  const refused = area();
  for (const name of /** @type {const} */ (["getItem", "setItem", "removeItem", "key"])) {
    refused[name] = () => { throw new Error("SecurityError"); };
  }
  Object.assign(globalThis, { localStorage: refused, sessionStorage: refused });
  const kept = new Kept(...areas(true));
  kept.put(TYPED, typed("here"));
  assert.equal(kept.get(TYPED), typed("here"));
  Object.assign(globalThis, { localStorage: area({ "autograd-lab/x": "tab\ntext" }), sessionStorage: area() });
  assert.equal(new Kept(...areas(true)).get("x"), "text");
  assert.equal(new Kept(...areas(false)).get("x"), null);
});

// Where one is, in the page's address and in memory.

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { Place, placeIn, searchWith, shared } from "../../../components/widgets/player/place.js";

beforeEach(() => {
  shared.places?.clear();
  shared.addressRead = false;
  delete shared.kept;
  Object.assign(globalThis, { location: { search: "?of=abc&step=7&node=n1", pathname: "/", hash: "" } });
});

/**
 * @param {string} key
 * @param {string} of
 */
function opened(key, of) {
  const place = new Place();
  place.open(key, of);
  return place;
}

test("an address is about one program, and a step is a number", () => {
  assert.deepEqual(placeIn("?of=abc&step=7&node=n1", "abc"), { step: 7, node: "n1" });
  assert.equal(placeIn("?of=abc&step=7&node=n1", "other"), null);
  for (const step of ["", "-1", "1e3", "7x", "12345678"]) {
    assert.equal(placeIn(`?of=abc&step=${step}`, "abc")?.step, null, step);
  }
});

test("what else is in an address stays", () => {
  assert.equal(searchWith("?lesson=3", { step: 0, node: null }, "abc"), "lesson=3&step=0&of=abc");
  assert.equal(searchWith("?lesson=3&step=5&of=abc", { step: null, node: null }, "abc"), "lesson=3");
  assert.equal(searchWith("", { step: null, node: "n0~leaf" }, "abc"), "node=n0%7Eleaf&of=abc");
});

test("the address is read once, by whoever comes first", () => {
  assert.deepEqual(opened("a", "abc").read(), { step: 7, node: "n1" });
  assert.deepEqual(opened("b", "abc").read(), { step: null, node: null });
  assert.deepEqual(opened("a", "abc").read(), { step: 7, node: "n1" });
});

test("a place is kept by component and program, and written to the address when nothing has moved for a while", (t) => {
  /** @type {string[]} */
  const written = [];
  Object.assign(globalThis, {
    history: { state: null, replaceState: (/** @type {unknown[]} */ ...what) => written.push(String(what[2])) },
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const place = opened("a", "abc");
  place.read();
  place.write({ step: 1, node: null });
  t.mock.timers.tick(100);
  place.write({ step: 2, node: "n2" });
  t.mock.timers.tick(149);
  assert.deepEqual(written, []);
  t.mock.timers.tick(1);
  assert.deepEqual(written, ["/?of=abc&step=2&node=n2"]);
  assert.deepEqual(opened("a", "abc").read(), { step: 2, node: "n2" });
  assert.deepEqual(opened("a", "new").read(), { step: null, node: null });
});

// What the browser keeps: texts by name.
/** @param {Record<string, string>} [texts] */
function keeping(texts = {}) {
  const kept = new Map(Object.entries(texts));
  const get = (/** @type {string} */ name) => kept.get(name) ?? null;
  const put = (/** @type {string} */ name, /** @type {string} */ text) => void kept.set(name, text);
  shared.kept = { get, put };
  return kept;
}

test("after a reload without an address the place is that which the browser keeps, of the same program", (t) => {
  const kept = keeping();
  Object.assign(globalThis, { history: { state: null, replaceState: () => {} } });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  opened("a", "own").write({ step: 4, node: "n0~leaf" });
  t.mock.timers.tick(150);
  assert.deepEqual([...kept.keys()], ["place:a"]);
  shared.places?.clear();
  shared.addressRead = false;
  assert.deepEqual(opened("a", "own").read(), { step: 4, node: "n0~leaf" });
  assert.deepEqual(opened("a", "other").read(), { step: null, node: null });
  assert.deepEqual(opened("b", "own").read(), { step: null, node: null });
});

test("an address is stronger than what is kept", () => {
  keeping({ "place:a": "step=1&of=abc" });
  assert.deepEqual(opened("a", "abc").read(), { step: 7, node: "n1" });
});

test("Back and Forward lead to the place of the address, now or when its program comes", () => {
  const place = opened("a", "abc");
  place.read();
  assert.deepEqual(place.returned(), { step: 7, node: "n1" });
  location.search = "?of=other&step=2";
  assert.equal(place.returned(), null);
  assert.deepEqual(opened("a", "other").read(), { step: 2, node: null });
});

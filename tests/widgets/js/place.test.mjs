// Where one is, in the page's address and in memory.

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { Place, placeIn, searchWith, shared } from "../../../components/widgets/player/place.js";

beforeEach(() => {
  shared.places?.clear();
  shared.addressRead = false;
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
  assert.deepEqual(placeIn("?of=abc&step=7&node=n1", "other"), { step: null, node: null });
  for (const step of ["", "-1", "1e3", "7x", "12345678"]) {
    assert.equal(placeIn(`?of=abc&step=${step}`, "abc").step, null, step);
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

// Which of the pictures that a file brought along is shown when a box is opened or closed, or a level.

import assert from "node:assert/strict";
import test from "node:test";
import { closedBy, pictureFor } from "../../../components/widgets/player/folds.js";

/** @typedef {[string[], number | null, string]} Folding */
/** @type {Folding[]} */
const foldings = [
  [["a"], null, "first"], [[], 0, "closed"], [["a", "b"], 1, "both"], [["a", "a.0"], null, "deep"],
  [["a", "a.0", "a.0.1"], null, "deeper"], [["b"], null, "other"],
];
/** @param {string[]} opened */
const data = (opened, level = 0, beyond = opened.length > 0) => ({ foldings, opened, level, beyond });
/** @param {Folding | undefined} found */
const name = (found) => found?.[2];

test("a box opens as it is asked for", () => {
  assert.equal(name(pictureFor(data(["a"]), "open", "a.0")), "deep");
  assert.equal(name(pictureFor(data(["a", "a.0"]), "open", "a.0.1")), "deeper");
});

test("where that picture is not there the box is opened, and as much else as can be", () => {
  assert.equal(name(pictureFor(data(["a", "a.0"]), "open", "b")), "both");
  assert.equal(pictureFor(data(["a"]), "open", "c"), undefined);
  // Better one box less than many more.
  /** @type {Folding[]} */
  const files = [[["a", "a.0", "a.1", "a.2", "a.3"], 1, "level"], [["a", "a.1"], null, "other"]];
  assert.equal(name(pictureFor({ ...data(["a", "a.0"]), foldings: files }, "open", "a.1")), "other");
});

test("what is inside of a closed box is closed with it", () => {
  assert.equal(name(pictureFor(data(["a", "a.0", "a.0.1"]), "close", "a.0")), "first");
  assert.equal(name(pictureFor(data(["a", "b"], 1, false), "close", "a")), "other");
});

test("levels follow each other, and what is open beyond one is closed first", () => {
  assert.equal(name(pictureFor(data(["a"]), "level", "finer")), "both");
  assert.equal(name(pictureFor(data(["a"]), "level", "coarser")), "closed");
  assert.equal(name(pictureFor(data(["a", "b"], 1, false), "level", "coarser")), "closed");
  assert.equal(pictureFor(data(["a", "b"], 1, false), "level", "finer"), undefined);
});

test("what a picture could not keep open is told by its outermost box", () => {
  assert.deepEqual(closedBy(["b"], ["a", "a.0", "a.0.1"]), ["a"]);
  assert.deepEqual(closedBy(["a", "a.1"], ["a", "a.0", "a.1"]), ["a.0"]);
  assert.deepEqual(closedBy(["a", "b"], ["a"]), []);
});

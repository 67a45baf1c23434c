// What is to be seen at a moment: looked up, so that a jump is as good as steps.

import assert from "node:assert/strict";
import test from "node:test";
import { lastBy, Story } from "../../../components/widgets/player/story.js";
import { MOMENTS, playerData } from "./player_data.mjs";

const story = new Story(playerData({
  moments: MOMENTS,
  boxes: { n1: { born: 1, visits: [3], freed: 4 }, n0: { born: 1, visits: [4] }, "n0~leaf": { born: 0, visits: [4] } },
  carried: { 1: [[3, "12", 0]] },
  texts: { "n0~leaf": [[0, "2", null], [4, null, ".grad 12"]] },
  notes: [[0, 1, "made", "x 2"], [5, 1, "made", "x 3"], [1, 2, "printed", "hello"]],
  findings: [{ illness: "nan", first: false, box: "n1", moment: 3, text: "" }],
  pictures: [[1, "data:a", "a"], [3, "data:b", "b"]],
}));

/** @param {Record<string, boolean>} box */
const words = (box) => Object.keys(box).filter((word) => box[word]).sort();

test("the last entry by a moment is found by halves", () => {
  const entries = [1, 4, 4, 9];
  const found = [0, 1, 3, 4, 8, 9, 99].map((at) => lastBy(entries, at, (entry) => entry));
  assert.deepEqual(found, [-1, 0, 0, 2, 2, 3, 3]);
  assert.equal(lastBy([], 3, Number), -1);
});

test("a box is to come, then lit, then done, then freed", () => {
  assert.deepEqual(MOMENTS.map((_, at) => words(story.box("n1", at))), [
    ["future"], ["now"], [], ["ill", "now"], ["done", "freed", "ill"], ["freed", "ill"],
    ["freed", "ill", "now", "stopped"],
  ]);
});

test("of the whole run only what is ill is told", () => {
  assert.deepEqual(words(story.box("n1", null)), ["ill"]);
  assert.deepEqual(words(story.box("n0", null)), []);
  assert.deepEqual(words(story.box("nobody", 3)), []);
});

test("a leaf is lit with its AccumulateGrad, and so are its copies", () => {
  for (const id of ["n0", "n0~leaf", "n0~2"]) assert.ok(story.same("n0", id), id);
  for (const id of ["n0~saved", "n00", "n1"]) assert.ok(!story.same("n0", id), id);
  assert.ok(!story.same(undefined, "n0"));
});

test("what travels along a link stays, and is old in the next run", () => {
  assert.equal(story.carried("1", null), null);
  assert.equal(story.carried("2", 3), null);
  assert.deepEqual(story.carried("1", 2), { text: "", now: false, old: false, none: true });
  assert.deepEqual(story.carried("1", 3), { text: "12", now: true, old: false, none: false });
  assert.deepEqual(story.carried("1", 6), { text: "12", now: false, old: true, none: false });
});

test("a leaf has its last value and its last gradient", () => {
  assert.deepEqual(story.leaf("n0~leaf", 3), { value: "2", grad: "" });
  assert.deepEqual(story.leaf("n0~leaf", 4), { value: "2", grad: ".grad 12" });
  assert.equal(story.leaf("n0~leaf", null), null);
});

test("a line has the last of its notes of each kind", () => {
  assert.deepEqual(story.notes(0), [{ line: 1, kind: "made", text: "x 2", now: true }]);
  assert.deepEqual(story.notes(null), [
    { line: 1, kind: "made", text: "x 3", now: false }, { line: 2, kind: "printed", text: "hello", now: false },
  ]);
});

test("after the cap on lines a note at the end is only the last recorded", () => {
  const cut = new Story({ ...story.data, stale: [1] });
  assert.deepEqual(cut.notes(null).map(({ text }) => text), ["x 3 (last recorded)", "hello"]);
  assert.deepEqual(cut.notes(5).map(({ text }) => text), ["x 3", "hello"]);
});

test("pictures come at their moment, the last one with the whole run", () => {
  assert.deepEqual([1, 2, null].map((at) => story.pictures(at).map(([, source]) => source)),
    [["data:a"], [], ["data:b"]]);
});

test("the next engine run, error and moment of a line, round and round", () => {
  assert.deepEqual([null, 2, 5, 6].map((at) => story.nextBegin(at)), [2, 5, 2, 2]);
  assert.deepEqual([null, 6].map((at) => story.nextError(at)), [6, 6]);
  assert.deepEqual([null, 2, 4].map((at) => story.nextAtLine(3, at)), [2, 3, 2]);
  assert.equal(story.nextAtLine(9, null), null);
});

test("a step of the address is that of events, of which a moment may stand for several", () => {
  assert.deepEqual([null, 0, 1, 4].map((at) => story.stepOf(at)), [null, 0, 2, 6]);
  assert.deepEqual([0, 1, 2, 5, 99].map((step) => story.momentOf(step)), [0, 1, 1, 4, 6]);
});

test("a program without a run has no moments, and nothing goes wrong", () => {
  const empty = new Story(playerData());
  assert.equal(empty.last, -1);
  assert.deepEqual([empty.nextBegin(null), empty.nextError(null), empty.momentOf(3)], [null, null, null]);
  assert.ok(empty.has(null) && !empty.has(0));
  assert.deepEqual(empty.notes(null), []);
});

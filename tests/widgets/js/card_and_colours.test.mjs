// The arithmetic of the card and of the colours.

import assert from "node:assert/strict";
import test from "node:test";
import { visitAt } from "../../../components/widgets/player/card.js";
import { scaleOf } from "../../../components/widgets/player/colours.js";
import { card } from "./player_data.mjs";

/** @param {number} moment */
const visit = (moment) => ({ moment, where: `at ${moment}`, rows: [], formulas: [], grids: [], note: "" });

test("a card tells the last visit, and says so where it has none or not that one", () => {
  const twice = card({ visits: [visit(4), visit(8)] });
  /** @param {number | null} at */
  const told = (at, visits = [4, 8]) => visitAt(twice, at, visits).when;
  assert.deepEqual([told(3), told(4), told(7), told(8), told(null)],
    ["backward has not been here yet", "at 4", "at 4", "at 8", "at 8"]);
  assert.equal(told(9, [4, 8, 9]), "backward was here; the numbers of this visit were not kept");
  assert.equal(visitAt(twice, 9, [4, 8, 9]).visit, null);
  assert.deepEqual(visitAt(card(), 3, []), { visit: null, when: null });
});

test("an order is a scale of its numbers, bytes and norms one of their logarithms", () => {
  const order = scaleOf([["a", { order: 1 }], ["b", { order: 2 }], ["c", { order: 5 }], ["d", {}]], "order");
  assert.deepEqual([...order.of], [["a", 0], ["b", 0.25], ["c", 1]]);
  assert.deepEqual(order.ends, [1, 5]);
  const powers = scaleOf([["a", { bytes: 4 }], ["b", { bytes: 40 }], ["c", { bytes: 400 }]], "bytes");
  const bytes = scaleOf([["a", { bytes: 4 }], ["d", { bytes: 0 }]], "bytes");
  assert.deepEqual([...powers.of].map(([id, part]) => [id, +part.toFixed(6)]), [["a", 0], ["b", 0.5], ["c", 1]]);
  assert.deepEqual([[...bytes.of], bytes.ends], [[["a", 0.5]], [0, 4]]);
  assert.deepEqual([...scaleOf([["a", { norm: 3 }]], "norm").of], [["a", 0.5]]);
  assert.deepEqual(scaleOf([["a", {}]], "norm"), { of: new Map(), ends: null });
});

test("a column of the modules is a scale too, by its number", () => {
  /** @type {Parameters<typeof scaleOf>[0]} */
  const boxes = [["a", { columns: [1, 100] }], ["b", { columns: [1000] }], ["c", {}]];
  assert.deepEqual([...scaleOf(boxes, 0).of], [["a", 0], ["b", 1]]);
  assert.deepEqual([[...scaleOf(boxes, 1).of], scaleOf(boxes, 1).ends], [[["a", 0.5]], [100, 100]]);
});

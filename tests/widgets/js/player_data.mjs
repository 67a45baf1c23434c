// The player's data for tests: whatever is not said is empty.

/** @import { Card, PlayerData, PlayerMoment } from "../../../components/widgets/player/data.js" */

/**
 * @param {Partial<PlayerData>} [some]
 * @returns {PlayerData}
 */
export const playerData = (some) => ({
  svg: "", kind: "lab", title: "", message: "", legend: [], terms: {}, source: "", signature: "", code: [],
  backwards: [],
  failed: null, moments: [], cut: false, whole: "", notes: [], stale: [], pictures: [], boxes: {}, cards: {},
  carried: {}, texts: {}, findings: [], more_findings: false, frames: [],
  opened: [], level: 0, levels: 0, beyond: false, compact: false, ...some,
});

// Two engine runs of one node, the second of which fails: y = f(x), y.backward(), y.backward().
/** @type {PlayerMoment[]} */
export const MOMENTS = [
  { kind: "line", text: "x", n: 0, line: 1 },
  { kind: "line", text: "y", n: 2, line: 2, box: "n1" },
  { kind: "begin", text: "backward", n: 3, line: 3, run: 0 },
  { kind: "node", text: "n1", n: 4, line: 3, box: "n1", run: 0 },
  { kind: "node", text: "n0", n: 6, line: 3, box: "n0", run: 0 },
  { kind: "begin", text: "backward", n: 7, line: 4, run: 1 },
  { kind: "error", text: "freed", n: 8, line: 4, box: "n1", run: 1 },
];

/**
 * @param {Partial<Card>} [some]
 * @returns {Card}
 */
export const card = (some) => ({
  title: "", subtitle: "", formula: null, rows: [], note: null, kind: "function", saved: [], freed: null,
  freed_by: "", formulas: [], visits: [], changes: [], ...some,
});

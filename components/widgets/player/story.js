// What is to be seen at a moment of the story. Nothing here touches the page: `at` is a moment, or null for the whole
// run seen from its end. Whatever is asked is looked up, not accumulated, so that any jump is as good as a step.

/** @import { PlayerData, PlayerMoment } from "./data.js" */
/** @import { Note } from "../page.js" */

const NOTE_KINDS = ["made", "printed", "shown"];

// The index of the last entry that is not after `at`; -1 if there is none. Entries are in order.
/**
 * @template E
 * @param {readonly E[]} entries
 * @param {number} at
 * @param {(entry: E) => number} momentOf
 */
export function lastBy(entries, at, momentOf) {
  let low = 0, high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (momentOf(entries[middle]) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @param {readonly [number, ...unknown[]]} entry */
const firstOf = ([moment]) => moment;

export class Story {
  /** @param {PlayerData} data */
  constructor(data) {
    this.data = data;
    this.moments = data.moments;
    this.last = this.moments.length - 1;
    /** The moments at which an engine run begins. @type {number[]} */
    this.begins = [];
    /** @type {number[]} */
    this.errors = [];
    /** By moment: the moment at which the engine run that it belongs to began. @type {number[]} */
    this.beginOf = [];
    /** @type {Map<number, number>} */
    this.firstOfLine = new Map();
    this.moments.forEach((moment, at) => this.index(moment, at));
    /** By box: the first moment at which a gradient there is ill. @type {Map<string, number>} */
    this.illFrom = new Map();
    for (const { box, moment, illness } of data.findings) {
      if (box === null || illness === "dead") continue;
      this.illFrom.set(box, Math.min(moment, this.illFrom.get(box) ?? Infinity));
    }
    /** By line and kind: texts with their moments. @type {Map<number, Record<string, [number, string][]>>} */
    this.notesOf = new Map();
    for (const [at, line, kind, text] of data.notes) {
      const kinds = this.notesOf.get(line) ?? { made: [], printed: [], shown: [] };
      kinds[kind].push([at, text]);
      this.notesOf.set(line, kinds);
    }
  }

  /**
   * @param {PlayerMoment} moment
   * @param {number} at
   */
  index(moment, at) {
    if (moment.kind === "begin") this.begins.push(at);
    if (moment.kind === "error") this.errors.push(at);
    this.beginOf.push(moment.run === undefined ? -1 : this.begins.at(-1) ?? -1);
    if (moment.line && !this.firstOfLine.has(moment.line)) this.firstOfLine.set(moment.line, at);
  }

  /** @param {number | null} at */
  moment(at) { return at === null ? null : this.moments[at]; }

  // Whether there is such a moment; the whole run always is.
  /** @param {number | null} at */
  has(at) { return at === null || (at >= 0 && at <= this.last); }

  // What a box is: words for the style sheet that come and go.
  /**
   * @param {string} id
   * @param {number | null} at
   */
  box(id, at) {
    const illFrom = this.illFrom.get(id), ill = illFrom !== undefined && illFrom <= (at ?? Infinity);
    if (at === null) return { ill, future: false, now: false, done: false, freed: false, stopped: false };
    const { born = -1, freed = Infinity, visits = [] } = this.data.boxes[id] ?? {};
    const moment = this.moments[at], begin = this.beginOf[at], now = this.same(moment.box, id);
    const visit = visits[lastBy(visits, at, (moment) => moment)] ?? -1;
    return {
      ill,
      future: born > at,
      now,
      done: begin >= 0 && visit >= begin && visit < at,
      freed: freed <= at,
      stopped: moment.kind === "error" && now,
    };
  }

  // A leaf is lit with its AccumulateGrad, and so are its copies.
  /**
   * @param {string | undefined} lit
   * @param {string} id
   */
  same(lit, id) { return !!lit && (lit === id || (id.startsWith(`${lit}~`) && /~(leaf|\d+)$/.test(id))); }

  // What travels along a link: its text, whether it does so now, whether it is of an earlier run, whether nothing has.
  /**
   * @param {string} number
   * @param {number | null} at
   */
  carried(number, at) {
    const entries = this.data.carried[number];
    if (!entries || at === null) return null;
    const entry = entries[lastBy(entries, at, firstOf)];
    if (!entry) return { text: "", now: false, old: false, none: true };
    const [moment, text, run] = entry, current = this.moments[at].run;
    return { text, now: moment === at, old: current !== undefined && run !== current, none: false };
  }

  // The value and the gradient that stand in a leaf.
  /**
   * @param {string} box
   * @param {number | null} at
   */
  leaf(box, at) {
    const entries = this.data.texts[box];
    if (!entries || at === null) return null;
    let value = null, grad = null;
    for (let last = lastBy(entries, at, firstOf); last >= 0 && (value === null || grad === null); last--) {
      value ??= entries[last][1];
      grad ??= entries[last][2];
    }
    return { value, grad: grad ?? "" };
  }

  // The chips beside the lines.
  /**
   * @param {number | null} at
   * @returns {Note[]}
   */
  notes(at) {
    return [...this.notesOf].flatMap(([line, kinds]) => NOTE_KINDS.flatMap((kind) => {
      const entry = kinds[kind][lastBy(kinds[kind], at ?? Infinity, firstOf)];
      if (!entry) return [];
      const last = at === null && this.data.stale.includes(line) ? " (last recorded)" : "";
      return [{ line, kind, text: entry[1] + last, now: entry[0] === at }];
    }));
  }

  // The pictures that the line of a moment showed; of the whole run the last one.
  /** @param {number | null} at */
  pictures(at) {
    const all = this.data.pictures;
    return at === null ? all.slice(-1) : all.filter(([moment]) => moment === at);
  }

  /** @param {number | null} at */
  nextBegin(at) { return next(this.begins, at); }

  /** @param {number | null} at */
  nextError(at) { return next(this.errors, at); }

  // The next moment at a line, from the start again after the last one.
  /**
   * @param {number} line
   * @param {number | null} at
   */
  nextAtLine(line, at) {
    const after = this.moments.findIndex((moment, index) => index > (at ?? -1) && moment.line === line);
    return after >= 0 ? after : this.firstOfLine.get(line) ?? null;
  }

  // A step is counted in events, which are the same however the graph is folded; a moment can stand for several.
  /** @param {number | null} at */
  stepOf(at) { return at === null ? null : this.moments[at]?.n ?? at; }

  /** @param {number | null} step */
  momentOf(step) {
    if (step === null) return null;
    const found = this.moments.findIndex((moment) => moment.n >= step);
    return found >= 0 ? found : this.last >= 0 ? this.last : null;
  }
}

/**
 * @param {number[]} moments
 * @param {number | null} at
 */
const next = (moments, at) => moments.find((moment) => moment > (at ?? -1)) ?? moments[0] ?? null;

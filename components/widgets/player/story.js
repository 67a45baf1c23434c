// What is to be seen at a moment of the story. Nothing here touches the page: `at` is a moment, or null for the whole
// run seen from its end. Whatever is asked is looked up, not accumulated, so that any jump is as good as a step.

// The place of the last entry whose first element is not after `at`; -1 if there is none. Entries are in order.
function lastBy(entries, at) {
  let low = 0, high = entries.length;
  while (low < high) { const middle = (low + high) >> 1; if (entries[middle][0] <= at) low = middle + 1; else high = middle; }
  return low - 1;
}

class Story {
  constructor(data) {
    this.data = data;
    this.moments = data.moments || [];
    this.last = this.moments.length - 1;
    this.begins = [];
    let begin = -1;
    // By moment: the moment at which the engine run that it belongs to began.
    this.beginOf = this.moments.map((moment, at) => { if (moment.kind === "begin") { begin = at; this.begins.push(at); } return moment.run === undefined ? -1 : begin; });
    this.errors = this.moments.flatMap((moment, at) => (moment.kind === "error" ? [at] : []));
    // By box: the first moment at which a gradient there is ill.
    this.illFrom = new Map();
    for (const { box, moment } of data.findings || []) this.illFrom.set(box, Math.min(moment ?? 0, this.illFrom.get(box) ?? Infinity));
    this.notesOf = new Map();
    for (const [at, line, kind, text] of data.notes || []) {
      if (!this.notesOf.has(line)) this.notesOf.set(line, { made: [], printed: [], shown: [] });
      this.notesOf.get(line)[kind].push([at, text]);
    }
    this.firstOfLine = new Map();
    this.moments.forEach((moment, at) => { if (moment.line && !this.firstOfLine.has(moment.line)) this.firstOfLine.set(moment.line, at); });
  }

  moment(at) { return at === null ? null : this.moments[at]; }

  // What a box is: words for the style sheet that come and go.
  box(id, at) {
    const facts = this.data.boxes[id] || {}, ill = this.illFrom.get(id) <= (at ?? Infinity);
    if (at === null) return { ill };
    const moment = this.moments[at], passes = facts.passes || [], begin = this.beginOf[at];
    const pass = lastBy(passes.map((one) => [one]), at);
    return {
      ill,
      future: facts.born !== undefined && facts.born > at,
      now: this.same(moment.box, id),
      done: begin >= 0 && pass >= 0 && passes[pass] >= begin && passes[pass] < at,
      freed: facts.freed !== undefined && facts.freed <= at,
      stopped: moment.kind === "error" && this.same(moment.box, id),
    };
  }

  // A leaf is lit with its AccumulateGrad, and so are its copies.
  same(lit, id) { return !!lit && (lit === id || (id.startsWith(`${lit}~`) && /~(leaf|\d+)$/.test(id))); }

  // What travels along a link: its text, whether it does so now, whether it is of an earlier run.
  carried(number, at) {
    const entries = this.data.carried[number];
    if (!entries || at === null) return null;
    const place = lastBy(entries, at);
    if (place < 0) return { text: "", now: false, old: false, none: true };
    const [moment, text, run] = entries[place], current = this.moments[at].run;
    return { text, now: moment === at, old: current !== undefined && run !== current, none: false };
  }

  // The value and the gradient that stand in a leaf.
  leaf(box, at) {
    const entries = this.data.texts[box];
    if (!entries || at === null) return null;
    let value = null, grad = null;
    for (let place = lastBy(entries, at); place >= 0 && (value === null || grad === null); place--) {
      value ??= entries[place][1] ?? null;
      grad ??= entries[place][2] ?? null;
    }
    return { value, grad: grad ?? "" };
  }

  // The chips beside the lines.
  notes(at) {
    const found = [];
    for (const [line, kinds] of this.notesOf)
      for (const kind of ["made", "printed", "shown"]) {
        const place = lastBy(kinds[kind], at ?? Infinity);
        if (place >= 0) found.push({ line, kind, text: kinds[kind][place][1], now: kinds[kind][place][0] === at });
      }
    return found;
  }

  // The pictures that the line of a moment showed; of the whole run the last one.
  pictures(at) {
    const all = this.data.pictures || [];
    return at === null ? all.slice(-1) : all.filter(([moment]) => moment === at);
  }

  nextBegin(at) { return this.begins.find((begin) => begin > (at ?? -1)) ?? this.begins[0] ?? null; }

  nextError(at) { return this.errors.find((error) => error > (at ?? -1)) ?? this.errors[0] ?? null; }

  // The next moment at a line, from the start again after the last one.
  nextAtLine(line, at) {
    const after = this.moments.findIndex((moment, place) => place > (at ?? -1) && moment.line === line);
    return after >= 0 ? after : this.firstOfLine.get(line) ?? null;
  }
}

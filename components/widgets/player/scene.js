// The picture on the stage: its boxes and lines, and what of them is lit, faint, selected or found. Only what changed is
// touched, so that a step costs little however many boxes there are.

// The width, at 14 px, of a text as Graphviz measured it; where another font stands in for Arial, it is set smaller.
const PROBE = "AccumulateGrad SumBackward0", PROBE_WIDTH = 198;
const STORY = ["future", "now", "done", "freed", "released", "stopped", "ill", "old", "waiting"];

class Scene {
  constructor(gv, stage, camera) {
    this.gv = gv; this.stage = stage; this.camera = camera;
    this.svg = null;
    this.clear();
  }

  // `leaves` are the copies of each leaf, itself included, by what they are copies of.
  clear() {
    this.boxes = new Map(); this.edges = []; this.frames = new Map(); this.near = new Map(); this.leaves = new Map();
    this.marked = { near: [], selected: [], beside: [] };
  }

  // Show another picture, of another program if it is `fresh`. `anchor` is the group that was just opened or closed: what
  // came of it is brought into sight, and a box inside an opened one is returned.
  draw(text, data, anchor, fresh) {
    const before = this.boxes;
    this.svg?.remove();
    this.svg = text ? sanitised(text) : null;
    this.clear();
    this.camera.svg = this.svg;
    if (!this.svg) return null;
    this.stage.prepend(this.svg);
    this.fontSize();
    if (data.kind === "lab") centreLabels(this.svg);
    Object.assign(this, readPicture(this.svg));
    for (const [id, box] of this.boxes) {
      // What comes and goes with the story is taken off the labels and put on again by `show`.
      box.still = box.kinds.filter((kind) => ["freed", "released", "stopped"].includes(kind));
      box.words = box.texts.map((line) => line.map((piece) => piece.textContent));
      if (data.boxes?.[id]?.folded) box.group.setAttribute("aria-label", `${box.label}, folded`);
    }
    for (const id of this.boxes.keys()) if (COPY.test(id)) this.leaves.set(thing(id), [...(this.leaves.get(thing(id)) ?? []), id]);
    for (const [id, group] of this.frames) group.dataset.frame = id;
    this.near = new Map([...this.boxes.keys()].map((id) => [id, new Set()]));
    for (const edge of this.edges)
      for (const [one, other] of [[edge.source, edge.target], [edge.target, edge.source]]) this.near.get(one).add(edge.group).add(this.boxes.get(other).group);
    return this.place(before, data.frames || [], anchor, fresh);
  }

  // The same graph with other numbers keeps its place; another graph is shown from its start.
  place(before, frames, anchor, fresh) {
    const shared = [...this.boxes.keys()].filter((id) => before.has(id)).length;
    const [first] = [...this.boxes.values()].sort((a, b) => a.y - b.y);
    this.camera.first = first && { x: first.x + this.shift(), y: 0 };
    this.camera.open(this.svg, shared > 0.6 * Math.max(before.size, this.boxes.size), fresh);
    if (!anchor) return null;
    const closed = this.boxes.has(anchor) ? anchor : null, inside = closed ? null : this.boxInside(anchor, frames);
    const target = this.boxes.get(closed ?? inside);
    if (target) requestAnimationFrame(() => this.reveal(closed ?? inside));
    return inside;
  }

  boxInside(id, frames) {
    const framed = frames.find(([frame]) => frame === id)?.[1].find((box) => this.boxes.has(box));
    return framed ?? [...this.boxes.keys()].find((one) => one.startsWith(`${id}.`)) ?? null;
  }

  // Graphviz draws in a group that it moves; boxes are measured inside it, the camera outside.
  shift() { return this.svg.querySelector("g.graph")?.transform.baseVal.consolidate()?.matrix.e ?? 0; }

  fontSize() {
    if (this.measured) return;
    this.measured = true;
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `14px ${getComputedStyle(this.gv).getPropertyValue("--boxes")}`;
    const wide = pen.measureText(PROBE).width / PROBE_WIDTH;
    this.gv.style.setProperty("--narrower", wide > 1.02 ? (1 / wide).toFixed(3) : "1");
  }

  // --- at a moment of the story

  show(story, at) {
    const future = new Set();
    for (const [id, box] of this.boxes) {
      const is = story.box(id, at), words = ["future", "now", "done", "freed", "stopped", "ill"].filter((word) => is[word]);
      if (at === null) words.push(...box.still);
      if (is.future) future.add(id);
      if (is.freed && at !== null && !box.kinds.includes("saved")) words.splice(words.indexOf("freed"), 1, "released");
      this.mark(box, words);
      this.write(box, story.leaf(id, at));
    }
    for (const edge of this.edges) {
      const carried = story.carried(edge.number, at), ahead = future.has(edge.source) || future.has(edge.target);
      this.mark(edge, [...(ahead ? ["future"] : []), ...(carried?.now ? ["now"] : []), ...(carried?.old ? ["old"] : []), ...(carried?.none ? ["waiting"] : [])]);
      const text = carried ? `\u00a0${carried.text}\u00a0` : edge.label;
      if (edge.text && edge.shown !== text) { edge.shown = text; edge.text.textContent = text; }
    }
  }

  mark(one, words) {
    const text = words.join(" ");
    if (one.marked === text) return;
    one.marked = text;
    one.group.classList.remove(...STORY);
    if (words.length) one.group.classList.add(...words);
  }

  // The value and gradient of a leaf; what is wider than its box is set smaller.
  write(box, leaf) {
    const [first, second] = box.texts, [firstWords, secondWords] = box.words;
    const set = (piece, text) => {
      if (!piece || piece.textContent === text) return;
      piece.textContent = text;
      const size = piece.dataset.size ??= piece.getAttribute("font-size");
      piece.style.fontSize = "";
      const over = text ? piece.getComputedTextLength() / (box.width - 24) : 0;
      if (over > 1) piece.style.fontSize = `${(parseFloat(size) / over).toFixed(1)}px`;
    };
    if (first?.[1]) set(first[1], leaf?.value ? `\u00a0 ${leaf.value}` : firstWords[1]);
    if (second && secondWords[0].startsWith(".grad")) set(second[0], leaf ? leaf.grad : secondWords[0]);
  }

  // --- what is pointed at, selected, found

  // A box, and the copies of the same leaf.
  alike(id) {
    const copies = this.leaves.get(thing(id)) ?? [];
    return copies.includes(id) ? copies : [id];
  }

  // Give these groups a class, and take it from those that had it.
  put(name, groups) {
    for (const group of this.marked[name]) group.classList.remove(name);
    for (const group of groups) group.classList.add(name);
    this.marked[name] = groups;
  }

  light(ids) {
    this.stage.classList.toggle("tracing", ids.length > 0);
    this.put("near", ids.flatMap((id) => [this.boxes.get(id).group, ...this.near.get(id)]));
  }

  select(id) {
    this.put("selected", id ? this.alike(id).map((one) => this.boxes.get(one).group) : []);
    this.put("beside", this.edges.filter((edge) => id && (edge.source === id || edge.target === id)).map((edge) => edge.group));
  }

  // Mark the boxes for which `test(id, box)` holds, and return their ids.
  flag(name, test) {
    const found = [];
    for (const [id, box] of this.boxes) {
      const holds = test(id, box);
      box.group.classList.toggle(name, holds);
      if (holds) found.push(id);
    }
    return found;
  }

  reveal(id) { const box = this.boxes.get(id); if (box?.group.isConnected) this.camera.reveal(box.group); }

  // The id of the innermost frame around a box.
  frameAround(id) {
    // The shapes alone: a number that stands beside a box may stick out of its frame.
    const rectangle = (group) => (group.querySelector("path, polygon, ellipse") ?? group).getBoundingClientRect();
    if (!this.boxes.has(id)) return null;
    const here = rectangle(this.boxes.get(id).group);
    const around = [...this.frames].map(([frame, group]) => [frame, rectangle(group)])
      .filter(([, r]) => r.left <= here.left && r.right >= here.right && r.top <= here.top && r.bottom >= here.bottom)
      .sort((a, b) => a[1].width * a[1].height - b[1].width * b[1].height);
    return around[0]?.[0] ?? null;
  }

  // The next box in a direction: down follows an edge with the gradient, up against it, right and left lead to what
  // hangs or stands beside. From nowhere it is the first.
  along(from, dx, dy) {
    const { boxes, edges } = this, here = boxes.get(from);
    if (!here) return [...boxes].sort((a, b) => a[1].y - b[1].y)[0]?.[0] ?? null;
    const linked = edges.filter((edge) => (dy < 0 ? edge.target : edge.source) === from || (dx && edge.target === from))
      .map((edge) => (edge.source === from ? edge.target : edge.source));
    const ahead = (id) => { const box = boxes.get(id); return dx * (box.x - here.x) + dy * (box.y - here.y) > 4; };
    const cost = (id) => {
      const box = boxes.get(id), x = Math.abs(box.x - here.x), y = Math.abs(box.y - here.y);
      return dy ? y + 2 * x : x + 6 * y;
    };
    const nearest = (ids) => ids.filter((id) => id !== from && ahead(id)).sort((a, b) => cost(a) - cost(b))[0];
    return nearest(linked) ?? nearest([...boxes.keys()]) ?? null;
  }
}

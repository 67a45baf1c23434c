// The picture on the stage: its boxes and lines, and what of them is lit, faint, selected or found. Only what changed
// is touched, so that a step costs little however many boxes there are.

import { create, visible } from "./dom.js";
import { Flight } from "./flight.js";
import { centreLabels, isLeaf, nodeOf, readPicture, sanitised, shapeOf } from "./svg.js";

/** @import { Area, Camera, Contents } from "./camera.js" */
/** @import { PlayerData } from "./data.js" */
/** @import { Anchor } from "./folds.js" */
/** @import { Story } from "./story.js" */
/** @import { Box, Edge } from "./svg.js" */

// The width, at 14 px, of a text as Graphviz measured it; where another font stands in for Arial, it is set smaller.
const PROBE = "AccumulateGrad SumBackward0", PROBE_WIDTH = 198;
const STORY = ["future", "now", "done", "freed", "released", "stopped", "ill", "old", "waiting"];
// Pictures that have more of their boxes in common than this are of the same graph.
const SAME_GRAPH = 0.6;
// In CSS pixels, of a picture of a model's parts: one is to read them at once.
const COMPACT_TITLE = 11;

export class Scene {
  /**
   * @param {HTMLElement} gv
   * @param {HTMLElement} stage
   * @param {Camera} camera
   */
  constructor(gv, stage, camera) {
    this.gv = gv;
    this.stage = stage;
    this.camera = camera;
    /** @type {SVGSVGElement | null} */
    this.svg = null;
    this.measured = false;
    this.narrower = 1;
    this.flight = new Flight(this, camera);
    /** How far Graphviz moves what it draws, after it has scaled it. */
    this.shift = { x: 0, y: 0, scale: 1 };
    this.clear();
  }

  clear() {
    /** @type {Map<string, Box>} */
    this.boxes = new Map();
    /** @type {Edge[]} */
    this.edges = [];
    /** @type {Map<string, SVGGElement>} */
    this.frames = new Map();
    /** By box: the groups of its edges and of the boxes at their other ends. @type {Map<string, Set<SVGGElement>>} */
    this.near = new Map();
    /** The copies of each leaf, itself included, by what they are copies of. @type {Map<string, string[]>} */
    this.leaves = new Map();
    /** @type {Record<"near" | "selected" | "beside", SVGGElement[]>} */
    this.marked = { near: [], selected: [], beside: [] };
  }

  // Show another picture, of another program if it is `fresh`. `anchor` is the group that was just opened or closed:
  // what came of it stands where it stood, and a box of it is returned.
  /**
   * @param {PlayerData} data
   * @param {Anchor | null} anchor
   * @param {boolean} fresh
   */
  draw(data, anchor, fresh) {
    const before = this.boxes, start = anchor && !fresh && this.svg ? this.flight.start(anchor) : null;
    this.svg?.remove();
    this.svg = data.svg ? sanitised(data.svg) : null;
    this.clear();
    this.camera.svg = this.svg;
    if (!this.svg) return null;
    this.stage.prepend(this.svg);
    this.fontSize();
    if (data.kind === "lab") centreLabels(this.svg);
    Object.assign(this, readPicture(this.svg));
    this.index(data);
    const contents = this.contents(this.svg, data.compact);
    if (start && this.flight.land(this.svg, contents, start)) return this.cameOf(anchor, data.frames);
    const shared = [...this.boxes.keys()].filter((id) => before.has(id)).length;
    // The same graph with other numbers keeps its place; another graph, or level, is shown from its start.
    const isSame = shared > SAME_GRAPH * Math.max(before.size, this.boxes.size) && anchor?.word !== "level";
    this.camera.open(this.svg, contents, isSame, fresh);
    return this.cameOf(anchor, data.frames);
  }

  /** @param {PlayerData} data */
  index(data) {
    for (const [id, { group, label }] of this.boxes) {
      if (data.boxes[id]?.folded) group.setAttribute("aria-label", `${label}, folded`);
      if (isLeaf(id)) this.leaves.set(nodeOf(id), [...(this.leaves.get(nodeOf(id)) ?? []), id]);
      this.near.set(id, new Set());
    }
    for (const { source, target, group } of this.edges) {
      this.near.get(source)?.add(group).add(this.box(target).group);
      this.near.get(target)?.add(group).add(this.box(source).group);
    }
  }

  /** @param {string | null} id */
  has(id) { return id !== null && this.boxes.has(id); }

  // A box that is in the picture.
  /** @param {string} id */
  box(id) {
    const box = this.boxes.get(id);
    if (!box) throw new Error(`there is no box ${id}`);
    return box;
  }

  /**
   * @param {SVGSVGElement} svg
   * @param {boolean} compact
   * @returns {Contents}
   */
  contents(svg, compact) {
    this.shift = shiftOf(svg);
    const [x, y, width, height] = (svg.getAttribute("viewBox") || "0 0 100 100").split(/[\s,]+/).map(Number);
    const boxes = [...this.boxes.keys()].map((id) => this.areaOf(id));
    const around = aroundAll(boxes, { x, y, width, height });
    const ends = [...this.boxes].filter(([, { kind }]) => kind === "output").map(([id]) => this.areaOf(id));
    const outputs = ends.length ? ends : boxes.slice().sort((a, b) => a.y - b.y).slice(0, 1);
    const title = Number(svg.querySelector("g.node text")?.getAttribute("font-size")) || 14;
    const letter = title * this.shift.scale * (this.gv.classList.contains("lab") ? this.narrower : 1);
    return { boxes, outputs, around, letter, ...(compact ? { least: COMPACT_TITLE } : {}) };
  }

  // Where a box is, in units of the picture.
  /**
   * @param {string} id
   * @returns {Area}
   */
  areaOf(id) {
    const { x, y, width, height } = this.box(id), { shift } = this, { scale } = shift;
    const left = (x - width / 2) * scale + shift.x, top = (y - height / 2) * scale + shift.y;
    return { x: left, y: top, width: width * scale, height: height * scale };
  }

  // Where an opened group is, in units of the picture: its frame, or what is around the boxes in it.
  /** @param {string} id */
  areaOfGroup(id) {
    const frame = this.frames.get(id);
    if (this.boxes.has(id)) return this.areaOf(id);
    if (frame) {
      const { x, y, width, height } = shapeOf(frame), { shift } = this, { scale } = shift;
      return { x: x * scale + shift.x, y: y * scale + shift.y, width: width * scale, height: height * scale };
    }
    const inside = [...this.boxes.keys()].filter((box) => box.startsWith(`${id}.`)).map((box) => this.areaOf(box));
    return inside.length ? aroundAll(inside, inside[0]) : null;
  }

  // The box of a group that was closed, or one inside a group that was opened, one that is seen if there is one.
  /**
   * @param {Anchor | null} anchor
   * @param {PlayerData["frames"]} frames
   */
  cameOf(anchor, frames) {
    if (!anchor || anchor.word === "level") return null;
    if (this.boxes.has(anchor.id)) return anchor.word === "close" ? anchor.id : null;
    const framed = frames.find(([frame]) => frame === anchor.id)?.[1] ?? [];
    const inside = [...framed, ...[...this.boxes.keys()].filter((box) => box.startsWith(`${anchor.id}.`))]
      .filter((box) => this.boxes.has(box));
    return inside.find((box) => this.camera.sees(this.areaOf(box))) ?? inside[0] ?? null;
  }

  fontSize() {
    if (this.measured) return;
    this.measured = true;
    const pen = create("canvas").getContext("2d");
    if (!pen) return;
    pen.font = `14px ${getComputedStyle(this.gv).getPropertyValue("--boxes")}`;
    const wide = pen.measureText(PROBE).width / PROBE_WIDTH;
    this.narrower = wide > 1.02 ? 1 / wide : 1;
    this.gv.style.setProperty("--narrower", this.narrower.toFixed(3));
  }

  // --- at a moment of the story

  /**
   * @param {Story} story
   * @param {number | null} at
   */
  show(story, at) {
    const future = new Set();
    for (const [id, box] of this.boxes) {
      const words = this.wordsOf(story, id, box, at);
      if (words.includes("future")) future.add(id);
      mark(box, words);
      write(box, story.leaf(id, at));
    }
    for (const edge of this.edges) {
      const carried = story.carried(edge.number, at), ahead = future.has(edge.source) || future.has(edge.target);
      const { now = false, old = false, none = false } = carried ?? {};
      mark(edge, chosen([["future", ahead], ["now", now], ["old", old], ["waiting", none]]));
      const text = carried ? `\u00a0${visible(carried.text)}\u00a0` : edge.label;
      if (edge.text && edge.shown !== text) edge.text.textContent = edge.shown = text;
    }
  }

  // What comes and goes with the story is taken off the boxes as they were drawn, but for the whole run.
  /**
   * @param {Story} story
   * @param {string} id
   * @param {Box} box
   * @param {number | null} at
   */
  wordsOf(story, id, box, at) {
    const { future, now, done, freed, stopped, ill } = story.box(id, at);
    const released = freed && !box.kinds.includes("saved");
    const words = chosen([
      ["future", future], ["now", now], ["done", done], ["freed", freed && !released], ["released", released],
      ["stopped", stopped], ["ill", ill],
    ]);
    return at === null ? [...words, ...box.still] : words;
  }

  // --- what is pointed at, selected, found

  // A box, and the copies of the same leaf.
  /** @param {string} id */
  alike(id) {
    const copies = this.leaves.get(nodeOf(id)) ?? [];
    return copies.includes(id) ? copies : [id];
  }

  // Give these groups a class, and take it from those that had it.
  /**
   * @param {"near" | "selected" | "beside"} name
   * @param {SVGGElement[]} groups
   */
  put(name, groups) {
    for (const group of this.marked[name]) group.classList.remove(name);
    for (const group of groups) group.classList.add(name);
    this.marked[name] = groups;
  }

  /** @param {string[]} ids */
  light(ids) {
    this.stage.classList.toggle("tracing", ids.length > 0);
    this.put("near", ids.flatMap((id) => [this.box(id).group, ...(this.near.get(id) ?? [])]));
  }

  /** @param {string | null} id */
  select(id) {
    const beside = this.edges.filter((edge) => id && (edge.source === id || edge.target === id));
    this.put("selected", id ? this.alike(id).map((copy) => this.box(copy).group) : []);
    this.put("beside", beside.map((edge) => edge.group));
  }

  // Mark the boxes for which `test` holds, and return their ids.
  /**
   * @param {string} name
   * @param {(id: string, box: Box) => boolean} test
   */
  flag(name, test) {
    return [...this.boxes].filter(([id, box]) => box.group.classList.toggle(name, test(id, box))).map(([id]) => id);
  }

  /** @param {string | null} id */
  reveal(id) {
    if (id !== null && this.has(id)) this.camera.reveal(this.areaOf(id));
  }

  // The id of the innermost frame around a box.
  /** @param {string | null} id */
  frameAround(id) {
    const box = id === null ? null : this.boxes.get(id);
    if (!box) return null;
    const here = rectangleOf(box.group);
    const around = [...this.frames].map(([frame, group]) => ({ frame, r: rectangleOf(group) }))
      .filter(({ r }) => r.left <= here.left && r.right >= here.right && r.top <= here.top && r.bottom >= here.bottom)
      .sort((a, b) => a.r.width * a.r.height - b.r.width * b.r.height);
    return around[0]?.frame ?? null;
  }

  // The next box in a direction: down follows an edge with the gradient, up against it, right and left lead to what
  // hangs or stands beside. From nowhere it is the first.
  /**
   * @param {string | null} from
   * @param {number} dx
   * @param {number} dy
   */
  along(from, dx, dy) {
    const { boxes, edges } = this, here = from === null ? null : boxes.get(from);
    if (!here) return [...boxes].sort((a, b) => a[1].y - b[1].y)[0]?.[0] ?? null;
    const linked = edges
      .filter((edge) => (dy < 0 ? edge.target : edge.source) === from || (dx && edge.target === from))
      .map((edge) => (edge.source === from ? edge.target : edge.source));
    /** @param {string[]} ids */
    const nearest = (ids) => ids.filter((id) => id !== from)
      .map((id) => ({ id, ...awayFrom(here, this.box(id), dx, dy) }))
      .filter(({ ahead }) => ahead > 4)
      .sort((a, b) => a.cost - b.cost)[0]?.id;
    return nearest(linked) ?? nearest([...boxes.keys()]) ?? null;
  }
}

// Graphviz draws in a group that it moves; boxes are measured inside it, the camera outside.
/** @param {SVGSVGElement} svg */
function shiftOf(svg) {
  const graph = svg.querySelector("g.graph");
  const matrix = graph instanceof SVGGElement ? graph.transform.baseVal.consolidate()?.matrix : null;
  return { x: matrix?.e ?? 0, y: matrix?.f ?? 0, scale: matrix?.a ?? 1 };
}

/**
 * @param {Area[]} areas
 * @param {Area} none
 * @returns {Area}
 */
function aroundAll(areas, none) {
  if (!areas.length) return none;
  const x = Math.min(...areas.map((area) => area.x)), y = Math.min(...areas.map((area) => area.y));
  const right = Math.max(...areas.map((area) => area.x + area.width));
  const down = Math.max(...areas.map((area) => area.y + area.height));
  return { x, y, width: right - x, height: down - y };
}

/** @param {[string, boolean][]} words */
const chosen = (words) => words.filter(([, holds]) => holds).map(([word]) => word);

/**
 * @param {Box | Edge} drawn
 * @param {string[]} words
 */
function mark(drawn, words) {
  const text = words.join(" ");
  if (drawn.marked === text) return;
  drawn.marked = text;
  drawn.group.classList.remove(...STORY);
  if (words.length) drawn.group.classList.add(...words);
}

// The value and gradient of a leaf.
/**
 * @param {Box} box
 * @param {{ value: string | null, grad: string } | null} leaf
 */
function write(box, leaf) {
  const [first, second] = box.texts, [firstWords, secondWords] = box.words;
  if (first?.[1]) fit(first[1], leaf?.value ? `\u00a0 ${leaf.value}` : firstWords[1], box.width);
  if (second && secondWords[0].startsWith(".grad")) fit(second[0], leaf ? leaf.grad : secondWords[0], box.width);
}

// What is wider than its box is set smaller.
/**
 * @param {SVGTextElement} piece
 * @param {string} words
 * @param {number} width
 */
function fit(piece, words, width) {
  const text = visible(words);
  if (piece.textContent === text) return;
  piece.textContent = text;
  const size = piece.dataset.size ??= piece.getAttribute("font-size") ?? "";
  piece.style.fontSize = "";
  const over = text ? piece.getComputedTextLength() / (width - 24) : 0;
  if (over > 1) piece.style.fontSize = `${(parseFloat(size) / over).toFixed(1)}px`;
}

// The shapes alone: a number that stands beside a box may stick out of its frame.
/** @param {SVGGElement} group */
const rectangleOf = (group) => (group.querySelector("path, polygon, ellipse") ?? group).getBoundingClientRect();

// How far a box is ahead in a direction, and what it costs to go there: what is aside counts more.
/**
 * @param {Box} here
 * @param {Box} box
 * @param {number} dx
 * @param {number} dy
 */
function awayFrom(here, box, dx, dy) {
  const x = box.x - here.x, y = box.y - here.y;
  const cost = dy ? Math.abs(y) + 2 * Math.abs(x) : Math.abs(x) + 6 * Math.abs(y);
  return { ahead: dx * x + dy * y, cost };
}

// The picture itself: what of an SVG may be shown, and which boxes and lines it consists of.

import { findAll } from "./dom.js";

/** @import { Area } from "./camera.js" */

/**
 * `still` are the words of the story that the picture was drawn with, `words` its texts before the story changes them,
 * `marked` the words of the story that it has now. `kind` is what it is. `x` and `y` are its centre.
 * @typedef {{ group: SVGGElement, label: string, kinds: string[], texts: SVGTextElement[][], words: string[][],
 *   still: string[], marked: string | null, kind: string } & Area} Box
 */
/**
 * `number` is that of the link in the player's data, `shown` the text that it has now.
 * @typedef {{ source: string, target: string, group: SVGGElement, number: string, text: SVGTextElement | null,
 *   label: string, shown: string | null, marked: string | null }} Edge
 */
/** @typedef {{ boxes: Map<string, Box>, edges: Edge[], frames: Map<string, SVGGElement> }} Picture */

const ELEMENTS = new Set([
  "svg", "g", "title", "path", "polygon", "polyline", "ellipse", "circle", "rect", "line", "text", "tspan",
]);
const ATTRIBUTES = new Set([
  "class", "data-link", "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "rx", "ry", "r", "dx", "dy",
  "width", "height", "viewBox", "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity",
  "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "xml:space",
]);
const STILL = ["freed", "released", "stopped"];
// What a box of torchviz is, by its colour.
const PAINTS = new Map([
  ["#caff70", "output"], ["darkolivegreen1", "output"], ["lightblue", "leaf"], ["orange", "saved"],
  ["#a2cd5a", "base"], ["darkolivegreen3", "base"],
]);

// Labels come from programs, and traces from strangers: only what draws is let through, nothing that acts or fetches.
/**
 * @param {string} text
 * @returns {SVGSVGElement | null}
 */
export function sanitised(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml"), svg = parsed.documentElement;
  if (svg.localName !== "svg" || parsed.querySelector("parsererror")) return null;
  /** @type {Element[]} */
  const pending = [svg];
  for (let element = pending.pop(); element; element = pending.pop()) {
    if (element.id) element.setAttribute("data-link", element.id.replace(/^link-/, ""));
    for (const { name, value } of [...element.attributes]) {
      if (!ATTRIBUTES.has(name) || /url\s*\(/i.test(value)) element.removeAttribute(name);
    }
    pending.push(...childrenToRead(element));
  }
  const shown = document.importNode(svg, true);
  return shown instanceof SVGSVGElement ? shown : null;
}

// The children that may be shown; the others are removed. Of a link its content stays, and all is read once more.
/** @param {Element} element */
function childrenToRead(element) {
  /** @type {Element[]} */
  const pending = [];
  for (const child of [...element.childNodes]) {
    if (child.nodeType === Node.TEXT_NODE) continue;
    if (!(child instanceof Element)) child.remove();
    else if (child.localName === "a") {
      // Graphviz wraps what has a tooltip or a link: keep what is inside.
      pending.push(element);
      child.replaceWith(...child.childNodes);
    } else if (ELEMENTS.has(child.localName)) pending.push(child);
    else child.remove();
  }
  return pending;
}

// A copy of a leaf is called n0~2; it and its leaf are one thing.
const COPY = /~(\d+|leaf)$/;
/** @param {string} id */
export const isLeaf = (id) => COPY.test(id);
/** @param {string} id */
export const nodeOf = (id) => id.replace(COPY, "");
/** @param {string} id */
export const leafOf = (id) => id.replace(COPY, "~leaf");

// The boxes and frames by id, and the edges between boxes.
/**
 * @param {SVGSVGElement} svg
 * @returns {Picture}
 */
export function readPicture(svg) {
  const boxes = new Map(), frames = new Map();
  for (const group of findAll(svg, "g.node", SVGGElement)) boxes.set(titleOf(group), boxOf(group, boxes.size));
  const edges = findAll(svg, "g.edge", SVGGElement).map(edgeOf)
    .filter(({ source, target }) => boxes.has(source) && boxes.has(target));
  for (const group of findAll(svg, "g.cluster", SVGGElement)) {
    const id = titleOf(group).replace(/^cluster_/, "");
    group.dataset.frame = id;
    frames.set(id, group);
  }
  // Browsers would show the titles, which are ids, as tooltips.
  svg.querySelectorAll("title").forEach((title) => title.remove());
  return { boxes, edges, frames };
}

/** @param {Element} group */
const titleOf = (group) => group.querySelector(":scope > title")?.textContent ?? "";

/**
 * @param {SVGGElement} group
 * @param {number} number
 * @returns {Box}
 */
function boxOf(group, number) {
  const id = titleOf(group), texts = linesOf(group);
  const label = findAll(group, "text", SVGTextElement).map((line) => line.textContent.trim()).join(" ");
  const kinds = (group.getAttribute("class") ?? "").split(" ");
  const { x, y, width, height } = shapeOf(group), fill = group.querySelector("polygon, ellipse")?.getAttribute("fill");
  const kind = kinds[1] ?? PAINTS.get(fill ?? "") ?? "function";
  group.dataset.id = id;
  group.id = `box-${number}`;
  group.setAttribute("role", "img");
  group.setAttribute("aria-label", label || id);
  return {
    group, label, kinds, kind, texts, x: x + width / 2, y: y + height / 2, width, height, marked: null,
    words: texts.map((line) => line.map((piece) => piece.textContent)),
    still: kinds.filter((kind) => STILL.includes(kind)),
  };
}

/**
 * @param {SVGGElement} group
 * @returns {Edge}
 */
function edgeOf(group) {
  const [source, target] = titleOf(group).split(/->|--/).map((end) => end.replace(/:\w+$/, ""));
  const [text = null] = findAll(group, "text", SVGTextElement);
  const number = group.dataset.link ?? "", label = text?.textContent ?? "";
  return { source, target, group, number, text, label, shown: null, marked: null };
}

// Where the shape of a box is, from its numbers: asking the browser would make it lay out the page once more.
/**
 * @param {SVGGElement} group
 * @returns {Area}
 */
export function shapeOf(group) {
  const shape = group.querySelector("path, polygon, ellipse");
  if (!shape) return group.getBBox();
  /** @param {string} name */
  const number = (name) => Number(shape.getAttribute(name));
  if (shape.localName === "ellipse") {
    const rx = number("rx"), ry = number("ry");
    return { x: number("cx") - rx, y: number("cy") - ry, width: 2 * rx, height: 2 * ry };
  }
  const points = shape.getAttribute("points") ?? shape.getAttribute("d") ?? "";
  const numbers = points.match(/-?[\d.]+/g)?.map(Number) ?? [0, 0];
  const across = numbers.filter((_, index) => index % 2 === 0), down = numbers.filter((_, index) => index % 2 === 1);
  const x = Math.min(...across), y = Math.min(...down);
  return { x, y, width: Math.max(...across) - x, height: Math.max(...down) - y };
}

// The pieces of a label by line: [[title, value], [detail], ...].
/** @param {SVGGElement} group */
function linesOf(group) {
  /** @type {Map<string | null, SVGTextElement[]>} */
  const rows = new Map();
  for (const text of findAll(group, "text", SVGTextElement)) {
    const y = text.getAttribute("y");
    rows.set(y, [...(rows.get(y) ?? []), text]);
  }
  return [...rows.values()];
}

// Graphviz places each piece of a label by its own idea of the font's widths; this puts every line into the middle of
// its box. All is measured before anything moves, so that the browser lays out once.
/** @param {SVGSVGElement} svg */
export function centreLabels(svg) {
  const lines = findAll(svg, "g.node", SVGGElement).flatMap((group) => {
    const shape = shapeOf(group), middle = shape.x + shape.width / 2;
    return linesOf(group).map((texts) => {
      const widths = texts.map((text) => text.getComputedTextLength());
      return { middle, texts, widths };
    });
  });
  for (const { middle, texts, widths } of lines) {
    let x = middle - widths.reduce((sum, width) => sum + width, 0) / 2;
    texts.forEach((text, index) => {
      text.setAttribute("text-anchor", "start");
      text.setAttribute("x", x.toFixed(2));
      x += widths[index];
    });
  }
}

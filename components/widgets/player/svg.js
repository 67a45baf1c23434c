// The picture itself: what of an SVG may be shown, and which boxes and lines it consists of.

const ELEMENTS = new Set(["svg", "g", "title", "path", "polygon", "polyline", "ellipse", "circle", "rect", "line", "text", "tspan"]);
const ATTRIBUTES = new Set([
  "class", "data-link", "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "rx", "ry", "r", "dx", "dy", "width", "height", "viewBox",
  "transform", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "xml:space",
]);

// Labels come from programs, and traces from strangers: only what draws is let through, nothing that acts or fetches.
function sanitised(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  const svg = parsed.documentElement;
  if (svg.localName !== "svg" || parsed.querySelector("parsererror")) return null;
  const pending = [svg];
  while (pending.length) {
    const element = pending.pop();
    if (element.id) element.setAttribute("data-link", element.id.replace(/^link-/, ""));
    for (let number = element.attributes.length - 1; number >= 0; number--) {
      const { name, value } = element.attributes[number];
      if (!ATTRIBUTES.has(name) || /url\s*\(/i.test(value)) element.removeAttribute(name);
    }
    for (let child = element.firstChild, next; child; child = next) {
      next = child.nextSibling;
      if (child.nodeType === Node.TEXT_NODE) continue;
      if (child.nodeType === Node.ELEMENT_NODE && child.localName === "a") {
        // Graphviz wraps what has a tooltip or a link: keep what is inside.
        pending.push(element);
        child.replaceWith(...child.childNodes);
      } else if (child.nodeType === Node.ELEMENT_NODE && ELEMENTS.has(child.localName)) pending.push(child);
      else child.remove();
    }
  }
  return document.importNode(svg, true);
}

// A copy of a leaf is called n0~2; it and its leaf are one thing.
const COPY = /~(\d+|leaf)$/;
const thing = (id) => id?.replace(COPY, "") ?? null;
const leafOf = (id) => id?.replace(COPY, "~leaf") ?? null;

// `boxes` by id, each with its group, its centre and its label; `edges` with the group between two boxes.
function readPicture(svg) {
  const titleOf = (group) => group.querySelector(":scope > title")?.textContent ?? "";
  const boxes = new Map(), edges = [], frames = new Map();
  for (const group of svg.querySelectorAll("g.node")) {
    const id = titleOf(group), label = [...group.querySelectorAll("text")].map((line) => line.textContent.trim()).join(" ");
    group.dataset.id = id;
    group.id = `box-${boxes.size}`;
    group.setAttribute("role", "img");
    group.setAttribute("aria-label", label || id);
    const { x, y, width, height } = shapeOf(group);
    boxes.set(id, { group, label, kinds: group.getAttribute("class").split(" "), texts: linesOf(group), x: x + width / 2, y: y + height / 2, width, height });
  }
  for (const group of svg.querySelectorAll("g.edge")) {
    const [source, target] = titleOf(group).split(/->|--/).map((end) => end.replace(/:\w+$/, ""));
    const text = group.querySelector("text"), number = group.dataset.link;
    if (boxes.has(source) && boxes.has(target)) edges.push({ source, target, group, number, text, label: text?.textContent ?? "" });
  }
  for (const group of svg.querySelectorAll("g.cluster")) frames.set(titleOf(group).replace(/^cluster_/, ""), group);
  // Browsers would show the titles, which are ids, as tooltips.
  svg.querySelectorAll("title").forEach((title) => title.remove());
  return { boxes, edges, frames };
}

// Where the shape of a box is, from its numbers: asking the browser would make it lay out the page once more.
function shapeOf(group) {
  const shape = group.querySelector("path, polygon, ellipse"), number = (name) => +shape.getAttribute(name);
  if (!shape) return group.getBBox();
  if (shape.localName === "ellipse") return { x: number("cx") - number("rx"), y: number("cy") - number("ry"), width: 2 * number("rx"), height: 2 * number("ry") };
  const numbers = (shape.getAttribute("points") ?? shape.getAttribute("d") ?? "").match(/-?[\d.]+/g)?.map(Number) ?? [0, 0];
  const across = numbers.filter((_, place) => place % 2 === 0), down = numbers.filter((_, place) => place % 2 === 1);
  const x = Math.min(...across), y = Math.min(...down);
  return { x, y, width: Math.max(...across) - x, height: Math.max(...down) - y };
}

// The pieces of a label by line: [[title, value], [detail], ...].
function linesOf(group) {
  const rows = new Map();
  for (const text of group.querySelectorAll("text")) rows.set(text.getAttribute("y"), [...(rows.get(text.getAttribute("y")) ?? []), text]);
  return [...rows.values()];
}

// Graphviz places each piece of a label by its own idea of the font's widths; this puts every line into the middle of its box.
function centreLabels(svg) {
  const lines = [];
  for (const group of svg.querySelectorAll("g.node")) {
    const shape = shapeOf(group);
    for (const texts of linesOf(group)) lines.push([shape.x + shape.width / 2, texts, texts.map((text) => text.getComputedTextLength())]);
  }
  for (const [middle, texts, widths] of lines) {
    let x = middle - widths.reduce((sum, width) => sum + width, 0) / 2;
    texts.forEach((text, place) => {
      text.setAttribute("text-anchor", "start");
      text.setAttribute("x", x.toFixed(2));
      x += widths[place];
    });
  }
}

// The interactive graph. One `View` per mounted component; Streamlit calls the default export again on every change of
// data, so setting up happens once and everything else is in `update`.

const FORBIDDEN = "script,foreignObject,style,image,use,animate,animateTransform,set,iframe";
const views = new WeakMap();

// Labels come from programs: take nothing from the SVG that could act or fetch.
function sanitised(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  const svg = parsed.documentElement;
  if (svg.nodeName !== "svg" || parsed.querySelector("parsererror")) return null;
  svg.querySelectorAll(FORBIDDEN).forEach((element) => element.remove());
  for (const element of [svg, ...svg.querySelectorAll("*")])
    for (const attribute of [...element.attributes])
      if (/^on/i.test(attribute.name) || /href$/i.test(attribute.name) || /url\(/i.test(attribute.value)) element.removeAttribute(attribute.name);
  svg.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
  return document.importNode(svg, true);
}

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

class View {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.gv = find(".gv"); this.stage = find(".stage"); this.cardBox = find(".card"); this.messageBox = find(".message");
    this.titleBox = find(".title"); this.legendBox = find(".legend");
    this.abort = new AbortController();
    this.svgText = null; this.selected = null; this.nodes = new Map(); this.neighbours = new Map();
    this.listen();
    this.sizes = new ResizeObserver(() => this.gv.classList.toggle("narrow", this.gv.clientWidth < 620));
    this.sizes.observe(this.gv);
  }

  on(target, event, action, options = {}) { target.addEventListener(event, action, { ...options, signal: this.abort.signal }); }

  listen() {
    const actions = { in: () => this.zoom(0.8), out: () => this.zoom(1.25), fit: () => this.fit(), full: () => this.fullScreen() };
    this.gv.querySelectorAll("[data-do]").forEach((button) => this.on(button, "click", () => actions[button.dataset.do]()));
    this.on(this.stage, "wheel", (event) => { event.preventDefault(); this.zoom(Math.exp(event.deltaY * 0.0015), this.point(event)); }, { passive: false });
    this.on(this.stage, "pointerdown", (event) => this.press(event));
    this.on(this.stage, "pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.on(this.stage, name, (event) => this.release(event));
    this.on(this.stage, "click", (event) => { if (!this.dragged) this.select(event.target.closest?.(".node")?.dataset.id ?? null); });
    this.on(this.stage, "pointerover", (event) => this.trace(event.target.closest?.(".node")?.dataset.id));
    this.on(this.stage, "pointerleave", () => this.trace(null));
    this.on(this.stage, "keydown", (event) => this.key(event, actions));
  }

  // --- what Streamlit sends

  update(data) {
    this.cards = data.cards || {};
    this.gv.classList.toggle("lab", data.kind === "lab");
    this.gv.classList.toggle("torchviz", data.kind === "torchviz");
    this.gv.classList.toggle("dark", this.isDark());
    this.titleBox.textContent = data.title || "";
    this.legendBox.replaceChildren(...(data.legend || []).map(([kind, word]) => {
      const item = element("li"); item.append(element("i", kind), word); return item;
    }));
    if (data.svg !== this.svgText) this.draw(data.svg);
    this.messageBox.textContent = this.svg ? "" : data.message || "";
    this.select(this.nodes.has(this.selected) ? this.selected : null, false);
  }

  isDark() {
    const parts = getComputedStyle(this.gv).backgroundColor.match(/[\d.]+/g)?.map(Number) || [255, 255, 255];
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
  }

  draw(text) {
    const before = new Set(this.nodes.keys()), place = this.box;
    this.svgText = text;
    this.svg?.remove();
    this.svg = text ? sanitised(text) : null;
    this.nodes.clear(); this.neighbours.clear();
    if (!this.svg) return;
    this.home = (this.svg.getAttribute("viewBox") || "0 0 100 100").split(/[ ,]+/).map(Number);
    for (const name of ["width", "height"]) this.svg.removeAttribute(name);
    this.svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
    this.stage.append(this.svg);
    this.index();
    // The same graph with other numbers keeps its place; another graph is shown whole.
    const same = before.size > 0 && before.size === this.nodes.size && [...before].every((id) => this.nodes.has(id));
    if (same && place) { this.box = place; this.show(); } else this.fit();
  }

  index() {
    const title = (group) => group.querySelector("title")?.textContent ?? "";
    const near = (id) => this.neighbours.get(id) ?? this.neighbours.set(id, new Set()).get(id);
    for (const group of this.svg.querySelectorAll("g.node")) {
      group.dataset.id = title(group);
      this.nodes.set(group.dataset.id, group);
      near(group.dataset.id).add(group);
    }
    this.edges = [...this.svg.querySelectorAll("g.edge")].map((group) => {
      const [source, target] = title(group).split("->").map((end) => end.replace(/:\w+$/, ""));
      near(source).add(group).add(this.nodes.get(target)); near(target).add(group).add(this.nodes.get(source));
      return { source, target };
    });
    this.svg.querySelectorAll("title").forEach((node) => node.remove());
    for (const [id, group] of this.nodes) {
      group.setAttribute("role", "img");
      group.setAttribute("aria-label", [...group.querySelectorAll("text")].map((line) => line.textContent).join(", ") || id);
    }
  }

  // --- pan and zoom, in the picture's own units

  show() { this.svg?.setAttribute("viewBox", this.box.join(" ")); }

  fit() { if (!this.svg) return; this.box = this.roomy(this.home); this.show(); }

  // A graph of three boxes is not blown up to fill a wall.
  roomy([x, y, width, height]) {
    const w = Math.max(width, this.stage.clientWidth / 1.9), h = Math.max(height, this.stage.clientHeight / 1.9);
    return [x - (w - width) / 2, y - (h - height) / 2, w, h];
  }

  point(event) {
    const matrix = this.svg?.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  }

  zoom(factor, at = null) {
    if (!this.svg) return;
    const [x, y, w, h] = this.box, width = w * factor;
    if (width > this.home[2] * 6 + 2000 || width < 30) return;
    const cx = at ? at.x : x + w / 2, cy = at ? at.y : y + h / 2;
    this.box = [cx - (cx - x) * factor, cy - (cy - y) * factor, width, h * factor];
    this.show();
  }

  press(event) { (this.pointers ??= new Map()).set(event.pointerId, event); this.dragged = false; }

  move(event) {
    const last = this.pointers?.get(event.pointerId);
    if (!last || !this.svg) return;
    const others = [...this.pointers.values()].filter((other) => other.pointerId !== event.pointerId);
    const moved = Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY);
    if (!this.dragged && moved < 4) return;
    if (!this.dragged) { this.dragged = true; this.stage.classList.add("drag"); this.stage.setPointerCapture(event.pointerId); }
    const from = this.point(last), to = this.point(event);
    if (others.length) {
      const away = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY) || 1;
      this.zoom(away(last) / away(event), this.point(others[0]));
    } else { this.box = [this.box[0] - (to.x - from.x), this.box[1] - (to.y - from.y), this.box[2], this.box[3]]; this.show(); }
    this.pointers.set(event.pointerId, event);
  }

  release(event) { this.pointers?.delete(event.pointerId); this.stage.classList.remove("drag"); }

  fullScreen() { document.fullscreenElement ? document.exitFullscreen() : this.gv.requestFullscreen?.().then(() => this.fit()); }

  key(event, actions) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const bound = {
      "+": actions.in, "=": actions.in, "-": actions.out, 0: actions.fit, f: actions.full, Escape: () => this.select(null),
      ArrowDown: () => this.step("source", "target"), ArrowUp: () => this.step("target", "source"),
      ArrowRight: () => this.sibling(1), ArrowLeft: () => this.sibling(-1),
    }[event.key];
    if (bound) { event.preventDefault(); event.stopPropagation(); bound(); }
  }

  step(from, to) {
    const next = this.selected ? this.edges?.find((edge) => edge[from] === this.selected)?.[to] : this.nodes.keys().next().value;
    if (next) this.select(next);
  }

  sibling(by) {
    const ids = [...this.nodes.keys()];
    if (ids.length) this.select(ids[(ids.indexOf(this.selected) + by + ids.length) % ids.length]);
  }

  // --- selection and its card

  trace(id) {
    this.stage.classList.toggle("tracing", !!id);
    this.svg?.querySelectorAll(".near").forEach((group) => group.classList.remove("near"));
    for (const group of (id && this.neighbours.get(id)) || []) group?.classList.add("near");
  }

  cardOf(id) {
    const label = this.nodes.get(id)?.querySelector("text")?.textContent.trim();
    return this.cards[id] ?? this.cards[id.replace(/~\d+$/, "")] ?? this.cards[id.replace(/~saved$/, "")] ?? this.cards[`name:${label}`];
  }

  select(id, tell = true) {
    for (const group of this.nodes.values()) group.classList.remove("selected");
    const changed = id !== this.selected;
    this.selected = id;
    const base = id?.replace(/~\d+$/, "");
    for (const [other, group] of this.nodes) if (id && other.replace(/~\d+$/, "") === base) group.classList.add("selected");
    const card = id ? this.cardOf(id) : null;
    this.cardBox.hidden = !card;
    if (card) this.fill(card);
    if (!tell || !changed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send("selected", id), 250);
  }

  fill(card) {
    const close = element("button", "close", "×");
    close.type = "button"; close.title = "Close (Escape)"; close.addEventListener("click", () => this.select(null));
    const rows = element("dl");
    for (const [name, value] of card.rows) {
      const pair = element("div", "pair"); pair.append(element("dt", "", name), element("dd", "", value)); rows.append(pair);
    }
    const parts = [close, element("h3", "", card.title), element("p", "where", card.subtitle)];
    if (card.formula) parts.push(element("div", "formula", card.formula.split("; ").join("\n")));
    parts.push(rows);
    if (card.note) parts.push(element("p", "note", card.note));
    this.cardBox.replaceChildren(...parts);
    this.cardBox.querySelector(".formula")?.style.setProperty("white-space", "pre-wrap");
  }

  dispose() { clearTimeout(this.timer); this.abort.abort(); this.sizes.disconnect(); }
}

export default function ({ data, parentElement, setStateValue }) {
  let view = views.get(parentElement);
  if (!view) views.set(parentElement, (view = new View(parentElement)));
  view.send = setStateValue;
  view.update(data || {});
  return () => { views.get(parentElement)?.dispose(); views.delete(parentElement); };
}

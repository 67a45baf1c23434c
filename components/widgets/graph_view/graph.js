// The interactive graph. One `View` per mounted component; Streamlit calls the default export again on every change of
// data, so setting up happens once and everything else is in `update`. svg.js, camera.js and card.js stand above this text.

const views = new WeakMap();
const NARROW = 620, SAME_CLICK = 4, TELL_AFTER = 250;
// The width, at 14 px, of a text as Graphviz measured it; where another font stands in for Arial, it is set smaller.
const PROBE = "AccumulateGrad SumBackward0", PROBE_WIDTH = 198;

class View {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.gv = find(".gv"); this.stage = find(".stage"); this.aside = find(".card"); this.messageBox = find(".message");
    this.titleBox = find(".title"); this.legendBox = find(".legend"); this.announced = find(".announced");
    this.camera = new Camera(this.stage);
    this.abort = new AbortController();
    this.picture = { boxes: new Map(), edges: [] };
    this.cards = {}; this.selected = null; this.cardOpen = false; this.pointers = new Map();
    this.listen();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.stage);
  }

  on(target, event, action, options = {}) { target.addEventListener(event, action, { ...options, signal: this.abort.signal }); }

  listen() {
    this.actions = {
      in: () => this.camera.zoom(0.8), out: () => this.camera.zoom(1.25), fit: () => this.camera.fit(), full: () => this.fullScreen(),
    };
    this.gv.querySelectorAll("[data-do]").forEach((button) => this.on(button, "click", () => this.actions[button.dataset.do]()));
    this.on(this.stage, "wheel", (event) => this.wheel(event), { passive: false });
    this.on(this.stage, "pointerdown", (event) => this.press(event));
    this.on(this.stage, "pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) this.on(this.stage, name, (event) => this.release(event));
    this.on(this.stage, "click", (event) => { if (!this.dragged) this.select(event.target.closest?.(".node")?.dataset.id ?? null, { open: true }); });
    this.on(this.stage, "pointerover", (event) => { if (event.pointerType === "mouse") this.light(event.target.closest?.(".node")?.dataset.id); });
    this.on(this.stage, "pointerleave", () => this.light(null));
    this.on(this.stage, "keydown", (event) => this.key(event));
    this.on(this.aside, "keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); this.close(); } });
    this.on(document, "fullscreenchange", () => requestAnimationFrame(() => this.camera.fit()));
  }

  // --- what Streamlit sends

  update(data) {
    this.cards = data.cards || {};
    for (const kind of ["lab", "torchviz"]) this.gv.classList.toggle(kind, data.kind === kind);
    this.gv.classList.toggle("dark", this.isDark());
    this.titleBox.textContent = data.title || "";
    this.legendBox.replaceChildren(...(data.legend || []).map(([kind, word]) => {
      const item = made("li"); item.append(made("i", kind), word); return item;
    }));
    if (data.svg !== this.svgText) this.draw(data.svg || "");
    this.messageBox.textContent = this.svg ? "" : data.svg ? "This picture cannot be shown." : data.message || "";
    const asked = data.selected ?? null;
    if (asked !== this.asked) { this.asked = asked; this.select(asked, { open: true, tell: false }); }
    else this.select(this.selected, { open: this.cardOpen, tell: false });
  }

  isDark() {
    const parts = getComputedStyle(this.gv).backgroundColor.match(/[\d.]+/g)?.map(Number) || [255, 255, 255];
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
  }

  draw(text) {
    const before = this.picture.boxes;
    this.svgText = text;
    this.svg?.remove();
    this.svg = text ? sanitised(text) : null;
    this.picture = { boxes: new Map(), edges: [] };
    if (!this.svg) return;
    this.stage.prepend(this.svg);
    this.fontSize();
    if (this.gv.classList.contains("lab")) centreLabels(this.svg);
    this.picture = readPicture(this.svg);
    this.near = new Map([...this.picture.boxes.keys()].map((id) => [id, new Set()]));
    for (const edge of this.picture.edges)
      for (const [one, other] of [[edge.source, edge.target], [edge.target, edge.source]]) this.near.get(one).add(edge.group).add(this.picture.boxes.get(other).group);
    // The same graph with other numbers keeps its place; another graph is shown from its start.
    const shared = [...this.picture.boxes.keys()].filter((id) => before.has(id)).length;
    const [first] = [...this.picture.boxes.values()].sort((a, b) => a.y - b.y);
    this.camera.first = first && { x: first.x + this.shift(), y: 0 };
    this.camera.open(this.svg, shared > 0.6 * Math.max(before.size, this.picture.boxes.size));
  }

  // Graphviz draws in a group that it moves; boxes are measured inside it, the camera outside.
  shift() { return this.svg.querySelector("g.graph")?.transform.baseVal.consolidate()?.matrix.e ?? 0; }

  fontSize() {
    const pen = (View.pen ??= document.createElement("canvas").getContext("2d"));
    pen.font = `14px ${getComputedStyle(this.gv).getPropertyValue("--boxes")}`;
    const wide = pen.measureText(PROBE).width / PROBE_WIDTH;
    this.gv.style.setProperty("--narrower", wide > 1.02 ? (1 / wide).toFixed(3) : "1");
  }

  resized() {
    this.gv.classList.toggle("narrow", this.gv.clientWidth < NARROW);
    if (!this.camera.svg || !this.camera.box) return;
    // What was seen whole stays whole; otherwise nothing moves on the screen.
    if (this.camera.fitted) this.camera.fit(); else this.camera.hold();
  }

  // --- pointer

  wheel(event) {
    event.preventDefault();
    // A pinch on a touch pad arrives as a wheel with Ctrl, in smaller steps; deltaMode 1 counts lines.
    const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 0.01 : 0.0015);
    this.camera.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, step))), this.camera.point(event));
  }

  press(event) {
    if (!this.pointers.size) this.dragged = false;
    this.pointers.set(event.pointerId, event);
  }

  move(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last || !this.svg) return;
    if (!this.dragged && Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < SAME_CLICK) return;
    if (!this.dragged) { this.dragged = true; this.stage.classList.add("drag"); this.stage.setPointerCapture(event.pointerId); this.light(null); }
    const other = [...this.pointers.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) {
      const away = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      this.camera.zoom(away(last) / away(event), this.camera.point(other));
    } else {
      const from = this.camera.point(last), to = this.camera.point(event);
      this.camera.pan(to.x - from.x, to.y - from.y);
    }
    this.pointers.set(event.pointerId, event);
  }

  release(event) { this.pointers.delete(event.pointerId); if (!this.pointers.size) this.stage.classList.remove("drag"); }

  fullScreen() { document.fullscreenElement ? document.exitFullscreen() : this.gv.requestFullscreen?.().catch(() => {}); }

  // --- keyboard

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const bound = {
      "+": this.actions.in, "=": this.actions.in, "-": this.actions.out, 0: this.actions.fit, f: this.actions.full,
      Enter: () => { this.select(this.selected, { open: true }); if (this.cardOpen) this.aside.focus(); },
      Escape: () => (this.cardOpen ? this.close() : this.select(null)),
      ArrowDown: () => this.go(0, 1), ArrowUp: () => this.go(0, -1), ArrowRight: () => this.go(1, 0), ArrowLeft: () => this.go(-1, 0),
    }[event.key];
    if (bound) { event.preventDefault(); event.stopPropagation(); bound(); }
  }

  // Down follows an edge with the gradient, up against it, right and left to what hangs or stands beside.
  go(dx, dy) {
    const { boxes, edges } = this.picture, here = boxes.get(this.selected);
    if (!here) { const [first] = [...boxes].sort((a, b) => a[1].y - b[1].y); return first && this.select(first[0]); }
    const along = edges.filter((edge) => (dy < 0 ? edge.target : edge.source) === this.selected || (dx && edge.target === this.selected))
      .map((edge) => (edge.source === this.selected ? edge.target : edge.source));
    const ahead = (id) => { const box = boxes.get(id); return dx * (box.x - here.x) + dy * (box.y - here.y) > 4; };
    const cost = (id) => {
      const box = boxes.get(id), x = Math.abs(box.x - here.x), y = Math.abs(box.y - here.y);
      return dy ? y + 2 * x : x + 6 * y;
    };
    const nearest = (ids) => ids.filter((id) => id !== this.selected && ahead(id)).sort((a, b) => cost(a) - cost(b))[0];
    const next = nearest(along) ?? nearest([...boxes.keys()]);
    if (next) this.select(next, { open: this.cardOpen });
  }

  // --- selection, light and card

  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.stage.classList.toggle("tracing", !!id);
    this.svg?.querySelectorAll(".near").forEach((group) => group.classList.remove("near"));
    for (const one of id ? this.alike(id) : []) {
      this.picture.boxes.get(one).group.classList.add("near");
      for (const group of this.near.get(one)) group.classList.add("near");
    }
  }

  // A box, and the copies of the same leaf.
  alike(id) { return [...this.picture.boxes.keys()].filter((other) => other === id || (thing(other) === thing(id) && /~(\d+|leaf)$/.test(id) && /~(\d+|leaf)$/.test(other))); }

  select(id, { open = this.cardOpen, tell = true } = {}) {
    if (!this.picture.boxes.has(id)) id = null;
    this.svg?.querySelectorAll(".selected, .beside").forEach((group) => group.classList.remove("selected", "beside"));
    for (const one of id ? this.alike(id) : []) this.picture.boxes.get(one).group.classList.add("selected");
    for (const edge of this.picture.edges) edge.group.classList.toggle("beside", !!id && (edge.source === id || edge.target === id));
    const card = id ? this.cards[id] : null, changed = id !== this.selected;
    this.selected = id;
    this.cardOpen = !!id && open;
    this.showCard(this.cardOpen ? card : null);
    if (id && changed) {
      const box = this.picture.boxes.get(id);
      this.stage.setAttribute("aria-activedescendant", box.group.id);
      this.announced.textContent = box.label;
      requestAnimationFrame(() => { if (this.selected === id && box.group.isConnected) this.camera.reveal(box.group); });
    }
    if (!tell || !changed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send("selected", id), TELL_AFTER);
  }

  showCard(card) {
    const text = JSON.stringify(card ?? null);
    if (text === this.cardText) return;
    this.cardText = text;
    this.aside.hidden = !card;
    if (card) fillCard(this.aside, card, () => this.close());
    this.resized();
  }

  close() {
    this.cardOpen = false;
    this.showCard(null);
    this.stage.focus({ preventScroll: true });
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

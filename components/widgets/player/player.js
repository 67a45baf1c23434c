// The player: one `Player` per mounted component. Streamlit calls the default export again on every change of data, so
// setting up happens once and everything else is in `update`. The other files of this folder stand above this text.

const players = new WeakMap();
const NARROW = 620, WIDE = 760, SAME_CLICK = 4, WRITE_AFTER = 150, MOST_LISTED = 100, MOST_FOUND = 200;
// The width, at 14 px, of a text as Graphviz measured it; where another font stands in for Arial, it is set smaller.
const PROBE = "AccumulateGrad SumBackward0", PROBE_WIDTH = 198;

class Player {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.gv = find(".gv"); this.stage = find(".stage"); this.aside = find(".card"); this.messageBox = find(".message");
    this.titleBox = find(".title"); this.legendBox = find(".legend"); this.announced = find(".announced");
    this.menu = find(".files"); this.list = find(".findings"); this.saveButton = find("[data-do=save]"); this.search = find("[type=search]"); this.hits = find(".find output");
    this.by = find(".by select"); this.illButton = find("[data-do=list]");
    this.camera = new Camera(this.stage);
    this.abort = new AbortController();
    this.picture = { boxes: new Map(), edges: [], frames: new Map() };
    this.data = {}; this.story = new Story({}); this.at = null; this.selected = null; this.cardOpen = false; this.pointers = new Map();
    this.code = new CodePane(find(".code"), { pick: (line) => this.toLine(line), hover: (line) => this.lightLine(line) });
    this.time = new Timeline(find("footer"), { go: (at) => this.go(at) });
    this.listen();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.stage);
  }

  on(target, event, action, options = {}) { target.addEventListener(event, action, { ...options, signal: this.abort.signal }); }

  listen() {
    this.actions = {
      in: () => this.camera.zoom(0.8), out: () => this.camera.zoom(1.25), fit: () => this.camera.fit(), full: () => this.fullScreen(),
      first: () => this.go(0), back: () => this.step(-1), next: () => this.step(1), last: () => this.go(this.story.last), play: () => this.play(),
      call: () => this.go(this.story.nextBegin(this.at)), error: () => this.go(this.story.nextError(this.at)),
      save: () => this.toggle(this.menu, this.saveButton), list: () => this.toggle(this.list, this.illButton), ill: () => this.nextFinding(),
    };
    this.gv.querySelectorAll("[data-do]").forEach((button) => this.on(button, "click", () => this.actions[button.dataset.do]()));
    this.gv.querySelectorAll("[data-save]").forEach((button) => this.on(button, "click", () => this.save(button.dataset.save)));
    this.on(this.stage, "wheel", (event) => this.wheel(event), { passive: false });
    this.on(this.stage, "pointerdown", (event) => this.press(event));
    this.on(this.stage, "pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) this.on(this.stage, name, (event) => this.release(event));
    this.on(this.stage, "click", (event) => this.click(event));
    this.on(this.stage, "dblclick", (event) => { const id = event.target.closest?.(".node")?.dataset.id; if (id) this.open(id); });
    this.on(this.stage, "pointerover", (event) => { if (event.pointerType === "mouse") this.light(event.target.closest?.(".node")?.dataset.id); });
    this.on(this.stage, "pointerleave", () => this.light(null));
    this.on(this.gv, "keydown", (event) => this.key(event));
    this.on(document, "keydown", (event) => { if (event.target === document.body && this.isFirst()) this.key(event); });
    this.on(document, "fullscreenchange", () => requestAnimationFrame(() => { this.resized(); this.camera.fit(); }));
    this.on(this.search, "input", () => this.find());
    this.on(this.by, "change", () => this.paint());
    this.on(this.time.speed, "change", () => { if (this.playing) { this.pause(); this.play(); } });
    this.on(window, "autograd-lab:line", ({ detail }) => {
      if (!this.data.channel || detail?.channel !== this.data.channel) return;
      if (detail.act === "pick") this.toLine(detail.line); else this.lightLine(detail.act === "hover" ? detail.line : null);
    });
    this.on(window, "autograd-lab:hello", ({ detail }) => { if (this.data.channel && detail?.channel === this.data.channel) this.tellEditor(); });
  }

  // Of several players in a page the first that is seen takes the keys that nobody else has.
  isFirst() { return this.gv.isConnected && this.gv.offsetParent !== null && (globalThis.autogradLab.first ??= this) === this; }

  // --- what the server sends

  update(data) {
    const before = this.data;
    this.data = data;
    const fresh = data.source !== before.source || data.key !== before.key;
    if (fresh) this.pause();
    const kept = fresh ? place.read(this.placeKey()) : { step: this.momentNumber(), node: this.selected };
    for (const kind of ["lab", "torchviz"]) this.gv.classList.toggle(kind, data.kind === kind);
    this.gv.classList.toggle("dark", this.isDark());
    this.gv.style.setProperty("--above", `${data.above ?? 20}px`);
    this.gv.classList.toggle("with-code", !!data.show_code);
    this.gv.classList.toggle("narrow", this.gv.clientWidth < NARROW);
    this.gv.classList.toggle("folds", !!data.can_fold);
    this.titleBox.textContent = data.title || "";
    this.story = new Story(data);
    this.code.open(data.code, data.backwards || [], data.failed);
    this.time.open(this.story);
    if (data.svg !== before.svg) this.draw(data.svg || "");
    this.messageBox.textContent = this.svg ? "" : data.svg ? "This picture cannot be shown." : data.message || "";
    this.gv.classList.toggle("bare", !this.svg);
    this.paint();
    this.findings();
    const at = kept.step === null || kept.step === undefined ? null : this.momentAt(kept.step);
    this.go(at, { select: false, remember: false });
    const node = this.inside ?? kept.node ?? null;
    this.inside = null;
    this.select(node, { open: fresh ? !!kept.node : this.cardOpen, reveal: fresh });
    if (fresh) this.remember();
  }

  placeKey() { return `${this.data.key}\n${this.data.source}`; }

  momentNumber() { return this.at === null ? null : this.story.moments[this.at]?.n ?? this.at; }

  momentAt(number) {
    const found = this.story.moments.findIndex((moment) => moment.n >= number);
    return found >= 0 ? found : this.story.last >= 0 ? this.story.last : null;
  }

  isDark() {
    const parts = getComputedStyle(this.gv).backgroundColor.match(/[\d.]+/g)?.map(Number) || [255, 255, 255];
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
  }

  draw(text) {
    const before = this.picture.boxes;
    this.svg?.remove();
    this.svg = text ? sanitised(text) : null;
    this.picture = { boxes: new Map(), edges: [], frames: new Map() };
    this.flags = new Map();
    if (!this.svg) return;
    this.stage.prepend(this.svg);
    this.fontSize();
    if (this.gv.classList.contains("lab")) centreLabels(this.svg);
    this.picture = readPicture(this.svg);
    for (const [id, box] of this.picture.boxes) {
      // What comes and goes with the story is taken off the labels and put on again by `show`.
      box.still = box.kinds.filter((kind) => ["freed", "released", "stopped"].includes(kind));
      box.words = box.texts.map((line) => line.map((piece) => piece.textContent));
      if (this.data.boxes?.[id]?.folded) box.group.setAttribute("aria-label", `${box.label}, folded`);
    }
    for (const [id, group] of this.picture.frames) group.dataset.frame = id;
    this.near = new Map([...this.picture.boxes.keys()].map((id) => [id, new Set()]));
    for (const edge of this.picture.edges)
      for (const [one, other] of [[edge.source, edge.target], [edge.target, edge.source]]) this.near.get(one).add(edge.group).add(this.picture.boxes.get(other).group);
    // The same graph with other numbers keeps its place; another graph is shown from its start.
    const shared = [...this.picture.boxes.keys()].filter((id) => before.has(id)).length;
    const [first] = [...this.picture.boxes.values()].sort((a, b) => a.y - b.y);
    this.camera.first = first && { x: first.x + this.shift(), y: 0 };
    const anchor = this.anchor && before.get(this.anchor.from), after = this.anchor && this.picture.boxes.get(this.anchor.to ?? this.anchor.from);
    this.camera.open(this.svg, shared > 0.6 * Math.max(before.size, this.picture.boxes.size));
    if (this.anchor) { const target = after ?? this.inGroup(this.anchor.from); if (target) requestAnimationFrame(() => this.camera.reveal(target.group)); }
    this.anchor = null;
  }

  // A box of the group that was opened; it is selected next.
  inGroup(id) {
    const inside = (this.data.frames || []).find(([frame]) => frame === id)?.[1].find((box) => this.picture.boxes.has(box));
    const box = inside ?? [...this.picture.boxes.keys()].find((one) => one.startsWith(`${id}.`));
    this.inside = box ?? null;
    return this.picture.boxes.get(box);
  }

  // Graphviz draws in a group that it moves; boxes are measured inside it, the camera outside.
  shift() { return this.svg.querySelector("g.graph")?.transform.baseVal.consolidate()?.matrix.e ?? 0; }

  fontSize() {
    const pen = (Player.pen ??= document.createElement("canvas").getContext("2d"));
    pen.font = `14px ${getComputedStyle(this.gv).getPropertyValue("--boxes")}`;
    const wide = pen.measureText(PROBE).width / PROBE_WIDTH;
    this.gv.style.setProperty("--narrower", wide > 1.02 ? (1 / wide).toFixed(3) : "1");
  }

  resized() {
    this.gv.classList.toggle("narrow", this.gv.clientWidth < NARROW);
    if (!this.camera.svg || !this.camera.box) return;
    // What was seen whole stays whole; otherwise nothing moves on the screen.
    if (this.camera.fitted) this.camera.fit();
    else if (!this.camera.moved) { this.camera.start(); this.reveal(); }
    else { this.camera.hold(); this.reveal(); }
  }

  reveal() { const box = this.picture.boxes.get(this.selected); if (box?.group.isConnected) this.camera.reveal(box.group); }

  // --- the story

  step(by) {
    if (this.story.last < 0) return;
    if (this.at === null) this.go(by > 0 ? 0 : this.story.last);
    else this.go(Math.max(0, Math.min(this.story.last, this.at + by)));
  }

  go(at, { select = true, remember = true } = {}) {
    if (at === undefined || (at !== null && (at < 0 || at > this.story.last))) return;
    this.at = at;
    this.show();
    const box = at === null ? null : this.shownBox(this.story.moments[at]);
    if (select && box) this.select(box, { open: this.cardOpen || this.gv.clientWidth >= WIDE });
    else this.showCard();
    if (remember) this.remember();
  }

  shownBox(moment) { return moment.box && (this.picture.boxes.has(moment.box) ? moment.box : null); }

  toLine(line) { const at = this.story.nextAtLine(line, this.at); if (at !== null) this.go(at); }

  play() {
    if (this.playing) return this.pause();
    if (this.story.last < 0) return;
    if (this.at === null || this.at === this.story.last) this.go(0);
    this.playing = setInterval(() => { if (this.at === null || this.at >= this.story.last) this.pause(); else this.step(1); }, 1000 / +this.time.speed.value);
    this.time.show(this.at, true);
  }

  pause() { clearInterval(this.playing); this.playing = null; if (this.time.story) this.time.show(this.at, false); }

  // Bring everything that is seen to the moment. Only what changed is touched.
  show() {
    const { at, story } = this, moment = story.moment(at), future = new Set();
    this.gv.classList.toggle("walking", at !== null);
    for (const [id, box] of this.picture.boxes) {
      const is = story.box(id, at), words = at === null ? box.still : ["future", "now", "done", "freed", "stopped"].filter((word) => is[word]);
      if (is.future) future.add(id);
      if (is.freed && at !== null && !box.kinds.includes("saved")) words.splice(words.indexOf("freed"), 1, "released");
      this.mark(box, words);
      this.write(box, story.leaf(id, at));
    }
    for (const edge of this.picture.edges) {
      const carried = story.carried(edge.number, at), ahead = future.has(edge.source) || future.has(edge.target);
      const words = [...(ahead ? ["future"] : []), ...(carried?.now ? ["now"] : []), ...(carried?.old ? ["old"] : []), ...(carried?.none ? ["waiting"] : [])];
      this.mark(edge, words);
      const text = carried ? `\u00a0${carried.text}\u00a0` : edge.label;
      if (edge.text && edge.shown !== text) { edge.shown = text; edge.text.textContent = text; }
    }
    this.code.show({ line: moment?.line ?? null, lit: moment?.lit ?? [], tone: moment?.kind === "error" ? "error" : "now", notes: story.notes(at) });
    this.time.show(at, !!this.playing);
    this.tellEditor();
  }

  mark(thing, words) {
    const text = words.join(" ");
    if (thing.marked === text) return;
    thing.marked = text;
    thing.group.classList.remove("future", "now", "done", "freed", "released", "stopped", "old", "waiting");
    if (words.length) thing.group.classList.add(...words);
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

  tellEditor() {
    const { data, story, at } = this, moment = story.moment(at);
    if (!data.channel) return;
    const detail = {
      channel: data.channel, text: data.source, line: moment?.line ?? null, tone: moment?.kind === "error" ? "error" : "now",
      lit: [...new Set([...(moment?.lit ?? []), ...(this.litLines ?? [])])], notes: story.notes(at), backwards: data.backwards || [], failed: data.failed ?? null,
    };
    window.dispatchEvent(new CustomEvent("autograd-lab:step", { detail }));
  }

  remember() {
    clearTimeout(this.writing);
    const key = this.placeKey(), where = { step: this.momentNumber(), node: this.selected }, inAddress = !!this.data.in_address;
    this.writing = setTimeout(() => place.write(key, where, inAddress), WRITE_AFTER);
  }

  // --- folding

  open(id) {
    if (!this.data.can_fold || !this.data.boxes?.[id]?.folded) return;
    this.anchor = { from: id };
    this.gv.classList.add("busy");
    this.send("fold", { open: id });
  }

  close(id) {
    if (!this.data.can_fold) return;
    this.anchor = { from: id, to: id };
    this.gv.classList.add("busy");
    this.send("fold", { close: id });
  }

  // The innermost frame around the selected box.
  closeAround() {
    const { frames } = this.picture, here = this.picture.boxes.get(this.selected)?.group.getBoundingClientRect();
    if (!here) return;
    const around = [...frames].map(([id, group]) => [id, group.getBoundingClientRect()])
      .filter(([, r]) => r.left <= here.left && r.right >= here.right && r.top <= here.top && r.bottom >= here.bottom)
      .sort((a, b) => a[1].width * a[1].height - b[1].width * b[1].height);
    if (around.length) this.close(around[0][0]);
  }

  // --- colour, search, findings

  paint() {
    const legend = this.svg && this.data.kind === "lab" ? paint(this.picture, this.data.boxes || {}, this.by.value) : null;
    const items = (this.data.legend || []).map(([kind, word]) => { const item = made("li"); item.append(made("i", kind), word); return item; });
    if (legend?.ends) { const item = made("li", "scale"); item.append(String(+legend.ends[0].toPrecision(3)), made("i", "ramp"), String(+legend.ends[1].toPrecision(3))); items.push(item); }
    if (legend?.none) items.push(made("li", "", legend.none));
    for (const [name, hue] of legend?.modules?.slice(0, 8) ?? []) { const item = made("li"), spot = made("i", "hue"); spot.style.setProperty("--hue", hue); item.append(spot, name); items.push(item); }
    this.legendBox.replaceChildren(...items);
    this.by.closest("label").hidden = this.data.kind !== "lab" || !this.svg;
  }

  find() {
    const wanted = this.search.value.trim().toLowerCase();
    this.found = [];
    for (const [id, box] of this.picture.boxes) {
      const hit = !!wanted && `${box.label} ${id} ${this.data.boxes?.[id]?.names ?? ""}`.toLowerCase().includes(wanted);
      box.group.classList.toggle("hit", hit);
      if (hit) this.found.push(id);
    }
    this.stage.classList.toggle("searching", !!wanted);
    this.hits.textContent = wanted ? (this.found.length ? String(this.found.length) : "none") : "";
  }

  nextHit(by = 1) {
    if (!this.found?.length) return;
    const here = this.found.indexOf(this.selected);
    this.select(this.found[(here + by + this.found.length) % this.found.length], { open: true });
  }

  findings() {
    const found = this.data.findings || [], counts = new Map();
    for (const { illness } of found) counts.set(illness, (counts.get(illness) ?? 0) + 1);
    const words = { nan: "NaN", inf: "infinite", exploding: "exploding", vanishing: "vanishing" };
    this.illButton.hidden = !found.length;
    const more = found.length >= MOST_FOUND ? "+" : "";
    this.illButton.textContent = [...counts].map(([kind, count]) => `${count}${more} ${words[kind]}`).join(" · ");
    this.illButton.title = "Gradients to look at (I goes to the next one)";
    this.list.replaceChildren(...found.slice(0, MOST_LISTED).map((finding, number) => {
      const item = made("button", "", finding.text);
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.addEventListener("click", () => { this.closeMenus(); this.toFinding(number); });
      return item;
    }), ...(found.length > MOST_LISTED ? [made("p", "", `${MOST_LISTED} of ${found.length}${more} shown; I goes on.`)] : []));
    for (const { group } of this.picture.boxes.values()) group.classList.remove("ill");
    for (const { box } of found) this.picture.boxes.get(box)?.group.classList.add("ill");
    this.illAt = -1;
  }

  nextFinding() {
    const found = this.data.findings || [];
    if (!found.length) return;
    this.toFinding((this.illAt + 1) % found.length);
  }

  toFinding(number) {
    const { moment, box, text } = this.data.findings[(this.illAt = number)];
    this.go(moment);
    this.select(box, { open: true });
    this.announced.textContent = text;
  }

  // --- pointer

  click(event) {
    if (this.dragged || this.closeMenus()) return;
    const frame = event.target.tagName === "text" && event.target.closest?.(".cluster")?.dataset.frame;
    if (frame) return this.close(frame);
    this.select(event.target.closest?.(".node")?.dataset.id ?? null, { open: true });
    this.remember();
  }

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
    const typing = event.target.closest?.("input[type=search], select");
    if (event.ctrlKey || event.metaKey || event.altKey || (typing && !["Escape", "Enter"].includes(event.key))) return;
    if (typing) {
      if (event.key === "Enter") this.nextHit(event.shiftKey ? -1 : 1);
      else { this.search.value = ""; this.find(); this.stage.focus({ preventScroll: true }); }
      event.stopPropagation();
      return;
    }
    const pressed = event.target.closest?.("button, summary"), inStage = this.stage.contains(event.target), free = event.target === document.body && this.data.key !== "page";
    const bound = {
      ArrowRight: event.shiftKey ? () => this.along(1, 0) : this.actions.next, ArrowLeft: event.shiftKey ? () => this.along(-1, 0) : this.actions.back,
      Home: this.actions.first, End: this.actions.last, ...(pressed ? {} : { " ": this.actions.play }),
      ...(free ? {} : {
        b: this.actions.call, e: this.actions.error, "/": () => this.search.focus(), f: this.actions.full, i: this.actions.ill,
        "+": this.actions.in, "=": this.actions.in, "-": this.actions.out, 0: this.actions.fit,
        Escape: () => this.escape(), w: () => this.go(null),
        o: () => this.open(this.selected), c: () => this.closeAround(),
      }),
      ...(inStage ? {
        Enter: () => { this.select(this.selected, { open: true }); if (this.cardOpen) this.aside.focus(); },
        ArrowDown: () => this.along(0, 1), ArrowUp: () => this.along(0, -1),
      } : {}),
    }[event.key];
    if (bound) { event.preventDefault(); event.stopPropagation(); bound(); }
  }

  escape() {
    if (this.closeMenus()) this.stage.focus({ preventScroll: true });
    else if (this.cardOpen) this.closeCard();
    else { this.select(null); this.remember(); }
  }

  // Down follows an edge with the gradient, up against it, right and left to what hangs or stands beside.
  along(dx, dy) {
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
    if (next) { this.select(next, { open: this.cardOpen }); this.remember(); }
  }

  // --- selection, light and card

  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.lightGroups(id ? this.alike(id) : []);
    const facts = id ? this.data.boxes?.[id] : null;
    this.lightCode(facts?.lines ? [facts.lines[0], facts.lines[1]] : facts?.line ? [facts.line, facts.line] : null);
  }

  lightGroups(ids) {
    this.stage.classList.toggle("tracing", ids.length > 0);
    this.svg?.querySelectorAll(".near").forEach((group) => group.classList.remove("near"));
    for (const one of ids) {
      this.picture.boxes.get(one).group.classList.add("near");
      for (const group of this.near.get(one)) group.classList.add("near");
    }
  }

  lightCode(range) {
    this.litLines = range ? this.code.rows.map((_, place) => place + 1).filter((line) => line >= range[0] && line <= range[1]) : [];
    this.code.rows.forEach(({ row }, place) => row.classList.toggle("lit", this.litLines.includes(place + 1) || (this.story.moment(this.at)?.lit ?? []).includes(place + 1)));
    this.tellEditor();
  }

  lightLine(line) {
    if (line === this.lineLit) return;
    this.lineLit = line;
    const within = (facts) => (facts.lines ? facts.lines[0] <= line && line <= facts.lines[1] : facts.line === line);
    this.lightGroups(line ? [...this.picture.boxes.keys()].filter((id) => within(this.data.boxes?.[id] ?? {})) : []);
  }

  // A box, and the copies of the same leaf.
  alike(id) { return [...this.picture.boxes.keys()].filter((other) => other === id || (thing(other) === thing(id) && /~(\d+|leaf)$/.test(id) && /~(\d+|leaf)$/.test(other))); }

  select(id, { open = this.cardOpen, reveal = true } = {}) {
    if (!this.picture.boxes.has(id)) id = null;
    this.svg?.querySelectorAll(".selected, .beside").forEach((group) => group.classList.remove("selected", "beside"));
    for (const one of id ? this.alike(id) : []) this.picture.boxes.get(one).group.classList.add("selected");
    for (const edge of this.picture.edges) edge.group.classList.toggle("beside", !!id && (edge.source === id || edge.target === id));
    const changed = id !== this.selected;
    this.selected = id;
    this.cardOpen = !!id && open;
    this.showCard();
    if (!id || !reveal) return;
    const box = this.picture.boxes.get(id);
    this.stage.setAttribute("aria-activedescendant", box.group.id);
    if (changed) this.announced.textContent = box.label;
    requestAnimationFrame(() => { if (this.selected === id) this.reveal(); });
  }

  showCard() {
    const card = this.cardOpen ? this.data.cards?.[this.selected] ?? null : null;
    if (card === this.cardShown && this.at === this.cardAt) return;
    const same = card === this.cardShown, hidden = this.aside.hidden;
    this.cardShown = card;
    this.cardAt = this.at;
    this.aside.hidden = !card;
    if (card) {
      const folded = this.data.can_fold && this.data.boxes?.[this.selected]?.folded, id = this.selected, moment = this.story.moment(this.at);
      const whole = !moment || (moment.kind === "error" && this.story.same(moment.box, id));
      fillCard(this.aside, card, this.at, { close: () => this.closeCard(), open: folded ? () => this.open(id) : null, whole, visits: this.data.boxes?.[id]?.passes ?? [] });
      if (!same) this.aside.scrollTop = 0;
    }
    if (hidden !== this.aside.hidden) this.resized();
  }

  closeCard() {
    this.cardOpen = false;
    this.showCard();
    this.stage.focus({ preventScroll: true });
  }

  // --- files

  toggle(menu, button) {
    const open = menu.hidden;
    this.closeMenus();
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("button")?.focus();
  }

  closeMenus() {
    const open = [[this.menu, this.saveButton], [this.list, this.illButton]].filter(([menu]) => !menu.hidden);
    for (const [menu, button] of open) { menu.hidden = true; button.setAttribute("aria-expanded", "false"); }
    return open.length > 0;
  }

  save(kind) {
    this.closeMenus();
    const name = `autograd-${this.data.kind || "lab"}`;
    if (kind === "dot") return save(`${name}.dot`, new Blob([this.data.dot || ""], { type: "text/vnd.graphviz" }));
    if (!this.svg) return;
    const text = standalone(this.svg, this.camera.home, getComputedStyle(this.gv).backgroundColor);
    if (kind === "svg") return save(`${name}.svg`, new Blob([text], { type: "image/svg+xml" }));
    savePng(text, this.camera.home, kind === "png4" ? 4 : 2, `${name}@${kind === "png4" ? 4 : 2}x.png`);
  }

  dispose() {
    this.pause();
    clearTimeout(this.writing);
    if (globalThis.autogradLab.first === this) globalThis.autogradLab.first = null;
    this.abort.abort();
    this.sizes.disconnect();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let player = players.get(parentElement);
  if (!player) players.set(parentElement, (player = new Player(parentElement)));
  player.send = setTriggerValue || (() => {});
  player.gv.classList.remove("busy");
  player.update(data || {});
  return () => { players.get(parentElement)?.dispose(); players.delete(parentElement); };
}

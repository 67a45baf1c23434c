// The player: one `Player` per mounted component holds the picture, the story, the card and the timeline together.
// Streamlit calls the default export again on every change of data, so setting up happens once and everything else is in
// `update`. The other files of this folder stand above this text.
//
// Longer than usual because it is the one place that knows all the parts.

const players = new WeakMap();
const NARROW = 620, WIDE = 760, SAME_PLACE = 6, DOUBLE = 500;
// Where keys are somebody's own: what is typed in, and what arrows move through.
const OWN_KEYS = "input, textarea, select, [contenteditable=true], [role=slider], [role=radio], [role=tab], [role=option], [role=menu], [role=dialog]";

class Player {
  constructor(root) {
    const find = (selector) => root.querySelector(selector), on = (...what) => this.on(...what);
    this.gv = find(".gv"); this.stage = find(".stage"); this.aside = find(".card"); this.message = find(".message");
    this.title = find(".title"); this.legend = find(".legend"); this.announced = find(".announced");
    this.files = find(".files"); this.search = find("[type=search]"); this.hits = find(".find output"); this.by = find(".by select");
    this.finder = find(".finder");
    const listed = find(".findings"), listButton = find("[data-do=list]");
    this.abort = new AbortController();
    this.data = {}; this.story = new Story({}); this.at = null; this.selected = null; this.cardOpen = false; this.found = [];
    this.place = new Place();
    this.camera = new Camera(this.stage);
    this.scene = new Scene(this.gv, this.stage, this.camera);
    this.pointer = new Pointer(this.stage, this.camera, { on, drag: () => this.light(null) });
    this.menus = new Menus([[this.files, find("[data-do=save]")], [listed, listButton]]);
    this.findings = new Findings(listButton, listed, { go: (finding) => this.toFinding(finding) });
    this.code = new CodePane(find(".code"), { pick: (line) => this.toLine(line), hover: (line) => this.lightLine(line) });
    this.figures = new Figures(find(".pictures"), { on });
    this.time = new Timeline(find("footer"), { go: (at) => this.go(at) });
    this.actions = {
      in: () => this.camera.zoom(0.8), out: () => this.camera.zoom(1.25), fit: () => this.camera.fit(), full: () => this.fullScreen(),
      first: () => this.go(0), back: () => this.step(-1), next: () => this.step(1), last: () => this.go(this.story.last), play: () => this.play(),
      call: () => this.go(this.story.nextBegin(this.at)), error: () => this.go(this.story.nextError(this.at)),
      save: () => this.menus.toggle(this.files), list: () => this.menus.toggle(listed),
    };
    this.listen();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.stage);
  }

  on(target, event, action, options = {}) { target.addEventListener(event, action, { ...options, signal: this.abort.signal }); }

  listen() {
    const boxOf = (event) => event.target.closest?.(".node")?.dataset.id ?? null;
    this.gv.querySelectorAll("[data-do]").forEach((button) => this.on(button, "click", () => this.actions[button.dataset.do]()));
    this.gv.querySelectorAll("[data-save]").forEach((button) => this.on(button, "click", () => this.save(button.dataset.save)));
    this.on(this.stage, "click", (event) => this.click(event, boxOf(event)));
    this.on(this.gv, "click", (event) => this.secondClick(event, boxOf(event)), { capture: true });
    this.on(this.stage, "dblclick", (event) => this.open(boxOf(event)));
    this.on(this.stage, "pointerover", (event) => { if (event.pointerType === "mouse") this.light(boxOf(event)); });
    this.on(this.stage, "pointerleave", () => this.light(null));
    this.on(this.gv, "keydown", (event) => this.key(event));
    this.on(document, "keydown", (event) => { if (this.isNobodys(event) && this.isFirst()) this.key(event); });
    this.on(document, "pointerdown", (event) => { if (!event.composedPath().some((one) => one === this.finder)) this.menus.close(); });
    this.on(document, "fullscreenchange", () => requestAnimationFrame(() => { this.camera.project(); this.resized(); }));
    this.on(this.search, "input", () => this.find());
    this.on(this.by, "change", () => this.paint());
    this.on(this.time.speed, "change", () => { if (this.playing) { this.pause(); this.play(); } });
    const mine = (detail) => this.data.channel && detail?.channel === this.data.channel;
    this.on(window, "autograd-lab:line", ({ detail }) => {
      if (!mine(detail)) return;
      if (detail.act === "pick") this.toLine(detail.line); else this.lightLine(detail.act === "hover" ? detail.line : null);
    });
    this.on(window, "autograd-lab:hello", ({ detail }) => { if (mine(detail)) this.tellEditor(); });
  }

  // A key that was pressed on the page as such, on a link or a button of it, not in a field, an editor or a menu.
  isNobodys(event) {
    const path = event.composedPath();
    return !event.defaultPrevented && !path.includes(this.gv) && !path.some((one) => one.matches?.(OWN_KEYS));
  }

  // Of several players in a page the first that is seen takes the keys that nobody else has.
  isFirst() {
    const { first } = globalThis.autogradLab;
    if (first && !first.gv.checkVisibility()) globalThis.autogradLab.first = null;
    return this.gv.checkVisibility() && (globalThis.autogradLab.first ??= this) === this;
  }

  // --- what the server sends

  update(data) {
    const before = this.data, fresh = data.source !== before.source || data.key !== before.key;
    this.data = data;
    if (fresh) this.pause();
    this.place.open(data.key, data.signature);
    const kept = fresh ? this.place.read() : { step: this.momentNumber(), node: this.selected };
    // Somebody outside leads to a step, once.
    const led = data.goto && data.goto.turn !== this.followed ? data.goto.step : null;
    this.followed = data.goto?.turn;
    for (const kind of ["lab", "torchviz"]) this.gv.classList.toggle(kind, data.kind === kind);
    this.gv.classList.toggle("dark", this.isDark());
    this.gv.style.setProperty("--above", `${data.above ?? 20}px`);
    this.gv.classList.toggle("with-code", !!data.show_code);
    this.gv.classList.toggle("narrow", this.gv.clientWidth < NARROW);
    this.gv.classList.toggle("folds", !!data.can_fold);
    this.title.textContent = data.title || "";
    this.story = new Story(data);
    this.code.open(data.source, data.code, data.backwards || [], data.failed);
    this.time.open(this.story);
    // What was pointed at may be gone.
    this.lit = this.lineLit = null;
    this.litLines = [];
    this.scene.light([]);
    const inside = data.svg !== before.svg ? this.scene.draw(data.svg || "", data, this.anchor, fresh) : null;
    this.anchor = null;
    this.message.textContent = this.scene.svg ? "" : data.svg ? "This picture cannot be shown." : data.message || "";
    this.gv.classList.toggle("bare", !this.scene.svg);
    this.paint();
    this.find();
    this.findings.show(data.findings || [], !!data.more_findings);
    const step = led ?? kept.step ?? null;
    this.go(step === null ? null : this.momentAt(step), { select: false, remember: led !== null });
    // Where a card would take the place of the program, its line is what one was led to.
    const open = this.cardOpen || !data.show_code || !this.gv.classList.contains("narrow");
    if (led !== null) return this.select(this.story.moments[this.at]?.box ?? null, { open, reveal: true });
    this.select(inside ?? kept.node ?? null, { open: fresh ? !!kept.node : this.cardOpen, reveal: fresh || !!inside });
    if (fresh) this.remember();
  }

  momentNumber() { return this.at === null ? null : this.story.moments[this.at]?.n ?? this.at; }

  momentAt(number) {
    const found = this.story.moments.findIndex((moment) => moment.n >= number);
    return found >= 0 ? found : this.story.last >= 0 ? this.story.last : null;
  }

  isDark() {
    const parts = getComputedStyle(this.gv).backgroundColor.match(/[\d.]+/g)?.map(Number) || [255, 255, 255];
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
  }

  resized() {
    this.gv.classList.toggle("narrow", this.gv.clientWidth < NARROW);
    if (!this.camera.svg || !this.camera.box) return;
    // What was seen whole stays whole; otherwise nothing moves on the screen.
    if (this.camera.fitted) return this.camera.fit();
    if (this.camera.moved) this.camera.hold(); else this.camera.start();
    this.scene.reveal(this.selected);
  }

  // --- the story

  step(by) {
    if (this.story.last < 0) return;
    if (this.at === null) this.go(by > 0 ? 0 : this.story.last);
    else this.go(Math.max(0, Math.min(this.story.last, this.at + by)));
  }

  go(at, { select = true, remember = true } = {}) {
    if (at === undefined || (at !== null && (at < 0 || at > this.story.last))) return;
    this.at = at;
    // A pointer that rests somewhere must not leave what happens now in the shade.
    if (this.lit) this.light(null);
    this.show();
    const box = at === null ? null : this.story.moments[at].box;
    if (select && this.scene.boxes.has(box)) this.select(box, { open: this.cardOpen || this.gv.clientWidth >= WIDE });
    else this.showCard();
    if (remember) this.remember();
  }

  toLine(line) { const at = this.story.nextAtLine(line, this.at); if (at !== null) this.go(at); }

  play() {
    if (this.playing) return this.pause();
    if (this.story.last < 0) return;
    if (this.at === null || this.at === this.story.last) this.go(0);
    this.playing = setInterval(() => { if (this.at === null || this.at >= this.story.last) this.pause(); else this.step(1); }, 1000 / +this.time.speed.value);
    this.time.show(this.at, true);
  }

  pause() { clearInterval(this.playing); this.playing = null; if (this.time.story) this.time.show(this.at, false); }

  // Bring everything that is seen to the moment.
  show() {
    const { at, story } = this, moment = story.moment(at);
    this.gv.classList.toggle("walking", at !== null);
    this.scene.show(story, at);
    this.code.show({ line: moment?.line ?? null, lit: moment?.lit ?? [], tone: moment?.kind === "error" ? "error" : "now", notes: story.notes(at) });
    this.time.show(at, !!this.playing);
    this.figures.show(story.pictures(at), at === null && !this.data.show_code);
    this.tellEditor();
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

  remember() { this.place.write({ step: this.momentNumber(), node: this.selected }); }

  // --- folding

  open(id) { if (this.data.boxes?.[id]?.folded) this.fold("open", id); }

  close(id) { if (id) this.fold("close", id); }

  fold(word, id) {
    if (!this.data.can_fold || this.anchor) return;
    this.anchor = id;
    this.gv.classList.add("busy");
    this.send("fold", { [word]: id });
  }

  // --- colour, search, findings

  paint() {
    const lab = this.data.kind === "lab" && !!this.scene.svg;
    const painted = lab ? paint(this.scene.boxes, this.data.boxes || {}, this.by.value) : null;
    this.legend.replaceChildren(...legendOf(this.data.legend || [], painted));
    this.by.closest("label").hidden = !lab;
  }

  find() {
    const wanted = this.search.value.trim().toLowerCase();
    this.found = this.scene.flag("hit", (id, box) => !!wanted && `${box.label} ${id} ${this.data.boxes?.[id]?.names ?? ""}`.toLowerCase().includes(wanted));
    this.stage.classList.toggle("searching", !!wanted);
    this.hits.textContent = wanted ? String(this.found.length || "none") : "";
  }

  nextHit(by) {
    if (!this.found.length) return;
    const here = this.found.indexOf(this.selected), next = here < 0 ? (by > 0 ? 0 : -1) : here + by;
    this.select(this.found.at(next % this.found.length), { open: true });
  }

  toFinding({ moment, box, text }) {
    this.menus.close();
    this.go(moment);
    this.select(box, { open: true });
    this.announced.textContent = text;
  }

  // --- pointer and keyboard

  // A first click may open the card, and the box moves aside: the second one at the same place still means that box.
  secondClick(event, box) {
    const { first } = this, near = first && Math.hypot(event.clientX - first.x, event.clientY - first.y) < SAME_PLACE;
    this.first = { box, x: event.clientX, y: event.clientY, at: event.timeStamp };
    if (!event.detail || !near || event.timeStamp - first.at > DOUBLE || !this.data.boxes?.[first.box]?.folded) return;
    this.first = null;
    event.stopPropagation();
    document.getSelection()?.removeAllRanges();
    this.open(first.box);
  }

  click(event, box) {
    if (this.pointer.endsDrag(event) || this.menus.close()) return;
    const frame = event.target.tagName === "text" && event.target.closest?.(".cluster")?.dataset.frame;
    if (frame) return this.close(frame);
    this.select(box, { open: true });
    this.remember();
  }

  fullScreen() { document.fullscreenElement ? document.exitFullscreen() : this.gv.requestFullscreen?.().catch(() => {}); }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input[type=search], select");
    if (typing) return this.keyInField(event, typing);
    if (event.target.closest?.("[role=menu]") && this.menus.key(event)) return event.preventDefault(), event.stopPropagation();
    const bound = this.keys(event)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (bound) { event.preventDefault(); event.stopPropagation(); bound(); }
  }

  keyInField(event, field) {
    if (!["Escape", "Enter"].includes(event.key)) return;
    event.stopPropagation();
    if (event.key === "Enter") { if (field === this.search) this.nextHit(event.shiftKey ? -1 : 1); return; }
    if (field === this.search) { this.search.value = ""; this.find(); }
    this.stage.focus({ preventScroll: true });
  }

  keys(event) {
    const { actions } = this, inPlayer = this.gv.contains(event.target), inStage = this.stage.contains(event.target);
    const onButton = event.composedPath()[0].closest?.("button, summary, a");
    return {
      ArrowRight: event.shiftKey ? () => this.along(1, 0) : actions.next, ArrowLeft: event.shiftKey ? () => this.along(-1, 0) : actions.back,
      Home: actions.first, End: actions.last, ...(onButton ? {} : { " ": actions.play }),
      b: actions.call, e: actions.error, i: () => this.findings.next(), w: () => this.go(null), "/": () => this.search.focus(), f: actions.full,
      "+": actions.in, "=": actions.in, "-": actions.out, 0: actions.fit, Escape: () => this.escape(), o: () => this.open(this.selected),
      // C and R, pressed on the page, are Streamlit's.
      ...(inPlayer ? { c: () => this.close(this.scene.frameAround(this.selected)) } : {}),
      ...(inStage ? {
        Enter: () => { this.select(this.selected, { open: true }); if (this.cardOpen) this.aside.focus(); },
        ArrowDown: () => this.along(0, 1), ArrowUp: () => this.along(0, -1),
      } : {}),
    };
  }

  escape() {
    if (this.menus.close({ focus: true })) return;
    if (this.cardOpen) this.closeCard();
    else { this.select(null); this.remember(); }
  }

  along(dx, dy) {
    const next = this.scene.along(this.selected, dx, dy);
    if (next) { this.select(next); this.remember(); }
  }

  // --- selection, light and card

  light(id) {
    if (id === this.lit) return;
    this.lit = id;
    this.scene.light(id ? this.scene.alike(id) : []);
    const facts = id ? this.data.boxes?.[id] : null, range = facts?.lines ?? (facts?.line ? [facts.line, facts.line] : null);
    this.litLines = this.code.light(range, this.story.moment(this.at)?.lit ?? []);
    this.tellEditor();
  }

  lightLine(line) {
    if (line === this.lineLit) return;
    this.lineLit = line;
    const within = (facts) => (facts.lines ? facts.lines[0] <= line && line <= facts.lines[1] : facts.line === line);
    this.scene.light(line ? [...this.scene.boxes.keys()].filter((id) => within(this.data.boxes?.[id] ?? {})) : []);
  }

  select(id, { open = this.cardOpen, reveal = true } = {}) {
    if (!this.scene.boxes.has(id)) id = null;
    this.scene.select(id);
    const changed = id !== this.selected;
    this.selected = id;
    this.cardOpen = !!id && open;
    this.showCard();
    if (!id) return this.stage.removeAttribute("aria-activedescendant");
    const box = this.scene.boxes.get(id);
    this.stage.setAttribute("aria-activedescendant", box.group.id);
    if (changed) this.announced.textContent = box.label;
    if (reveal) requestAnimationFrame(() => { if (this.selected === id) this.scene.reveal(id); });
  }

  showCard() {
    const card = this.cardOpen ? this.data.cards?.[leafOf(this.selected)] ?? null : null;
    if (card === this.cardShown && this.at === this.cardAt) return;
    const same = card === this.cardShown, hidden = this.aside.hidden;
    this.cardShown = card;
    this.cardAt = this.at;
    this.aside.hidden = !card;
    if (card) {
      const id = this.selected, facts = this.data.boxes?.[id], moment = this.story.moment(this.at);
      fillCard(this.aside, card, this.at, {
        close: () => this.closeCard(),
        open: this.data.can_fold && facts?.folded ? () => this.open(id) : null,
        whole: !moment || (moment.kind === "error" && this.story.same(moment.box, id)),
        visits: facts?.passes ?? [],
      });
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

  save(kind) {
    this.menus.close({ focus: true });
    const name = `autograd-${this.data.kind || "lab"}`;
    if (kind === "dot") return save(`${name}.dot`, new Blob([this.data.dot || ""], { type: "text/vnd.graphviz" }));
    if (!this.scene.svg) return;
    const text = standalone(this.scene.svg, this.camera.home, getComputedStyle(this.gv).backgroundColor);
    if (kind === "svg") return save(`${name}.svg`, new Blob([text], { type: "image/svg+xml" }));
    savePng(text, this.camera.home, kind === "png4" ? 4 : 2, `${name}@${kind === "png4" ? 4 : 2}x.png`);
  }

  dispose() {
    this.pause();
    this.place.forget();
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

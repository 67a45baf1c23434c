// The player: one `Player` per mounted component holds the picture, the story, the card and the timeline together.
// Streamlit calls the default export again on every change of data, so setting up happens once and everything else is
// in `update`. Longer than usual because it is the one place that knows all the parts.

import { Camera } from "./camera.js";
import { CardPane } from "./card.js";
import { CodePane } from "./code.js";
import { colourBoxes, legendOf, offerColumns } from "./colours.js";
import { find, findAll, targetOf, visible } from "./dom.js";
import { savePicture, saveText } from "./download.js";
import { Edges } from "./edges.js";
import { EditorLink } from "./editor_link.js";
import { explainBox, wordIn } from "./explain.js";
import { Figures } from "./figures.js";
import { Folds } from "./folds.js";
import { Keyboard } from "./keyboard.js";
import { arrange, dressAs, freeBeside, isRoomy } from "./layout.js";
import { Lights } from "./lights.js";
import { Findings, Menus } from "./menus.js";
import { Minimap } from "./minimap.js";
import { Place } from "./place.js";
import { Playback } from "./playback.js";
import { boxAt, DoubleClick, Pointer } from "./pointer.js";
import { Scene } from "./scene.js";
import { Search } from "./search.js";
import { Story } from "./story.js";
import { leafOf } from "./svg.js";
import { Timeline } from "./timeline.js";
import { Tips } from "./tips.js";
import { Wall } from "./wall.js";
import { WhatIf } from "./what_if.js";

/** @import { Goto, Message, PlayerFinding } from "./data.js" */
/** @import { Marks } from "./editor_link.js" */
/** @import { StepAndNode } from "../page.js" */
/** @typedef {(name: string, value: unknown) => void} Send */

/** @type {WeakMap<HTMLElement | ShadowRoot, Player>} */
const players = new WeakMap();

export class Player {
  abort = new AbortController();
  signal = this.abort.signal;
  /** The moment that is seen, null for the whole run. @type {number | null} */
  at = null;
  /** @type {string | null} */
  selected = null;
  cardOpen = false;
  /** The request to lead to a step that was followed last. @type {number | undefined} */
  followed;
  /** @type {Send} */
  send = () => {};

  /**
   * @param {HTMLElement | ShadowRoot} root
   * @param {Message} data
   */
  constructor(root, data) {
    /** @param {string} selector */
    const part = (selector) => find(root, selector, HTMLElement);
    this.gv = part(".gv");
    this.stage = part(".stage");
    this.message = part(".message");
    this.title = part(".title");
    this.legend = part(".legend");
    this.announced = part(".announced");
    this.old = part(".old-word");
    this.files = part(".files");
    this.finder = part(".finder");
    this.by = find(root, ".by select", HTMLSelectElement);
    const listed = part(".findings"), listButton = part("[data-do=list]"), { signal } = this;
    this.data = data;
    this.story = new Story(data);
    this.place = new Place();
    this.camera = new Camera(this.stage, () => this.moved());
    this.edges = new Edges(part(".more"), this.camera, signal);
    this.map = new Minimap(find(root, ".map", SVGSVGElement), this.camera, signal);
    this.folds = new Folds(this, part(".depth"));
    this.scene = new Scene(this.gv, this.stage, this.camera);
    this.search = new Search(find(root, "[type=search]", HTMLInputElement), part(".find output"), this.scene);
    this.pointer = new Pointer(this.stage, this.camera, { signal, drag: () => this.light(null) });
    const { folds } = this;
    this.clicks = new DoubleClick(this.gv, { signal, isTaken: (id) => folds.has(id), take: (id) => folds.open(id) });
    this.menus = new Menus([[this.files, part("[data-do=save]")], [listed, listButton]]);
    this.findings = new Findings(listButton, listed, { go: (finding) => this.toFinding(finding) });
    /** @param {number} line */
    const pick = (line) => this.toLine(line);
    /** @param {number | null} line */
    const hover = (line) => this.lights.toLine(line, this.data.boxes);
    this.code = new CodePane(part(".code"), { pick, hover });
    this.lights = new Lights(this.scene, this.code);
    this.card = new CardPane(part(".card"), { close: () => this.closeCard() });
    this.whatIf = new WhatIf(() => this.data.changes, (asked) => {
      this.whatIf.last = { ...asked, box: this.selected };
      this.select(null);
      this.remember();
      this.send("what_if", asked);
    });
    this.editor = new EditorLink({ signal, pick, hover, ask: () => this.tellEditor(), typed: () => this.dressOld() });
    this.figures = new Figures(part(".pictures"), signal);
    this.time = new Timeline(part("footer"), this.story, { go: (at) => this.go(at) });
    this.playback = new Playback(this.time.speed, { step: () => this.playOn(), changed: () => this.showTime() });
    this.tips = new Tips(this.gv, { signal, explain: (box) => this.explain(box.dataset.id ?? "") });
    this.actions = this.actionsOf(listed);
    this.keyboard = new Keyboard(this);
    this.wall = new Wall(this.gv, {
      signal, changed: () => this.rescaled(), step: (by) => this.step(by), isFirst: () => this.keyboard.isFirst(),
    });
    this.listen();
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.stage);
  }

  /** @param {HTMLElement} listed */
  actionsOf(listed) {
    return {
      in: () => this.camera.zoom(0.8),
      out: () => this.camera.zoom(1.25),
      fit: () => this.camera.fit(this.camera.free ?? undefined),
      full: () => this.fullScreen(),
      first: () => this.go(0),
      back: () => this.step(-1),
      next: () => this.step(1),
      last: () => this.go(this.story.last),
      play: () => this.play(),
      call: () => this.go(this.story.nextBegin(this.at)),
      error: () => this.go(this.story.nextError(this.at)),
      save: () => this.menus.toggle(this.files),
      list: () => this.menus.toggle(listed),
      coarser: () => this.folds.level("coarser"),
      finer: () => this.folds.level("finer"),
    };
  }

  listen() {
    const { gv, stage, signal } = this, actions = new Map(Object.entries(this.actions));
    for (const button of findAll(gv, "[data-do]", HTMLElement)) {
      button.addEventListener("click", () => actions.get(button.dataset.do ?? "")?.(), { signal });
    }
    for (const button of findAll(gv, "[data-save]", HTMLElement)) {
      button.addEventListener("click", () => this.save(button.dataset.save ?? ""), { signal });
    }
    stage.addEventListener("click", (event) => this.click(event), { signal });
    stage.addEventListener("dblclick", (event) => this.folds.open(boxAt(event)), { signal });
    stage.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.light(boxAt(event));
    }, { signal });
    stage.addEventListener("pointerleave", () => this.light(null), { signal });
    document.addEventListener("pointerdown", (event) => {
      if (!event.composedPath().includes(this.finder)) this.menus.close();
    }, { signal });
    document.addEventListener("fullscreenchange", () => requestAnimationFrame(() => this.rescaled()), { signal });
    this.search.field.addEventListener("input", () => this.find(), { signal });
    this.by.addEventListener("change", () => this.paint(), { signal });
    window.addEventListener("autograd-lab:save", ({ detail }) => {
      if (detail.key === this.data.key) this.save(detail.kind);
    }, { signal });
    window.addEventListener("popstate", () => this.follow(this.place.returned()), { signal });
  }

  // --- what the server sends

  /**
   * @param {Message} data
   * @param {Message | null} before
   */
  update(data, before) {
    const fresh = data.source !== before?.source || data.key !== before.key;
    this.data = data;
    if (fresh) this.playback.stop();
    this.tips.hide();
    this.place.open(data.key, data.signature);
    this.editor.open(data.channel, data.source);
    const place = fresh ? this.place.read() : this.here();
    // Somebody outside leads to a step or to a box, once.
    const led = data.goto && data.goto.turn !== this.followed ? data.goto : null;
    this.followed = data.goto?.turn;
    this.dress();
    this.story = new Story(data);
    this.code.open(data.source, data.code, data.backwards, data.failed);
    this.time.open(this.story);
    this.lights.forget();
    const anchor = this.folds.came(), isOther = data.svg !== before?.svg;
    const inside = isOther ? this.scene.draw(data, anchor, fresh) : null;
    if (isOther) this.map.draw(this.scene);
    this.folds.show();
    this.sayWhyBare();
    this.paint();
    this.find();
    this.findings.show(data.findings, data.more_findings);
    if (led) this.lead(led, place);
    else this.stay(place, inside, fresh);
    this.whatIf.back(data.refused, (box) => this.select(box, { open: true }));
    this.findings.goOn();
    this.folds.goOn(anchor);
  }

  // A picture that the page brought along.
  /** @param {Message} data */
  refresh(data) { this.update(data, this.data); }

  // Where there is no picture.
  sayWhyBare() {
    const bare = !this.scene.svg, why = this.data.svg ? "This picture cannot be shown." : this.data.message;
    this.gv.classList.toggle("bare", bare);
    this.message.textContent = bare ? visible(why) : "";
  }

  dress() {
    dressAs(this.gv, this.data);
    arrange(this.gv, this.stage, this.legend, this.code.list);
    this.title.textContent = this.title.title = visible(this.data.title);
    this.dressOld();
  }

  // Whether the picture is of a program that has been changed since.
  dressOld() {
    const { isOld } = this.editor;
    this.gv.classList.toggle("old", isOld);
    this.old.textContent = isOld ? "Picture of the program before your changes" : "";
  }

  /** @param {Goto} goto @param {StepAndNode} place */
  lead({ step, box }, place) {
    this.go(this.story.momentOf(step ?? place.step), { select: false });
    // Where a card would take the place of the program, its line is what one was led to.
    const open = this.cardOpen || !this.data.show_code || !this.gv.classList.contains("narrow");
    this.select(box ?? this.story.moment(this.at)?.box ?? null, { open });
    if (box !== null) this.light(box);
  }

  // `inside` is a box of the fold that was just opened or closed.
  /**
   * @param {StepAndNode} place
   * @param {string | null} inside
   * @param {boolean} fresh
   */
  stay({ step, node }, inside, fresh) {
    this.go(this.story.momentOf(step), { select: false, remember: false });
    this.select(inside ?? node, { open: fresh ? !!node : this.cardOpen, reveal: fresh || !!inside });
    if (fresh) this.remember();
  }

  // Where the browser's Back or Forward leads to.
  /** @param {StepAndNode | null} place */
  follow(place) {
    if (place) this.stay(place, null, true);
  }

  here() { return { step: this.story.stepOf(this.at), node: this.selected }; }
  remember() { this.place.write(this.here()); }

  resized() {
    arrange(this.gv, this.stage, this.legend, this.code.list);
    if (!this.camera.svg) return;
    this.camera.resize();
    this.settle();
    this.scene.reveal(this.camera.moved ? this.selected : null);
  }

  moved() {
    this.edges.show();
    this.map.show();
  }

  rescaled() {
    this.camera.project();
    this.resized();
  }

  // --- the story

  /** @param {number} by */
  step(by) {
    if (this.story.last < 0) return;
    if (this.at === null) this.go(by > 0 ? 0 : this.story.last);
    else this.go(Math.max(0, Math.min(this.story.last, this.at + by)));
  }

  /** @param {number | null} at */
  go(at, { select = true, remember = true } = {}) {
    if (!this.story.has(at)) return;
    this.at = at;
    // A pointer that rests somewhere must not leave what happens now in the shade.
    if (this.lights.box) this.light(null);
    this.tips.hide();
    this.show();
    const box = this.story.moment(at)?.box ?? null;
    if (select && this.scene.has(box)) this.select(box, { open: this.cardOpen || isRoomy(this.stage) });
    else this.showCard();
    if (remember) this.remember();
  }

  /** @param {number} line */
  toLine(line) {
    const at = this.story.nextAtLine(line, this.at);
    if (at !== null) this.go(at);
  }

  play() {
    if (this.playback.on) return this.playback.stop();
    if (this.story.last < 0) return;
    if (this.at === null || this.at === this.story.last) this.go(0);
    this.playback.start();
  }

  playOn() {
    const more = this.at !== null && this.at < this.story.last;
    if (more) this.step(1);
    return more;
  }

  showTime() { this.time.show(this.at, this.playback.on); }

  // Bring everything that is seen to the moment.
  show() {
    const { at, story } = this;
    this.gv.classList.toggle("walking", at !== null);
    this.scene.show(story, at);
    this.code.show(this.marks());
    this.showTime();
    this.figures.show(story.pictures(at), at === null && !this.data.show_code);
    this.tellEditor();
  }

  // The line of the moment, how it is to look, the others to be looked at, and the chips.
  /** @returns {Marks} */
  marks() {
    const { line = null, kind, lit = [] } = this.story.moment(this.at) ?? {};
    return { line, tone: kind === "error" ? "error" : "now", lit, notes: this.story.notes(this.at) };
  }

  tellEditor() { this.editor.tell(this.data, this.marks(), this.lights.lines); }

  // --- colour, search, findings

  paint() {
    const isLab = this.data.kind === "lab" && !!this.scene.svg;
    const painted = isLab ? colourBoxes(this.scene.boxes, this.data, offerColumns(this.by, this.data.columns)) : null;
    const colouring = this.data.terms[this.by.selectedOptions[0]?.textContent ?? ""];
    this.legend.replaceChildren(...legendOf(this.data.legend, painted, this.data.terms, colouring));
    this.by.closest("label")?.toggleAttribute("hidden", !isLab);
  }

  find() { this.search.find(this.data.boxes); }

  /** @param {number} by */
  nextHit(by) {
    const { search } = this, next = search.found.length ? search.next(this.selected, by) : null;
    if (next === null) return;
    this.select(next, { open: true });
    this.folds.lookIn(next, search.words());
  }

  /** @param {PlayerFinding} finding */
  toFinding({ moment, box, text }) {
    this.menus.close();
    this.go(moment);
    if (box !== null) this.select(box, { open: true });
    this.announced.textContent = visible(text);
    this.findings.opened = this.folds.has(box) ? box : null;
    this.folds.open(box);
  }

  // --- the pointer, and what a key can do too

  /** @param {MouseEvent} event */
  click(event) {
    if (this.pointer.endsDrag(event) || this.menus.close()) return;
    const target = targetOf(event), cluster = target?.closest(".cluster");
    const frame = target?.tagName === "text" && cluster instanceof SVGElement ? cluster.dataset.frame : null;
    if (frame) return this.folds.close(frame);
    this.select(this.whatIf.edgeAt(event, this.scene.edges) ?? boxAt(event), { open: true });
    this.remember();
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.gv.requestFullscreen?.().catch(() => {});
  }

  hasOpen() { return this.menus.isOpen() || this.cardOpen || this.selected !== null; }

  escape() {
    if (this.menus.close({ focus: true })) return;
    if (this.cardOpen) return this.closeCard();
    this.select(null);
    this.remember();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  along(dx, dy) {
    const next = this.scene.along(this.selected, dx, dy);
    if (!next) return;
    this.select(next);
    if (!this.cardOpen) this.tips.show(this.scene.box(next).group);
    this.remember();
  }

  // --- selection, light and card

  /** @param {string | null} id */
  light(id) {
    if (this.lights.toBox(id, this.data.boxes, this.story.moment(this.at)?.lit ?? [])) this.tellEditor();
  }

  /** @param {string | null} id */
  select(id, { open = this.cardOpen, reveal = true } = {}) {
    const box = id === null ? undefined : this.scene.boxes.get(id), changed = (box ? id : null) !== this.selected;
    this.selected = box ? id : null;
    this.scene.select(this.selected);
    this.cardOpen = !!box && open;
    this.showCard();
    if (!box) return this.stage.removeAttribute("aria-activedescendant");
    this.stage.setAttribute("aria-activedescendant", box.group.id);
    if (changed) this.announced.textContent = box.label;
    if (!reveal) return;
    requestAnimationFrame(() => {
      if (this.selected === id) this.scene.reveal(id);
    });
  }

  showCard() {
    const id = this.cardOpen ? this.selected : null, card = id === null ? null : this.data.cards[leafOf(id)] ?? null;
    this.card.show(card, this.at, () => {
      const { folded, visits = [] } = this.data.boxes[id ?? ""] ?? {}, moment = this.story.moment(this.at);
      return {
        open: this.data.can_fold && folded ? () => this.folds.open(id) : null,
        whole: !moment || (moment.kind === "error" && this.story.same(moment.box, id ?? "")),
        visits,
        explain: (row, instead) => this.data.terms[wordIn(row, this.data.terms) ?? instead] ?? "",
        asks: this.whatIf.rows(id ?? ""),
      };
    }, this.whatIf.edgeOf(id));
    this.gv.classList.toggle("with-card", !!card);
    this.settle();
  }

  // The picture beside the card, at the same scale.
  settle() {
    const { selected } = this, area = this.scene.has(selected) ? this.scene.areaOf(selected ?? "") : null;
    this.camera.beside(freeBeside(this.stage, this.card.aside), area);
    this.edges.show();
  }

  /** @param {string} id */
  explain(id) {
    const box = this.scene.boxes.get(id);
    return box ? explainBox(id, box, this.data.terms) : null;
  }

  openCard() {
    this.select(this.selected, { open: true });
    if (this.cardOpen) this.card.aside.focus();
  }

  closeCard() {
    this.cardOpen = false;
    this.showCard();
    this.stage.focus({ preventScroll: true });
  }

  // --- files

  /** @param {string} kind */
  save(kind) {
    this.menus.close({ focus: true });
    const name = `autograd-${this.data.kind}`, { svg } = this.scene;
    if (kind === "dot") saveText(`${name}.dot`, this.data.dot ?? "", "text/vnd.graphviz");
    else if (svg) savePicture(svg, this.camera.home, getComputedStyle(this.gv).backgroundColor, name, kind);
  }

  dispose() {
    this.playback.stop();
    this.place.forget();
    this.keyboard.leave();
    this.abort.abort();
    this.sizes.disconnect();
  }
}

/** @param {{ data: Message, parentElement: HTMLElement | ShadowRoot, setTriggerValue?: Send }} component */
export default function start({ data, parentElement, setTriggerValue }) {
  const known = players.get(parentElement), player = known ?? new Player(parentElement, data);
  players.set(parentElement, player);
  player.send = setTriggerValue ?? (() => {});
  player.gv.classList.remove("busy");
  player.update(data, known?.data ?? null);
  return () => {
    players.get(parentElement)?.dispose();
    players.delete(parentElement);
  };
}

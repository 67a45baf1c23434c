// Where one looks: the part of the picture, in its own units, that fills the stage, and what a card leaves of it.

import { byAxis, startOf, within } from "./views.js";

const LARGEST_SCALE = 6, LARGEST_FIT = 1.6, LARGEST_PROJECTED = 2.6, PROJECTED = 1.4, ALIKE = 0.12;
// How large a box's title is on the screen, in CSS pixels: at least, and where not the whole picture is seen first.
const LEAST_TITLE = 9.1, READABLE_TITLE = 9.8;
// In CSS pixels.
const SEEN_ALWAYS = 60, MARGIN = 12, EDGE = 16, CUT = 6, NOTHING = 0.01;
const GLIDE = { duration: 200, easing: "ease-out" }, MOST_GLIDING = 600;

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point & { width: number, height: number }} Area */
/**
 * The boxes of a picture: their shapes, those of its outputs, and what is around all of them. `letter` is the size of a
 * title, `least` how large one has to be on the screen, in CSS pixels, unless it is as usual.
 * @typedef {{ boxes: Area[], outputs: Area[], around: Area, letter: number, least?: number }} Contents
 */

export class Camera {
  /**
   * @param {HTMLElement} stage
   * @param {() => void} [moved]
   */
  constructor(stage, moved = () => {}) {
    this.stage = stage;
    this.tell = moved;
    /** @type {SVGSVGElement | null} */
    this.svg = null;
    /** The whole picture. @type {Area} */
    this.home = { x: 0, y: 0, width: 100, height: 100 };
    /** @type {Contents} */
    this.contents = { boxes: [], outputs: [], around: this.home, letter: 14 };
    /** What is seen of it. @type {Area} */
    this.box = this.home;
    /** What was seen when the browser drew the picture last. @type {Area} */
    this.shown = this.home;
    /** What a card leaves of the stage, in CSS pixels; null is all. @type {Area | null} */
    this.free = null;
    /** What was seen before the card came, until somebody moves it. @type {{ box: Area, fitted: boolean } | null} */
    this.rest = null;
    /** CSS pixels per unit, to be kept when the stage changes its size. */
    this.held = 1;
    this.opened = false;
    // Whether anybody has chosen what is seen; whether it is the whole; whether the next move is to be at once.
    this.moved = this.fitted = this.atOnce = false;
    /** How much larger all is than on a desk. */
    this.projected = 1;
  }

  // Show another picture; `keep` leaves the view where it was, but a picture seen whole that grows stays whole. Of
  // another program (`fresh`) only a picture of about the same size stands where one looked at the earlier one.
  /**
   * @param {SVGSVGElement} svg
   * @param {Contents} contents
   * @param {boolean} keep
   * @param {boolean} fresh
   */
  open(svg, contents, keep, fresh) {
    const before = this.home, kept = keep && this.opened;
    this.take(svg, contents);
    const resized = kept && !isAlike(this.home, before);
    if (resized && this.fitted) return this.fit();
    if (kept && !(resized && fresh)) return this.show();
    this.moved = false;
    this.start();
  }

  /**
   * @param {SVGSVGElement} svg
   * @param {Contents} contents
   */
  take(svg, contents) {
    const [x, y, width, height] = (svg.getAttribute("viewBox") || "0 0 100 100").split(/[\s,]+/).map(Number);
    this.svg = svg;
    this.home = { x, y, width, height };
    this.contents = contents;
    this.opened = true;
    this.uncover();
    for (const name of ["width", "height"]) svg.removeAttribute(name);
    svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
  }

  // Show another picture of the same graph, in which `to`, in its units, came of what stood at `from`, a point of the
  // stage in CSS pixels: it stands there, as large as before or as it has room, and large enough to be read.
  /**
   * @param {SVGSVGElement} svg
   * @param {Contents} contents
   * @param {Point} from
   * @param {Area} to
   * @param {number} [scale]
   */
  land(svg, contents, from, to, scale = this.scale()) {
    this.take(svg, contents);
    const { width, height } = this.size(), { home } = this;
    const room = Math.min((width - 2 * MARGIN) / to.width, (height - 2 * MARGIN) / to.height);
    const larger = Math.max(this.readable(), Math.min(scale, room)), gap = MARGIN / larger;
    const wide = width / larger, high = height / larger;
    const left = to.x + to.width / 2 - from.x / larger, top = to.y + to.height / 2 - from.y / larger;
    const x = kept(left, wide, to.x - gap, to.width + 2 * gap, home.x, home.width);
    const y = kept(top, high, to.y - gap, to.height + 2 * gap, home.y, home.height);
    this.look(x + wide / 2, y + high / 2, larger);
    this.moved = true;
  }

  // The scale at which titles are as large as they have to be where not the whole picture is seen.
  readable() {
    const { letter, least = READABLE_TITLE } = this.contents;
    return this.enlarged() * Math.max(least, READABLE_TITLE) / letter;
  }

  show() {
    if (!this.svg) return;
    const { x, y, width, height } = this.box;
    this.shown = { x, y, width, height };
    this.svg.style.transform = "";
    this.svg.setAttribute("viewBox", [x, y, width, height].map((number) => +number.toFixed(3)).join(" "));
    this.tell();
  }

  size() { return { width: this.stage.clientWidth || 600, height: this.stage.clientHeight || 400 }; }

  /** @returns {Area} */
  whole() { return { x: 0, y: 0, ...this.size() }; }

  // CSS pixels per unit of the picture.
  scale() {
    const { width, height } = this.size();
    return Math.min(width / this.box.width, height / this.box.height);
  }

  // How much larger all is to be: a wall is seen from afar, and who presents chooses a size.
  enlarged() {
    const root = document.documentElement, presents = !!root?.classList.contains("al-present");
    if (!presents) return document.fullscreenElement ? PROJECTED : 1;
    return PROJECTED * (Number(getComputedStyle(root).getPropertyValue("--al-zoom")) || 1);
  }

  // The scale at which the whole picture is seen; a graph of three boxes is not blown up to fill a wall.
  /** @param {Area} place */
  fitting({ width, height }) {
    const most = this.enlarged() > 1 ? LARGEST_PROJECTED : LARGEST_FIT, { home } = this;
    return Math.min(most, (width - 2 * MARGIN) / home.width, (height - 2 * MARGIN) / home.height);
  }

  // The whole picture, in the stage or a part of it.
  fit(place = this.whole()) {
    if (!this.svg) return;
    const { home } = this, stage = this.size(), scale = this.fitting(place);
    const right = place.x + place.width / 2 - stage.width / 2, down = place.y + place.height / 2 - stage.height / 2;
    this.look(home.x + home.width / 2 - right / scale, home.y + home.height / 2 - down / scale, scale);
    this.fitted = true;
  }

  // What was seen at some size is seen larger on a wall, and as before when that is left.
  project() {
    const larger = this.enlarged();
    if (this.svg && !this.fitted) this.held *= larger / this.projected;
    this.projected = larger;
  }

  // What is seen first: the whole picture, or, where its titles would be too small to read, its outputs and as much
  // else as there is room for.
  start() {
    const { contents, home } = this, scale = this.readable();
    const least = this.enlarged() * (contents.least ?? LEAST_TITLE) / contents.letter;
    if (this.fitting(this.whole()) >= least || !contents.outputs.length) return this.fit();
    const { width, height } = this.size(), view = { width: width / scale, height: height / scale };
    const { x, y } = startOf(home, contents, view, EDGE / scale);
    this.look(x + view.width / 2, y + view.height / 2, scale);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} scale
   */
  look(x, y, scale) {
    const { width, height } = this.size();
    this.box = { x: x - width / scale / 2, y: y - height / scale / 2, width: width / scale, height: height / scale };
    this.fitted = false;
    this.rest = null;
    this.held = scale;
    this.show();
  }

  // After the stage changed its size: the same scale, the same top left corner.
  hold() {
    const { width, height } = this.size();
    this.box.width = width / this.held;
    this.box.height = height / this.held;
    this.show();
  }

  // The stage has another size: what was seen whole stays whole; otherwise nothing moves on the screen.
  resize() {
    this.uncover();
    if (this.fitted) this.fit();
    else if (this.moved) this.hold();
    else this.start();
  }

  // A point on the screen in units of the picture; right for letterboxed pictures too.
  /** @param {{ clientX: number, clientY: number }} event */
  point(event) {
    const matrix = this.svg?.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  }

  /**
   * @param {number} factor
   * @param {Point | null} at
   */
  zoom(factor, at = null) {
    if (!this.svg) return;
    const size = this.size(), scale = this.scale() / factor;
    const smallest = 0.5 * Math.min(size.width / this.home.width, size.height / this.home.height, 1);
    if ((factor < 1 && scale > LARGEST_SCALE) || (factor > 1 && scale < smallest)) return;
    const { x, y, width, height } = this.box;
    const cx = at?.x ?? x + width / 2, cy = at?.y ?? y + height / 2;
    this.box = { x: cx - (cx - x) * factor, y: cy - (cy - y) * factor, width: width * factor, height: height * factor };
    this.held = scale;
    this.chosen();
    this.show();
  }

  // Somebody has moved the picture.
  chosen() {
    this.fitted = false;
    this.moved = true;
    this.rest = null;
  }

  // While it is dragged the picture is moved as it is; with another viewBox the browser would draw every box anew.
  /**
   * @param {number} dx
   * @param {number} dy
   */
  drag(dx, dy) {
    if (!this.svg) return;
    this.within(dx, dy);
    const scale = this.scale(), x = (this.shown.x - this.box.x) * scale, y = (this.shown.y - this.box.y) * scale;
    this.svg.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px)`;
    this.tell();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.within(dx, dy);
    this.show();
  }

  // Some of the picture always stays in sight.
  /**
   * @param {number} dx
   * @param {number} dy
   */
  within(dx, dy) {
    const { box, home } = this, part = SEEN_ALWAYS / this.scale();
    this.box = {
      ...box,
      x: clamp(box.x - dx, home.x + part - box.width, home.x + home.width - part),
      y: clamp(box.y - dy, home.y + part - box.height, home.y + home.height - part),
    };
    this.chosen();
  }

  // --- beside a card

  // What is seen of the picture and not under a card, in units of the picture.
  /** @returns {Area} */
  seen() {
    const free = this.free ?? this.whole(), scale = this.scale(), { x, y } = this.box;
    return { x: x + free.x / scale, y: y + free.y / scale, width: free.width / scale, height: free.height / scale };
  }

  // A card came, went, or tells of another box: `free` is what it leaves of the stage, `area` the box. The scale stays.
  /**
   * @param {Area | null} free
   * @param {Area | null} area
   */
  beside(free, area) {
    const { fitted } = this, came = free && !this.free;
    this.free = free;
    if (this.svg && free) {
      if (came) this.rest ??= { box: { ...this.box }, fitted };
      if (this.moved || !this.centre()) this.bring(area);
    } else if (this.svg) this.goBack(area);
    this.atOnce = false;
  }

  // All of the picture into the middle of what is free, if it has room there. Returns whether it has.
  centre() {
    const { around } = this.contents, seen = this.seen();
    const right = seen.width - around.width, down = seen.height - around.height;
    if (Math.min(right, down) < 2 * EDGE / this.scale()) return false;
    this.glideTo(around.x - right / 2, around.y - down / 2);
    return true;
  }

  // The card is gone: back to what was seen before, but for a box that would be out of sight then.
  /** @param {Area | null} area */
  goBack(area) {
    const { rest } = this;
    this.rest = null;
    if (!rest || (area && !holds(rest.box, area.x + area.width / 2, area.y + area.height / 2))) return;
    this.slide(rest.box);
    this.fitted = rest.fitted;
  }

  // As if no card was there.
  uncover() {
    if (this.rest) this.box = this.rest.box;
    this.fitted = this.rest?.fitted ?? this.fitted;
    this.rest = this.free = null;
    this.atOnce = true;
  }

  // Bring a box into view: not at all if it is seen, and into the middle if it is not.
  /** @param {Area} area */
  reveal(area) {
    if (this.bring(area) && !this.free) this.chosen();
  }

  // Whether all of an area is in sight.
  /** @param {Area} area */
  sees(area) {
    const { x, y, width, height } = this.seen();
    return holds({ x, y, width, height }, area.x, area.y)
      && holds({ x, y, width, height }, area.x + area.width, area.y + area.height);
  }

  /** @param {Area | null} area */
  bring(area) {
    if (!area) return false;
    const { x, y, moves } = byAxis(area, this.seen(), this.contents.around, EDGE / this.scale());
    if (moves) this.glideTo(x, y);
    return moves;
  }

  // Look so that what is free begins at a point of the picture.
  /**
   * @param {number} x
   * @param {number} y
   */
  glideTo(x, y) {
    const seen = this.seen();
    this.slide({ ...this.box, x: this.box.x + x - seen.x, y: this.box.y + y - seen.y });
  }

  // Show another part at the same scale, and let the eye follow.
  /** @param {Area} box */
  slide(box) {
    const { svg, box: before, atOnce } = this, scale = this.scale();
    const dx = (box.x - before.x) * scale, dy = (box.y - before.y) * scale;
    // With the same viewBox the browser would draw every box anew for nothing.
    if (Math.hypot(dx, dy) < NOTHING) return;
    this.box = { ...box };
    this.fitted = false;
    this.show();
    if (!svg || atOnce || Math.hypot(dx, dy) < 1 || this.contents.boxes.length > MOST_GLIDING || isStill()) return;
    svg.animate([{ transform: `translate(${dx}px, ${dy}px)`, overflow: "visible" }, { overflow: "visible" }], GLIDE);
  }

  // --- where there is more

  // At which edges of what is seen the picture goes on.
  cuts() {
    const seen = this.seen(), { around } = this.contents, gap = CUT / this.scale();
    return {
      left: around.x < seen.x - gap, right: around.x + around.width > seen.x + seen.width + gap,
      up: around.y < seen.y - gap, down: around.y + around.height > seen.y + seen.height + gap,
    };
  }

  // Go on by most of what is seen, as far as there is something.
  /**
   * @param {number} dx
   * @param {number} dy
   */
  goOn(dx, dy) {
    const seen = this.seen(), { around } = this.contents, gap = EDGE / this.scale();
    const right = around.width + 2 * gap, down = around.height + 2 * gap;
    const x = dx ? within(seen.x + 0.8 * dx * seen.width, seen.width, around.x - gap, right) : seen.x;
    const y = dy ? within(seen.y + 0.8 * dy * seen.height, seen.height, around.y - gap, down) : seen.y;
    this.glideTo(x, y);
    this.chosen();
  }
}

/**
 * @param {Area} area
 * @param {number} x
 * @param {number} y
 */
const holds = (area, x, y) => x >= area.x && x <= area.x + area.width && y >= area.y && y <= area.y + area.height;

// Where a view begins: where it was to begin, but for a part of the picture that it has to have in it, from its top if
// that is longer; and not beyond the picture where that has room or is longer.
/**
 * @param {number} begin
 * @param {number} length
 * @param {number} from
 * @param {number} part
 * @param {number} low
 * @param {number} whole
 */
function kept(begin, length, from, part, low, whole) {
  const seen = part > length ? from : clamp(begin, from + part - length, from);
  return whole <= length ? clamp(seen, low + whole - length, low) : clamp(seen, low, low + whole - length);
}

export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * @param {Area} area
 * @param {Area} before
 */
function isAlike(area, before) {
  return Math.abs(area.width - before.width) < ALIKE * before.width
    && Math.abs(area.height - before.height) < ALIKE * before.height;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.max(Math.min(low, high), Math.min(Math.max(low, high), value));

// Where one looks: the part of the picture, in its own units, that fills the stage.

const LARGEST_SCALE = 6, LARGEST_FIT = 1.6, LARGEST_PROJECTED = 2.6, LEAST_FIT = 0.55;
const READABLE = 0.75, PROJECTED = 1.4, ALIKE = 0.12;
// In CSS pixels.
const SEEN_ALWAYS = 60, MARGIN = 12, EDGE = 16;

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point & { width: number, height: number }} Area */

export class Camera {
  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {SVGSVGElement | null} */
    this.svg = null;
    /** The whole picture. @type {Area} */
    this.home = { x: 0, y: 0, width: 100, height: 100 };
    /** What is seen of it. @type {Area} */
    this.box = this.home;
    /** What was seen when the browser drew the picture last. @type {Area} */
    this.shown = this.home;
    /** The middle of the topmost box. @type {Point | null} */
    this.first = null;
    /** CSS pixels per unit, to be kept when the stage changes its size. */
    this.held = 1;
    this.opened = false;
    // Whether anybody has chosen what is seen; whether it is the whole; whether it fills the screen.
    this.moved = this.fitted = this.projected = false;
  }

  // Show another picture; `keep` leaves the view where it was, but a picture seen whole that grows stays whole. Of
  // another program (`fresh`) only a picture of about the same size stands where one looked at the earlier one.
  /**
   * @param {SVGSVGElement} svg
   * @param {boolean} keep
   * @param {boolean} fresh
   */
  open(svg, keep, fresh) {
    const [x, y, width, height] = (svg.getAttribute("viewBox") || "0 0 100 100").split(/[\s,]+/).map(Number);
    const before = this.home, kept = keep && this.opened;
    this.svg = svg;
    this.home = { x, y, width, height };
    this.opened = true;
    for (const name of ["width", "height"]) svg.removeAttribute(name);
    svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
    const resized = kept && !isAlike(this.home, before);
    if (resized && this.fitted) return this.fit();
    if (kept && !(resized && fresh)) return this.show();
    this.moved = false;
    this.start();
  }

  show() {
    if (!this.svg) return;
    const { x, y, width, height } = this.box;
    this.shown = { x, y, width, height };
    this.svg.style.transform = "";
    this.svg.setAttribute("viewBox", [x, y, width, height].map((number) => +number.toFixed(3)).join(" "));
  }

  size() { return { width: this.stage.clientWidth || 600, height: this.stage.clientHeight || 400 }; }

  // CSS pixels per unit of the picture.
  scale() {
    const { width, height } = this.size();
    return Math.min(width / this.box.width, height / this.box.height);
  }

  // The whole picture; a graph of three boxes is not blown up to fill a wall.
  fit() {
    if (!this.svg) return;
    const { width, height } = this.size(), { home } = this;
    const most = document.fullscreenElement ? LARGEST_PROJECTED : LARGEST_FIT;
    const scale = Math.min(most, (width - 2 * MARGIN) / home.width, (height - 2 * MARGIN) / home.height);
    this.look(home.x + home.width / 2, home.y + home.height / 2, scale);
    this.fitted = true;
  }

  // Full screen is for a wall: what was seen at some size is seen larger there, and as before when it is left.
  project() {
    const full = !!document.fullscreenElement;
    if (this.svg && !this.fitted && full !== this.projected) this.held *= full ? PROJECTED : 1 / PROJECTED;
    this.projected = full;
  }

  // What is seen first: the whole picture, or, where that would be too small to read, its top, with the outputs.
  start() {
    const { width, height } = this.size(), { home } = this;
    const whole = Math.min(width / home.width, height / home.height);
    const scale = READABLE * (document.fullscreenElement ? PROJECTED : 1);
    if (whole >= LEAST_FIT * (scale / READABLE) || !this.first) return this.fit();
    this.look(this.first.x, home.y + height / scale / 2, scale);
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
    this.fitted = false;
    this.moved = true;
    this.show();
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
    box.x = clamp(box.x - dx, home.x + part - box.width, home.x + home.width - part);
    box.y = clamp(box.y - dy, home.y + part - box.height, home.y + home.height - part);
    this.fitted = false;
    this.moved = true;
  }

  // Bring a box into view: not at all if it is seen, and into the middle if it is not.
  /** @param {Element} group */
  reveal(group) {
    const seen = this.stage.getBoundingClientRect(), box = group.getBoundingClientRect(), scale = this.scale();
    const dx = outside(box.left, box.right, seen.left, seen.right);
    const dy = outside(box.top, box.bottom, seen.top, seen.bottom);
    if (dx || dy) this.pan(-dx / scale, -dy / scale);
  }
}

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

// How far the middle of what is not wholly seen is from the middle of what is seen.
/**
 * @param {number} low
 * @param {number} high
 * @param {number} least
 * @param {number} most
 */
function outside(low, high, least, most) {
  return low >= least + EDGE && high <= most - EDGE ? 0 : (low + high - least - most) / 2;
}

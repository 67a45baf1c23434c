// Where one looks: the part of the picture, in its own units, that fills the stage.

const LARGEST_SCALE = 6, LARGEST_FIT = 1.6, LARGEST_PROJECTED = 2.6, SEEN_ALWAYS = 60, LEAST_FIT = 0.55, READABLE = 0.75, MARGIN = 12, ALIKE = 0.12, PROJECTED = 1.4;

class Camera {
  // `moved` is whether anybody has chosen what is seen.
  constructor(stage) { this.stage = stage; this.moved = false; this.svg = null; this.box = null; }

  // Show another picture; `keep` leaves the view where it was, but a picture seen whole that grows stays whole. Of
  // another program (`fresh`) only a picture of about the same size stands where one looked at the earlier one.
  open(svg, keep, fresh) {
    const [x, y, width, height] = (svg.getAttribute("viewBox") || "0 0 100 100").split(/[\s,]+/).map(Number);
    const before = this.home, alike = (one, other) => Math.abs(one - other) < ALIKE * other;
    this.svg = svg;
    this.home = { x, y, width, height };
    for (const name of ["width", "height"]) svg.removeAttribute(name);
    svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
    const resized = keep && this.box && !(alike(width, before.width) && alike(height, before.height));
    if (resized && this.fitted) return this.fit();
    if (keep && this.box && !(resized && fresh)) return this.show();
    this.moved = false;
    this.start();
  }

  show() {
    if (!this.svg) return;
    this.shown = { ...this.box };
    this.svg.style.transform = "";
    this.svg.setAttribute("viewBox", [this.box.x, this.box.y, this.box.width, this.box.height].map((n) => +n.toFixed(3)).join(" "));
  }

  size() { return { width: this.stage.clientWidth || 600, height: this.stage.clientHeight || 400 }; }

  // CSS pixels per unit of the picture.
  scale() { const { width, height } = this.size(); return Math.min(width / this.box.width, height / this.box.height); }

  // The whole picture; a graph of three boxes is not blown up to fill a wall.
  fit() {
    if (!this.svg) return;
    const { width, height } = this.size(), { home } = this, most = document.fullscreenElement ? LARGEST_PROJECTED : LARGEST_FIT;
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

  // A place on the screen in units of the picture; right for letterboxed pictures too.
  point(event) {
    const matrix = this.svg?.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  }

  zoom(factor, at = null) {
    if (!this.svg) return;
    const scale = this.scale() / factor, smallest = 0.5 * Math.min(this.size().width / this.home.width, this.size().height / this.home.height, 1);
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
  drag(dx, dy) {
    this.within(dx, dy);
    const { shown, box } = this, scale = this.scale();
    this.svg.style.transform = `translate(${((shown.x - box.x) * scale).toFixed(2)}px, ${((shown.y - box.y) * scale).toFixed(2)}px)`;
  }

  pan(dx, dy) { this.within(dx, dy); this.show(); }

  // Some of the picture always stays in sight.
  within(dx, dy) {
    const { box, home } = this, kept = SEEN_ALWAYS / this.scale();
    const clamp = (value, low, high) => Math.max(Math.min(low, high), Math.min(Math.max(low, high), value));
    box.x = clamp(box.x - dx, home.x + kept - box.width, home.x + home.width - kept);
    box.y = clamp(box.y - dy, home.y + kept - box.height, home.y + home.height - kept);
    this.fitted = false;
    this.moved = true;
  }

  // Bring a box into view: not at all if it is seen, and into the middle if it is not.
  reveal(group) {
    const seen = this.stage.getBoundingClientRect(), one = group.getBoundingClientRect(), scale = this.scale(), edge = 16;
    const off = (low, high, min, max) => (low >= min + edge && high <= max - edge ? 0 : (low + high - min - max) / 2);
    const dx = off(one.left, one.right, seen.left, seen.right), dy = off(one.top, one.bottom, seen.top, seen.bottom);
    if (dx || dy) this.pan(-dx / scale, -dy / scale);
  }
}

// Mouse, pen and fingers on the stage: drag to pan, wheel and pinch to zoom to where one points.

const SAME_CLICK = 4;

class Pointer {
  // `dragged` is whether the press that ended last has moved the picture, and so was no click.
  constructor(stage, camera, { on, drag }) {
    this.stage = stage; this.camera = camera; this.drag = drag;
    this.down = new Map();
    this.dragged = false;
    on(stage, "wheel", (event) => this.wheel(event), { passive: false });
    on(stage, "pointerdown", (event) => this.press(event));
    on(stage, "pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) on(stage, name, (event) => this.release(event));
    // A box that is touched has the finger until the stage takes it over: that is no end.
    on(stage, "lostpointercapture", (event) => { if (event.target === stage) this.release(event); });
  }

  wheel(event) {
    event.preventDefault();
    if (this.dragged && this.down.size) this.camera.show();
    // A pinch on a touch pad arrives as a wheel with Ctrl, in smaller steps; deltaMode 1 counts lines.
    const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 0.01 : 0.0015);
    this.camera.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, step))), this.camera.point(event));
  }

  press(event) {
    if (event.button) return;
    // Whatever was still down ended where nobody saw it.
    if (event.isPrimary) this.down.clear();
    if (!this.down.size) this.dragged = false;
    this.down.set(event.pointerId, event);
  }

  // Whether a click is the end of a drag. One that no pointer made (of a screen reader) is none.
  endsDrag(event) { return this.dragged && event.detail > 0; }

  move(event) {
    const last = this.down.get(event.pointerId);
    if (!last || !this.camera.svg) return;
    if (event.pointerType === "mouse" && !event.buttons) return this.release(event);
    if (!this.dragged && Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < SAME_CLICK) return;
    if (!this.dragged) { this.dragged = true; this.stage.classList.add("drag"); this.stage.setPointerCapture(event.pointerId); this.drag(); }
    const other = [...this.down.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) {
      const away = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      this.camera.show();
      this.camera.zoom(away(last) / away(event), this.camera.point(other));
    } else {
      const from = this.camera.point(last), to = this.camera.point(event);
      this.camera.drag(to.x - from.x, to.y - from.y);
    }
    this.down.set(event.pointerId, event);
  }

  release(event) {
    const held = this.down.delete(event.pointerId);
    if (!held || this.down.size) return;
    this.stage.classList.remove("drag");
    if (this.dragged) this.camera.show();
  }
}

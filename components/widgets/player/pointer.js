// Mouse, pen and fingers: on the stage drag to pan, wheel and pinch to zoom to where one points; and double clicks.

import { targetOf } from "./dom.js";

/** @import { Camera } from "./camera.js" */

// How near, in CSS pixels and milliseconds, is the end of a click to its begin, and the second click to the first.
const SAME_CLICK = 4, SAME_PLACE = 6, DOUBLE = 500;

export class Pointer {
  /**
   * @param {HTMLElement} stage
   * @param {Camera} camera
   * @param {{ signal: AbortSignal, drag: () => void }} options
   */
  constructor(stage, camera, { signal, drag }) {
    this.stage = stage;
    this.camera = camera;
    this.drag = drag;
    /** By pointer: the last of its events. @type {Map<number, PointerEvent>} */
    this.down = new Map();
    // Whether the press that ended last has moved the picture, and so was no click.
    this.dragged = false;
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false, signal });
    stage.addEventListener("pointerdown", (event) => this.press(event), { signal });
    stage.addEventListener("pointermove", (event) => this.move(event), { signal });
    stage.addEventListener("pointerup", (event) => this.release(event), { signal });
    stage.addEventListener("pointercancel", (event) => this.release(event), { signal });
    // A box that is touched has the finger until the stage takes it over: that is no end.
    stage.addEventListener("lostpointercapture", (event) => {
      if (event.target === stage) this.release(event);
    }, { signal });
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    if (this.dragged && this.down.size) this.camera.show();
    // A pinch on a touch pad arrives as a wheel with Ctrl, in smaller steps; deltaMode 1 counts lines.
    const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 0.01 : 0.0015);
    this.camera.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, step))), this.camera.point(event));
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button) return;
    // Whatever was still down ended where nobody saw it.
    if (event.isPrimary) this.down.clear();
    if (!this.down.size) this.dragged = false;
    this.down.set(event.pointerId, event);
  }

  // Whether a click is the end of a drag. One that no pointer made (of a screen reader) is none.
  /** @param {MouseEvent} event */
  endsDrag(event) { return this.dragged && event.detail > 0; }

  /** @param {PointerEvent} event */
  move(event) {
    const last = this.down.get(event.pointerId);
    if (!last || !this.camera.svg) return;
    if (event.pointerType === "mouse" && !event.buttons) return this.release(event);
    if (!this.dragged && distance(event, last) < SAME_CLICK) return;
    if (!this.dragged) this.begin(event);
    this.follow(last, event);
    this.down.set(event.pointerId, event);
  }

  /**
   * @param {PointerEvent} last
   * @param {PointerEvent} event
   */
  follow(last, event) {
    const other = [...this.down.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    if (other) {
      this.camera.show();
      this.camera.zoom((distance(last, other) || 1) / (distance(event, other) || 1), this.camera.point(other));
      return;
    }
    const from = this.camera.point(last), to = this.camera.point(event);
    if (from && to) this.camera.drag(to.x - from.x, to.y - from.y);
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.dragged = true;
    this.stage.classList.add("drag");
    this.stage.setPointerCapture(event.pointerId);
    this.drag();
  }

  /** @param {PointerEvent} event */
  release(event) {
    const held = this.down.delete(event.pointerId);
    if (!held || this.down.size) return;
    this.stage.classList.remove("drag");
    if (this.dragged) this.camera.show();
  }
}

// A first click may open the card, and the box moves aside: the second one at the same place still means that box.
export class DoubleClick {
  /** @type {{ box: string | null, event: MouseEvent } | null} */
  first = null;

  // `isTaken` says for which boxes a double click means something.
  /**
   * @param {HTMLElement} gv
   * @param {{ signal: AbortSignal, isTaken: (box: string) => boolean, take: (box: string) => void }} options
   */
  constructor(gv, { signal, isTaken, take }) {
    gv.addEventListener("click", (event) => {
      const { first } = this;
      this.first = { box: boxAt(event), event };
      if (!event.detail || !first || first.box === null || !isTaken(first.box)) return;
      if (distance(event, first.event) >= SAME_PLACE || event.timeStamp - first.event.timeStamp > DOUBLE) return;
      this.first = null;
      event.stopPropagation();
      document.getSelection()?.removeAllRanges();
      take(first.box);
    }, { capture: true, signal });
  }
}

// The id of the box that an event is about.
/** @param {Event} event */
export function boxAt(event) {
  const node = targetOf(event)?.closest(".node");
  return node instanceof SVGElement ? node.dataset.id ?? null : null;
}

/**
 * @param {MouseEvent} event
 * @param {MouseEvent} other
 */
const distance = (event, other) => Math.hypot(event.clientX - other.clientX, event.clientY - other.clientY);

// The whole picture in small, where it is larger than the stage: what of it is seen, and a way to any part of it.

import { createSvg } from "./dom.js";

/** @import { Camera } from "./camera.js" */
/** @import { Scene } from "./scene.js" */

// In CSS pixels; how much of the stage it takes along each side; and how many boxes it draws at most.
const WIDEST = 168, HIGHEST = 132, LEAST = 30, MOST_OF_STAGE = 0.25, MOST_DRAWN = 600;

export class Minimap {
  /** The picture that it shows. @type {SVGSVGElement | null} */
  of = null;

  /**
   * @param {SVGSVGElement} map
   * @param {Camera} camera
   * @param {AbortSignal} signal
   */
  constructor(map, camera, signal) {
    this.map = map;
    this.camera = camera;
    this.seen = createSvg("rect", { class: "seen" });
    map.addEventListener("pointerdown", (event) => {
      map.setPointerCapture(event.pointerId);
      this.lead(event);
    }, { signal });
    map.addEventListener("pointermove", (event) => {
      if (map.hasPointerCapture(event.pointerId)) this.lead(event);
    }, { signal });
  }

  // Draw another picture.
  /** @param {Scene} scene */
  draw(scene) {
    const { camera, map } = this, { x, y, width, height } = camera.home;
    const stage = camera.size(), wide = Math.min(WIDEST, MOST_OF_STAGE * stage.width);
    const scale = Math.min(wide / width, Math.min(HIGHEST, MOST_OF_STAGE * stage.height) / height);
    this.of = scene.svg;
    map.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    map.style.width = `${Math.max(LEAST, width * scale)}px`;
    map.style.height = `${Math.max(LEAST, height * scale)}px`;
    const boxes = [...scene.boxes].slice(0, MOST_DRAWN)
      .map(([id, { kind }]) => createSvg("rect", { class: `box ${kind}`, ...scene.areaOf(id) }));
    map.replaceChildren(...boxes, this.seen);
    this.show();
  }

  // Bring the part that is seen up to date.
  show() {
    const { camera, seen } = this, cuts = camera.cuts();
    const isCut = camera.svg !== null && camera.svg === this.of && Object.values(cuts).some(Boolean);
    this.map.toggleAttribute("hidden", !isCut);
    if (!isCut) return;
    for (const [name, value] of Object.entries(camera.seen())) seen.setAttribute(name, value.toFixed(1));
  }

  // What is pointed at comes into the middle of what is seen.
  /** @param {PointerEvent} event */
  lead(event) {
    event.preventDefault();
    event.stopPropagation();
    const matrix = this.map.getScreenCTM();
    if (!matrix) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const seen = this.camera.seen();
    this.camera.pan(seen.x + seen.width / 2 - x, seen.y + seen.height / 2 - y);
  }
}

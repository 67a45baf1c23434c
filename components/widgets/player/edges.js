// The edges of what is seen, where the picture goes on: they fade, and a button there leads on.

import { find } from "./dom.js";

/** @import { Camera } from "./camera.js" */

/** @type {["left" | "right" | "up" | "down", number, number][]} */
const SIDES = [["left", -1, 0], ["right", 1, 0], ["up", 0, -1], ["down", 0, 1]];

export class Edges {
  /**
   * @param {HTMLElement} more
   * @param {Camera} camera
   * @param {AbortSignal} signal
   */
  constructor(more, camera, signal) {
    this.more = more;
    this.camera = camera;
    this.sides = SIDES.map(([name, dx, dy]) => {
      const side = find(more, `.${name}`, HTMLElement);
      find(side, "button", HTMLElement).addEventListener("click", () => camera.goOn(dx, dy), { signal });
      return { name, side };
    });
  }

  show() {
    const { camera, more } = this, cuts = camera.cuts(), { x, y, width, height } = camera.free ?? camera.whole();
    for (const { name, side } of this.sides) side.hidden = !camera.svg || !cuts[name];
    Object.assign(more.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  }
}

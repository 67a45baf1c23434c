// From one picture of a graph to the next, a box of it opened or closed: what is in both goes from its old place to its
// new one, what is new comes up where it came from, and whoever closes a box is back where it was opened.

import { isStill } from "./camera.js";

/** @import { Area, Camera, Contents, Point } from "./camera.js" */
/** @import { Anchor } from "./folds.js" */
/** @import { Scene } from "./scene.js" */

const DURATION = 320, EASING = "cubic-bezier(.3, .1, .2, 1)", MOST_FLYING = 400;

/**
 * Where boxes stood on the stage, in CSS pixels, where the one that was opened or closed did, and how large all was.
 * @typedef {{ anchor: Anchor, from: Point | null, boxes: Map<string, Point>, scale: number, fitted: boolean }} Start
 */

export class Flight {
  /** How what was opened was seen before. @type {Map<string, { scale: number, fitted: boolean }>} */
  before = new Map();

  /**
   * @param {Scene} scene
   * @param {Camera} camera
   */
  constructor(scene, camera) {
    this.scene = scene;
    this.camera = camera;
  }

  // Before the other picture comes.
  /**
   * @param {Anchor} anchor
   * @returns {Start}
   */
  start(anchor) {
    const { scene, camera } = this, { fitted } = camera, scale = camera.scale();
    const boxes = new Map([...scene.boxes.keys()].map((id) => [id, this.onStage(middleOf(scene.areaOf(id)))]));
    const area = anchor.word === "level" ? null : scene.areaOfGroup(anchor.id);
    if (anchor.word === "open") this.before.set(anchor.id, { scale, fitted });
    return { anchor, from: area ? this.onStage(middleOf(area)) : null, boxes, scale, fitted };
  }

  // The other picture is there. Returns whether it has what was opened or closed.
  /**
   * @param {SVGSVGElement} svg
   * @param {Contents} contents
   * @param {Start} start
   */
  land(svg, contents, start) {
    const { anchor, from } = start, { camera, scene } = this;
    const to = anchor.word === "level" ? null : scene.areaOfGroup(anchor.id);
    if (!to || !from) return false;
    const back = anchor.word === "close" ? this.before.get(anchor.id) : undefined;
    camera.land(svg, contents, from, to, back?.scale ?? start.scale);
    if (back?.fitted) camera.start();
    if (anchor.word === "close") this.before.delete(anchor.id);
    this.fly(start, from);
    return true;
  }

  /**
   * @param {Start} start
   * @param {Point} from
   */
  fly(start, from) {
    const { scene, camera } = this, scale = camera.scale(), unit = 1 / (scale * scene.shift.scale);
    if (isStill() || scene.boxes.size > MOST_FLYING) return;
    for (const [id, { group }] of scene.boxes) {
      const old = start.boxes.get(id), to = this.onStage(middleOf(scene.areaOf(id)));
      const at = old ?? from, dx = (at.x - to.x) * unit, dy = (at.y - to.y) * unit;
      const size = old ? start.scale / scale : 0.5;
      const transform = `translate(${dx.toFixed(1)}px, ${dy.toFixed(1)}px) scale(${size.toFixed(3)})`;
      const frames = [{ transform, opacity: old ? 1 : 0 }, { transform: "none", opacity: 1 }];
      group.animate(frames, { duration: DURATION, easing: EASING });
    }
    for (const group of [...scene.edges.map((edge) => edge.group), ...scene.frames.values()]) {
      group.animate([{ opacity: 0 }, { opacity: 0, offset: 0.5 }, { opacity: 1 }], { duration: DURATION });
    }
  }

  // Where a point of the picture is on the stage, in CSS pixels.
  /**
   * @param {Point} point
   * @returns {Point}
   */
  onStage({ x, y }) {
    const { box } = this.camera, scale = this.camera.scale();
    return { x: (x - box.x) * scale, y: (y - box.y) * scale };
  }
}

/** @param {Area} area */
const middleOf = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

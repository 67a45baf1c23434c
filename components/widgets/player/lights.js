// What is lit because somebody points at it: a box with its neighbours and its lines, or the boxes of a line.

/** @import { CodePane } from "./code.js" */
/** @import { PlayerData } from "./data.js" */
/** @import { Scene } from "./scene.js" */

export class Lights {
  /** The box and the line that are pointed at, and the lines lit for the box. @type {string | null} */
  box = null;
  /** @type {number | null} */
  line = null;
  /** @type {number[]} */
  lines = [];

  /**
   * @param {Scene} scene
   * @param {CodePane} code
   */
  constructor(scene, code) {
    this.scene = scene;
    this.code = code;
  }

  // What was pointed at may be gone.
  forget() {
    this.box = this.line = null;
    this.lines = [];
    this.scene.light([]);
  }

  // Light a box, or none; `lit` are the lines lit anyway. Returns whether it is another one.
  /**
   * @param {string | null} id
   * @param {PlayerData["boxes"]} boxes
   * @param {number[]} lit
   */
  toBox(id, boxes, lit) {
    if (id === this.box) return false;
    this.box = id;
    this.scene.light(id ? this.scene.alike(id) : []);
    const { line, lines } = (id ? boxes[id] : null) ?? {};
    this.lines = this.code.light(lines ?? (line ? [line, line] : null), lit);
    return true;
  }

  /**
   * @param {number | null} line
   * @param {PlayerData["boxes"]} boxes
   */
  toLine(line, boxes) {
    if (line === this.line) return;
    this.line = line;
    this.scene.light(line ? [...this.scene.boxes.keys()].filter((id) => {
      const { line: own, lines } = boxes[id] ?? {};
      return lines ? lines[0] <= line && line <= lines[1] : own === line;
    }) : []);
  }
}

// A page for a projector: larger, stronger, with nothing around it but a code that leads to the same program.

/** @import { Kept } from "./kept.js" */

const STATE = "autograd-lab presents";
const STEP = 1.12, LEAST = -2, MOST = 8;

/**
 * @param {HTMLElement | ShadowRoot} root
 * @param {string} selector
 */
export function part(root, selector) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`${selector} is missing`);
  return found;
}

export class Presentation {
  on = false;
  size = 0;

  /**
   * @param {HTMLElement | ShadowRoot} root
   * @param {Kept} kept
   * @param {(on: boolean) => void} tell
   */
  constructor(root, kept, tell) {
    this.kept = kept;
    this.tell = tell;
    this.tools = part(root, ".presenting");
    this.code = part(root, ".qr");
    part(root, "[data-do=smaller]").addEventListener("click", () => this.zoom(-1));
    part(root, "[data-do=larger]").addEventListener("click", () => this.zoom(1));
    part(root, "[data-do=leave]").addEventListener("click", () => this.turn(false));
    this.code.addEventListener("click", () => this.code.classList.toggle("large"));
    const [on, size] = (kept.own.getItem(STATE) ?? "").split(" ");
    this.size = Number(size) || 0;
    this.on = on === "on";
    this.dress();
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    this.dress();
    this.tell(on);
  }

  /** @param {number} by */
  zoom(by) {
    this.size = Math.max(LEAST, Math.min(MOST, this.size + by));
    this.dress();
  }

  // `qr` is an SVG of ours, or nothing.
  /** @param {string} qr */
  show(qr) {
    if (this.code.dataset.of === qr) return;
    this.code.dataset.of = qr;
    this.code.innerHTML = qr;
    this.dress();
  }

  dress() {
    const { classList, style } = document.documentElement, was = classList.contains("al-present");
    classList.toggle("al-present", this.on);
    style.setProperty("--al-zoom", this.on ? (STEP ** this.size).toFixed(3) : "1");
    this.tools.hidden = !this.on;
    this.code.hidden = !this.on || !this.code.dataset.of;
    this.kept.write(this.kept.own, STATE, `${this.on ? "on" : "off"} ${this.size}`);
    if (was !== this.on) window.dispatchEvent(new CustomEvent("autograd-lab:present", { detail: { on: this.on } }));
  }
}

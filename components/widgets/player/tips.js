// The one tooltip: a sentence about what is pointed at, focused or (in the legend) tapped, beside it and never over it.

import { create, find, targetOf, visible } from "./dom.js";

/** @import { Explained } from "./explain.js" */

const REST = 350, BESIDE = 9, FROM_SIDES = 8;
const TOLD = "[data-tip], .stage .node";

export class Tips {
  /** What it is about. @type {Element | null} */
  about = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  // `explain` gives the sentence about a box of the picture.
  /**
   * @param {HTMLElement} gv
   * @param {{ signal: AbortSignal, explain: (box: SVGElement) => Explained | null }} options
   */
  constructor(gv, { signal, explain }) {
    this.tip = find(gv, ".tip", HTMLElement);
    this.explain = explain;
    gv.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse" && !event.buttons) this.rest(toldAt(event));
    }, { signal });
    gv.addEventListener("pointerleave", () => this.hide(), { signal });
    gv.addEventListener("focusin", (event) => {
      const target = toldAt(event);
      if (target?.matches(":focus-visible")) this.show(target);
    }, { signal });
    for (const name of ["focusout", "pointerdown", "wheel"]) gv.addEventListener(name, () => this.hide(), { signal });
    gv.addEventListener("click", (event) => {
      const target = toldAt(event);
      if (target?.closest(".legend")) this.show(target);
    }, { signal });
    for (const name of ["scroll", "resize"]) addEventListener(name, () => this.hide(), { signal, capture: true });
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.hide();
    }, { signal, capture: true });
  }

  // Something is pointed at: after a while, or at once where a tip was seen already, its sentence is.
  /** @param {Element | null} target */
  rest(target) {
    if (target && target === this.about) return;
    clearTimeout(this.timer);
    const after = this.about ? 0 : REST;
    if (!target) this.hide();
    else this.timer = setTimeout(() => this.show(target), after);
  }

  /** @param {Element} target */
  show(target) {
    this.hide();
    const [word, sentence] = this.textOf(target) ?? ["", ""];
    if (!sentence || !target.checkVisibility()) return;
    this.tip.replaceChildren(...(word ? [create("b", "", word), " "] : []), visible(sentence));
    this.about = target;
    target.setAttribute("aria-describedby", this.tip.id);
    this.tip.showPopover();
    this.place(drawnOf(target).getBoundingClientRect());
  }

  /** @param {Element} target */
  textOf(target) {
    if (target instanceof SVGElement && target.matches(".node")) return this.explain(target);
    return target instanceof HTMLElement ? ["", target.dataset.tip ?? ""] : null;
  }

  // Above, below or beside, where there is room.
  /** @param {DOMRect} at */
  place(at) {
    const { tip } = this;
    tip.style.translate = "none";
    const { width, height, left, top } = tip.getBoundingClientRect();
    const above = at.top - BESIDE - height, below = at.bottom + BESIDE, right = at.right + BESIDE;
    let x = at.left + at.width / 2 - width / 2, y = above >= FROM_SIDES ? above : below;
    if (y + height > innerHeight - FROM_SIDES) {
      y = at.top + at.height / 2 - height / 2;
      x = right + width <= innerWidth - FROM_SIDES ? right : at.left - BESIDE - width;
    }
    x = Math.max(FROM_SIDES, Math.min(x, innerWidth - FROM_SIDES - width));
    tip.style.translate = `${Math.round(x - left)}px ${Math.round(y - top)}px`;
  }

  hide() {
    clearTimeout(this.timer);
    if (!this.about) return;
    this.about.removeAttribute("aria-describedby");
    this.about = null;
    this.tip.hidePopover();
  }
}

/** @param {Event} event */
const toldAt = (event) => targetOf(event)?.closest(TOLD) ?? null;

// Numbers beside a box are not the box.
/** @param {Element} target */
const drawnOf = (target) => (target.matches(".node") ? target.querySelector("path, polygon, ellipse") : null) ?? target;

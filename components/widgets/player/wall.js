// On a wall: in presentation or full screen the page-up and page-down of a remote control step, wherever the focus is.

export const isPresenting = () => document.documentElement.classList.contains("al-present");

export class Wall {
  /**
   * @param {HTMLElement} gv
   * @param {{ signal: AbortSignal, changed: () => void, step: (by: number) => void, isFirst: () => boolean }} options
   */
  constructor(gv, { signal, changed, step, isFirst }) {
    this.gv = gv;
    this.show(isPresenting());
    window.addEventListener("autograd-lab:present", ({ detail }) => {
      this.show(detail.on);
      // The page around is laid out anew first.
      requestAnimationFrame(changed);
    }, { signal });
    // The size that who presents chooses is a variable of the page's root.
    const sizes = new MutationObserver(() => { if (isPresenting()) changed(); });
    sizes.observe(document.documentElement, { attributeFilter: ["style"] });
    signal.addEventListener("abort", () => sizes.disconnect());
    window.addEventListener("keydown", (event) => {
      const by = event.key === "PageDown" ? 1 : event.key === "PageUp" ? -1 : 0;
      if (!by || !this.isOn() || !isFirst()) return;
      event.preventDefault();
      event.stopPropagation();
      step(by);
    }, { signal, capture: true });
  }

  // Whether this player is what a room looks at.
  isOn() {
    const full = document.fullscreenElement, root = this.gv.getRootNode();
    if (!full) return isPresenting();
    return full === this.gv || (root instanceof ShadowRoot && root.fullscreenElement === this.gv);
  }

  /** @param {boolean} on */
  show(on) { this.gv.classList.toggle("projector", on); }
}

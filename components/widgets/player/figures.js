// The figures that the line of this moment showed, over the graph's lower left corner until somebody hides them.

import { create, find } from "./dom.js";

export class Figures {
  /**
   * @param {HTMLElement} frame
   * @param {AbortSignal} signal
   */
  constructor(frame, signal) {
    this.frame = frame;
    this.hidden = false;
    this.shown = "";
    find(frame, ".close", HTMLElement).addEventListener("click", () => {
      this.hidden = true;
      this.frame.hidden = true;
    }, { signal });
    frame.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLImageElement) this.frame.classList.toggle("large");
    }, { signal });
  }

  // Where the page shows them anyway (`elsewhere`), those of the whole run are left out.
  /**
   * @param {[number, string, string][]} pictures
   * @param {boolean} elsewhere
   */
  show(pictures, elsewhere) {
    const wanted = elsewhere ? [] : pictures, shown = wanted.map(([, source]) => source).join();
    if (shown !== this.shown) {
      this.frame.querySelectorAll("img").forEach((image) => image.remove());
      for (const [, source, text] of wanted) {
        const image = create("img");
        image.src = source;
        image.alt = text;
        image.dataset.tip = "Click to enlarge";
        this.frame.append(image);
      }
      this.shown = shown;
      this.hidden = false;
      this.frame.classList.remove("large");
    }
    this.frame.hidden = !wanted.length || this.hidden;
  }
}

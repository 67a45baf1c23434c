// Says that another tab had something else on this page, and brings it here if it is wanted.

import { part } from "./presentation.js";

/** @import { Kept } from "./kept.js" */

// What was put aside is there after that, too; the notice may not stay over the page.
const SEEN_FOR = 30_000;

export class Notice {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** Pages of which nobody wants to hear. @type {Set<string>} */
  closed = new Set();
  /** Pages of which something was put aside by this tab. @type {Set<string>} */
  pages = new Set();
  page = "";

  /**
   * @param {HTMLElement | ShadowRoot} root
   * @param {Kept} kept
   */
  constructor(root, kept) {
    this.kept = kept;
    this.notice = part(root, ".notice");
    part(root, "[data-do=take]").addEventListener("click", () => {
      kept.exchange(this.page);
      location.reload();
    });
    part(root, "[data-do=close]").addEventListener("click", () => {
      this.closed.add(this.page);
      this.show(this.page);
    });
    kept.onAside = (page) => {
      this.pages.add(page);
      this.show(this.page);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.closed.add(page);
        this.show(this.page);
      }, SEEN_FOR);
    };
  }

  /** @param {string} page */
  show(page) {
    this.page = page;
    this.notice.hidden = !this.pages.has(page) || this.closed.has(page);
  }
}

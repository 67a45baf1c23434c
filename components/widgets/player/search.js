// Boxes that are looked for: by their label, and by the names of what is in them.

/** @import { PlayerData } from "./data.js" */
/** @import { Scene } from "./scene.js" */

export class Search {
  /** The boxes that were found. @type {string[]} */
  found = [];

  /**
   * @param {HTMLInputElement} field
   * @param {HTMLElement} hits
   * @param {Scene} scene
   */
  constructor(field, hits, scene) {
    this.field = field;
    this.hits = hits;
    this.scene = scene;
  }

  // What is looked for.
  words() { return this.field.value.trim().toLowerCase(); }

  /** @param {PlayerData["boxes"]} boxes */
  find(boxes) {
    const wanted = this.words();
    this.found = this.scene.flag("hit", (id, { label }) => {
      const text = `${label} ${id} ${boxes[id]?.names ?? ""}`;
      return !!wanted && text.toLowerCase().includes(wanted);
    });
    this.scene.stage.classList.toggle("searching", !!wanted);
    this.hits.textContent = wanted ? String(this.found.length || "none") : "";
  }

  // The next one that was found after a box.
  /**
   * @param {string | null} selected
   * @param {number} by
   */
  next(selected, by) {
    const here = selected === null ? -1 : this.found.indexOf(selected);
    const next = here < 0 ? (by > 0 ? 0 : -1) : here + by;
    return this.found.at(next % this.found.length) ?? null;
  }
}

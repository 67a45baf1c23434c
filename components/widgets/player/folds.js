// Boxes that open and close: asked of the server, or, in a file that has none, of the pictures that it brought along.

import { find } from "./dom.js";

/** @import { Message } from "./data.js" */
/** @import { Player } from "./player.js" */

/** @typedef {"open" | "close" | "level"} Word */
/** What was asked for, until the picture comes. @typedef {{ word: Word, id: string }} Anchor */

const DRAWN = "Autograd Lab draws any: open the trace there.";

export class Folds {
  /** @type {Anchor | null} */
  anchor = null;
  /** What is looked for in a box that is being opened. @type {string | null} */
  wanted = null;
  /** What a file without a server began with. @type {Message | null} */
  first = null;

  /**
   * @param {Player} player
   * @param {HTMLElement} depth
   */
  constructor(player, depth) {
    this.player = player;
    this.depth = depth;
    this.output = find(depth, "output", HTMLOutputElement);
    this.coarser = find(depth, "[data-do=coarser]", HTMLButtonElement);
    this.finer = find(depth, "[data-do=finer]", HTMLButtonElement);
    this.told = find(player.gv, ".told", HTMLElement);
    player.gv.addEventListener("pointerdown", () => this.tell(""), { signal: player.signal });
  }

  // Bring the control of the levels up to date.
  show() {
    const { beyond, can_fold, compact, level, levels, opened } = this.player.data;
    // A picture that has all of its boxes open and is no model's needs none.
    this.depth.hidden = !can_fold || !this.player.scene.svg || (level >= levels && !compact);
    this.output.textContent = `level ${level + 1}${beyond ? "+" : ""} of ${levels + 1}`;
    this.coarser.disabled = !opened.length;
    this.finer.disabled = level >= levels;
  }

  /** @param {string | null} id */
  has(id) { return id !== null && !!this.player.data.boxes[id]?.folded; }

  /** @param {string | null} id */
  open(id) { if (id !== null && this.has(id)) this.ask("open", id); }

  /** @param {string | null} id */
  close(id) { if (id) this.ask("close", id); }

  /** @param {"coarser" | "finer"} way */
  level(way) {
    const isEnd = way === "finer" ? this.finer.disabled : this.coarser.disabled;
    if (!isEnd) this.ask("level", way);
  }

  /**
   * @param {Word} word
   * @param {string} id
   */
  ask(word, id) {
    const { player } = this, { can_fold, foldings } = player.data;
    if (!can_fold || this.anchor) return;
    this.anchor = { word, id };
    this.tell("");
    player.gv.classList.add("busy");
    if (foldings.length) this.take(word, id);
    else player.send("fold", { [word]: id });
  }

  // The picture came, or there is none: returns what was asked for.
  came() {
    const { anchor } = this;
    this.anchor = null;
    return anchor;
  }

  // --- search

  // Open boxes down to the one that is looked for: from a fold whose own title does not have the words.
  /**
   * @param {string} id
   * @param {string} words
   */
  lookIn(id, words) {
    const title = this.player.scene.boxes.get(id)?.label.toLowerCase() ?? "";
    this.wanted = this.has(id) && !title.includes(words) ? words : null;
    if (this.wanted !== null) this.open(id);
  }

  // A box was opened on the way: on to the first that was found in it. Returns the box to be selected.
  /** @param {Anchor | null} anchor */
  goOn(anchor) {
    const { wanted } = this, { search } = this.player;
    this.wanted = null;
    if (wanted === null || anchor?.word !== "open") return;
    const inside = search.found.find((id) => this.isInside(id, anchor.id)) ?? null;
    if (inside === null) return;
    this.player.select(inside, { open: true });
    this.lookIn(inside, wanted);
  }

  /**
   * @param {string} id
   * @param {string} group
   */
  isInside(id, group) {
    const frames = this.player.data.frames.filter(([frame]) => frame === group || frame.startsWith(`${group}.`));
    return id.startsWith(`${group}.`) || frames.some(([, boxes]) => boxes.includes(id));
  }

  // --- without a server

  /**
   * @param {Word} word
   * @param {string} id
   */
  async take(word, id) {
    const { player } = this, { data } = player, found = pictureFor(data, word, id);
    if (!found) {
      this.anchor = null;
      player.gv.classList.remove("busy");
      const what = word === "open" ? "with that box open" : word === "close" ? "with that box closed" : "of that level";
      this.tell(`This file has no picture ${what}. ${DRAWN}`);
      return;
    }
    const first = (this.first ??= data), told = JSON.parse(await unpacked(found[2]));
    player.gv.classList.remove("busy");
    player.refresh({ ...first, ...told });
    const closed = word === "open" ? closedBy(found[0], data.opened) : [];
    const titles = closed.map((one) => player.scene.boxes.get(one)?.texts[0]?.[0]?.textContent ?? "a box");
    if (closed.length) this.tell(`This file has no picture with both open: ${listed(titles)} closed again. ${DRAWN}`);
  }

  // Say something until the next press.
  /** @param {string} text */
  tell(text) {
    this.told.textContent = text;
    this.told.hidden = !text;
  }
}

// What was open and is not any more: the outermost boxes, which are the ones that are seen.
/**
 * @param {string[]} now
 * @param {string[]} before
 */
export function closedBy(now, before) {
  const closed = before.filter((id) => !now.includes(id));
  return closed.filter((id) => !closed.some((other) => id.startsWith(`${other}.`)));
}

/** @param {string[]} titles */
function listed([first = "", ...others]) {
  return others.length ? `${first} and ${others.length} more are` : `${first} is`;
}

// The picture that was asked for, or the one that differs least from it.
/**
 * @param {Pick<Message, "foldings" | "opened" | "level" | "beyond">} data
 * @param {Word} word
 * @param {string} id
 */
export function pictureFor({ foldings, opened, level, beyond }, word, id) {
  if (word === "level") {
    const wanted = id === "finer" ? level + 1 : beyond ? level : level - 1;
    return foldings.find(([, whole]) => whole === wanted);
  }
  const isInside = (/** @type {string} */ one) => one.startsWith(`${id}.`);
  const rest = opened.filter((one) => one !== id && !isInside(one)), wanted = word === "open" ? [...opened, id] : rest;
  const ways = foldings
    .filter(([ids]) => (word === "open" ? ids.includes(id) : !ids.some((one) => one === id || isInside(one))))
    .map((way) => ({ way, differs: difference(way[0], wanted) }))
    .sort((a, b) => a.differs - b.differs);
  return ways[0]?.way;
}

/**
 * @param {string[]} ids
 * @param {string[]} wanted
 */
function difference(ids, wanted) {
  const common = ids.filter((id) => wanted.includes(id)).length;
  return ids.length + wanted.length - 2 * common;
}

/** @param {string} text */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

// What keys do: those pressed in the player, and those pressed on the page as such, which nobody else has.

import { targetOf } from "./dom.js";
import { shared } from "./place.js";
import { isPresenting } from "./wall.js";

/** @import { Player } from "./player.js" */

// Where keys are somebody's own: what is typed in, and what arrows move through.
const OWN_KEYS = [
  "input", "textarea", "select", "[contenteditable=true]",
  ...["slider", "radio", "tab", "option", "menu", "dialog"].map((role) => `[role=${role}]`),
].join();

export class Keyboard {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    const { actions, gv, signal } = player;
    /** @type {Map<string, () => void>} */
    this.withShift = new Map([["ArrowRight", () => player.along(1, 0)], ["ArrowLeft", () => player.along(-1, 0)]]);
    /** @type {Map<string, () => void>} */
    this.everywhere = new Map([
      ["ArrowRight", actions.next], ["ArrowLeft", actions.back], [" ", actions.play],
      ["Home", actions.first], ["End", actions.last], ["b", actions.call], ["e", actions.error], ["f", actions.full],
      ["+", actions.in], ["=", actions.in], ["-", actions.out], ["0", actions.fit],
      ["i", () => player.findings.next()], ["w", () => player.go(null)], ["/", () => player.search.field.focus()],
      ["o", () => player.folds.open(player.selected)], ["[", actions.coarser], ["]", actions.finer],
      // Where brackets need AltGr, as on German keyboards.
      [",", actions.coarser], [".", actions.finer],
      ["Escape", () => player.escape()],
    ]);
    // C and R, pressed on the page, are Streamlit's.
    /** @type {Map<string, () => void>} */
    this.inPlayer = new Map([["c", () => player.folds.close(player.scene.frameAround(player.selected))]]);
    /** @type {Map<string, () => void>} */
    this.inStage = new Map([
      ["ArrowDown", () => player.along(0, 1)], ["ArrowUp", () => player.along(0, -1)],
      ["Enter", () => player.openCard()],
    ]);
    gv.addEventListener("keydown", (event) => this.press(event), { signal });
    document.addEventListener("keydown", (event) => {
      if (this.isNobodys(event) && this.isFirst()) this.press(event);
    }, { signal });
  }

  // A key that was pressed on the page as such, on a link or a button of it, not in a field, an editor or a menu.
  /** @param {KeyboardEvent} event */
  isNobodys(event) {
    const path = event.composedPath();
    const isOwn = path.some((part) => part instanceof Element && part.matches(OWN_KEYS));
    return !event.defaultPrevented && !path.includes(this.player.gv) && !isOwn;
  }

  // Of several players in a page the first that is seen takes the keys that nobody else has.
  isFirst() {
    if (shared.first && !shared.first.gv.checkVisibility()) shared.first = null;
    return this.player.gv.checkVisibility() && (shared.first ??= this.player) === this.player;
  }

  leave() {
    if (shared.first === this.player) shared.first = null;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = targetOf(event), field = target?.closest("input[type=search], select");
    if (field) return this.pressInField(event, field === this.player.search.field);
    if (target?.closest("[role=menu]") && this.player.menus.key(event)) return taken(event);
    const action = this.actionOf(event, target);
    // An Escape that closes nothing here is the page's.
    if (!action || (event.key === "Escape" && !this.player.hasOpen())) return;
    taken(event);
    action();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {boolean} inSearch
   */
  pressInField(event, inSearch) {
    const { player } = this;
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.stopPropagation();
    if (event.key === "Enter") {
      if (inSearch) player.nextHit(event.shiftKey ? -1 : 1);
      return;
    }
    if (inSearch) {
      player.search.field.value = "";
      player.find();
    }
    player.stage.focus({ preventScroll: true });
  }

  // What a key does, given where it was pressed. In a presentation + and - are the page's: the size of its text.
  /**
   * @param {KeyboardEvent} event
   * @param {Element | null} target
   * @returns {(() => void) | undefined}
   */
  actionOf(event, target) {
    const { gv, stage } = this.player, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (pressesButton(event) || ("+=-".includes(key) && isPresenting())) return undefined;
    return (event.shiftKey ? this.withShift.get(key) : undefined)
      ?? this.everywhere.get(key)
      ?? (gv.contains(target) ? this.inPlayer.get(key) : undefined)
      ?? (stage.contains(target) ? this.inStage.get(key) : undefined);
  }
}

// The space bar and Enter press the button that has the focus.
/** @param {KeyboardEvent} event */
function pressesButton(event) {
  const [innermost] = event.composedPath(), presses = event.key === " " || event.key === "Enter";
  return presses && innermost instanceof Element && innermost.closest("button, summary, a");
}

/** @param {Event} event */
function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

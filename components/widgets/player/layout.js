// How the player's parts stand to each other: what is narrow, what gives its place to a card, what a card leaves free.

/** @import { Message } from "./data.js" */

// Widths in CSS pixels: of the player, and of the stage where a card opens by itself or takes the program's place.
const NARROW = 620, ROOMY = 700, CROWDED = 640;

// Tell the style sheet how much room there is.
/**
 * @param {HTMLElement} gv
 * @param {HTMLElement} stage
 * @param {HTMLElement} legend
 * @param {HTMLElement} code
 */
export function arrange(gv, stage, legend, code) {
  gv.classList.toggle("narrow", gv.clientWidth < NARROW);
  gv.classList.toggle("crowded", stage.clientWidth < CROWDED);
  // A card is no longer than the stage is, below which the legend stands.
  gv.style.setProperty("--legend", `${legend.offsetHeight}px`);
  scrollable(code);
}

// Tell the style sheet what it knows of the data.
/**
 * @param {HTMLElement} gv
 * @param {Message} data
 */
export function dressAs(gv, data) {
  const { classList } = gv;
  for (const kind of ["lab", "torchviz"]) classList.toggle(kind, data.kind === kind);
  classList.toggle("dark", isDark(gv));
  gv.style.setProperty("--above", `${data.above ?? 20}px`);
  classList.toggle("with-code", data.show_code);
  classList.toggle("folds", data.can_fold);
  classList.toggle("own-menu", data.own_menu);
}

// Who has no wheel scrolls by the keyboard, where there is something to scroll.
/** @param {HTMLElement} pane */
export function scrollable(pane) {
  if (pane.scrollHeight > pane.clientHeight) pane.tabIndex = 0;
  else pane.removeAttribute("tabindex");
}

// Whether a card that opens by itself leaves enough of the picture in sight.
/** @param {HTMLElement} stage */
export const isRoomy = (stage) => stage.clientWidth >= ROOMY;

/** @param {HTMLElement} element */
export function isDark(element) {
  const parts = getComputedStyle(element).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
  return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
}

// The largest part of the stage that a card leaves free, in the stage's own pixels; null if it covers nothing of it.
/**
 * @param {HTMLElement} stage
 * @param {HTMLElement} card
 */
export function freeBeside(stage, card) {
  const at = stage.getBoundingClientRect(), over = card.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = stage;
  if (card.hidden || over.right <= at.left || over.left >= at.right || over.top >= at.bottom) return null;
  const left = over.left - at.left, top = over.top - at.top, right = at.right - over.right;
  const strips = [
    { x: 0, y: 0, width: left, height }, { x: width - right, y: 0, width: right, height },
    { x: 0, y: 0, width, height: top },
  ].filter((strip) => strip.width > 0 && strip.height > 0);
  return strips.sort((a, b) => b.width * b.height - a.width * a.height)[0] ?? null;
}

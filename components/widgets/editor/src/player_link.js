// Talks with the player, another component of the same page, by events on `window`.

import { ViewPlugin } from "@codemirror/view";
import { isLine, marks, programOf, setStep, shownStep } from "./marks.js";

const REST = 80;
const MARGIN = 2;

/** @import { BlockInfo, EditorView } from "@codemirror/view" */
/** @import { LineAct, Step } from "../../page.js" */

// A click on a line's number; the gutter's handlers know the view, not the editor, so it travels as an event of the
// document.
/**
 * @param {EditorView} view
 * @param {BlockInfo} block
 */
export function pickLine(view, block) {
  const line = view.state.doc.lineAt(block.from).number;
  view.dom.dispatchEvent(new CustomEvent("lab-pick", { detail: line }));
  return false;
}

// Tells the player what is typed now: its picture may be that of another text.
/**
 * @param {string} channel
 * @param {string} text
 */
export function announce(channel, text) {
  if (channel) window.dispatchEvent(new CustomEvent("autograd-lab:typed", { detail: { channel, text } }));
}

/** @param {() => string} channel */
export function player(channel) {
  /** The line under the pointer, and the one that the player was told of. @type {number | null} */
  let resting = null;
  /** @type {number | null} */
  let told = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /**
   * @param {LineAct["act"]} act
   * @param {number} line
   */
  function say(act, line) {
    window.dispatchEvent(new CustomEvent("autograd-lab:line", { detail: { channel: channel(), line, act } }));
  }

  function leave() {
    clearTimeout(timer);
    resting = null;
    if (told === null) return;
    const line = told;
    told = null;
    say("leave", line);
  }

  // While its marks are stale the player's line numbers are those of another text.
  /**
   * @param {LineAct["act"]} act
   * @param {number} line
   * @param {EditorView} view
   */
  function sayOf(act, line, view) {
    if (view.state.field(marks).stale) return;
    if (act === "hover") told = line;
    say(act, line);
  }

  /**
   * @param {number | null} line
   * @param {EditorView} view
   */
  function rest(line, view) {
    if (line === resting) return;
    resting = line;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (told !== null && told !== line) {
        leave();
        resting = line;
      }
      if (line !== null && view.dom.isConnected) sayOf("hover", line, view);
    }, REST);
  }

  /** @param {EditorView} [view] */
  const hello = (view) => {
    leave();
    if (view?.state.field(marks).step) view.dispatch({ effects: setStep.of(null) });
    window.dispatchEvent(new CustomEvent("autograd-lab:hello", { detail: { channel: channel() } }));
  };

  const listening = ViewPlugin.define((view) => {
    const abort = new AbortController(), { signal } = abort;
    window.addEventListener("autograd-lab:step", ({ detail }) => {
      if (detail?.channel !== channel()) return;
      arrive(view, detail);
      // A player that was not there when this was said would not know that its picture is old.
      announce(channel(), programOf(view.state.doc.toString(), view.state.field(marks).partly));
    }, { signal });
    view.dom.addEventListener("lab-pick", ({ detail }) => sayOf("pick", detail, view), { signal });
    view.scrollDOM.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") rest(lineAt(view, event), view);
    }, { signal });
    view.scrollDOM.addEventListener("pointerleave", leave, { signal });
    queueMicrotask(() => signal.aborted || hello());
    return {
      update: (update) => {
        if (update.state.field(marks).stale && told !== null) leave();
      },
      destroy: () => abort.abort(),
    };
  });
  return { extension: listening, hello, leave };
}

/**
 * @param {EditorView} view
 * @param {PointerEvent} event
 */
function lineAt(view, event) {
  const height = event.clientY - view.documentTop;
  if (height < 0 || height > view.contentHeight) return null;
  const block = view.lineBlockAtHeight(height);
  return height > block.bottom ? null : view.state.doc.lineAt(block.from).number;
}

/**
 * @param {EditorView} view
 * @param {Step} step
 */
function arrive(view, step) {
  const before = view.state.field(marks);
  // Telling CodeMirror anything makes it lay out the page.
  if (!before.stale && JSON.stringify(before.step) === JSON.stringify(step)) return;
  view.dispatch({ effects: setStep.of(step) });
  if (before.stale || before.step?.line !== step.line) bringIntoView(view);
}

// A step can come before the text that it is about: whoever brings the text asks for this again.
/** @param {EditorView} view */
export function bringIntoView(view) {
  view.requestMeasure({ key: arrive, read: () => reveal(view, shownStep(view.state)?.line) });
}

/**
 * @param {EditorView} view
 * @param {number | null | undefined} number
 */
function reveal(view, number) {
  if (!isLine(view.state, number)) return;
  const { scrollDOM: scroller } = view;
  const block = view.lineBlockAt(view.state.doc.line(number).from);
  const padding = view.documentPadding.top;
  const hidden = block.top + padding < scroller.scrollTop + MARGIN
    || block.bottom + padding > scroller.scrollTop + scroller.clientHeight - MARGIN;
  if (!hidden) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  scroller.scrollTo({ top: block.top - (scroller.clientHeight - block.height) / 2, behavior });
}

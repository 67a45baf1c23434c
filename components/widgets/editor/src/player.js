// Talks with the player, another component of the same page, by events on `window`.

import { ViewPlugin } from "@codemirror/view";
import { isLine, marks, setStep, shownStep } from "./marks.js";

const REST = 80;
const MARGIN = 2;

// A click on a line's number; the gutter's handlers know the view, not the editor, so it travels as an event of the DOM.
export function pickLine(view, block) {
  const line = view.state.doc.lineAt(block.from).number;
  view.dom.dispatchEvent(new CustomEvent("lab-pick", { detail: line }));
  return false;
}

export function player(channel) {
  let resting = null, told = null, timer = 0;

  function say(act, line, view) {
    // The player's line numbers are those of another text.
    if (act !== "leave" && view.state.field(marks).stale) return;
    if (act === "hover") told = line;
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

  function rest(line, view) {
    if (line === resting) return;
    resting = line;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (told !== null && told !== line) { leave(); resting = line; }
      if (line !== null && view.dom.isConnected) say("hover", line, view);
    }, REST);
  }

  const hello = (view) => {
    leave();
    if (view?.state.field(marks).step) view.dispatch({ effects: setStep.of(null) });
    window.dispatchEvent(new CustomEvent("autograd-lab:hello", { detail: { channel: channel() } }));
  };

  const listening = ViewPlugin.define((view) => {
    const abort = new AbortController();
    const on = (target, name, action) => target.addEventListener(name, action, { signal: abort.signal });
    on(window, "autograd-lab:step", ({ detail }) => detail?.channel === channel() && arrive(view, detail));
    on(view.dom, "lab-pick", ({ detail }) => say("pick", detail, view));
    on(view.scrollDOM, "pointermove", (event) => event.pointerType !== "touch" && rest(lineAt(view, event), view));
    on(view.scrollDOM, "pointerleave", leave);
    queueMicrotask(() => abort.signal.aborted || hello());
    return {
      update: (update) => update.state.field(marks).stale && told !== null && leave(),
      destroy: () => abort.abort(),
    };
  });
  return { extension: listening, hello, leave };
}

function lineAt(view, event) {
  const height = event.clientY - view.documentTop;
  if (height < 0 || height > view.contentHeight) return null;
  const block = view.lineBlockAtHeight(height);
  return height > block.bottom ? null : view.state.doc.lineAt(block.from).number;
}

function arrive(view, step) {
  const before = view.state.field(marks);
  // Telling CodeMirror anything makes it lay out the page.
  if (!before.stale && JSON.stringify(before.step) === JSON.stringify(step)) return;
  view.dispatch({ effects: setStep.of(step) });
  if (before.stale || before.step?.line !== step.line) bringIntoView(view);
}

// A step can come before the text that it is about: whoever brings the text asks for this again.
export function bringIntoView(view) {
  view.requestMeasure({ key: arrive, read: () => reveal(view, shownStep(view.state)?.line) });
}

function reveal(view, number) {
  if (!isLine(view.state, number)) return;
  const { scrollDOM: scroller } = view;
  const block = view.lineBlockAt(view.state.doc.line(number).from);
  const padding = view.documentPadding.top;
  const hidden = block.top + padding < scroller.scrollTop + MARGIN
    || block.bottom + padding > scroller.scrollTop + scroller.clientHeight - MARGIN;
  if (!hidden) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scroller.scrollTo({ top: block.top - (scroller.clientHeight - block.height) / 2, behavior: still ? "instant" : "smooth" });
}

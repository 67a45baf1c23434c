// One mounted editor: it holds what is typed, tells Python of it, and takes what Python sends.

import { isolateHistory } from "@codemirror/commands";
import { EditorSelection } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { setWords } from "./completion.js";
import { programOf, setPartly } from "./marks.js";
import { Draft, recall, remember } from "./remembered.js";
import { namesAt } from "./names.js";
import { announce, bringIntoView, player } from "./player_link.js";
import { showProblem } from "./problem.js";
import { labelled, newState } from "./setup.js";

/**
 * What Python sends: `revision` names the source that `text` began from, `run` and `seq` are the numbers of the last
 * request to run and of the last report that Python knows; `words` is the address of the names to be completed.
 * `beside` is what else is to be seen in the window, the rest of which `of` editors share. `live`: it holds an
 * expression, which Enter runs, and a pause in typing too.
 * @typedef {{ key: string, revision: string, text: string, run: number, seq: number, words: string,
 *   problem: import("./problem.js").Problem | null, height: number, beside: number | null, of: number, channel: string,
 *   label: string, live: boolean, partly: import("./marks.js").Partly }} EditorData
 */
/** @typedef {(name: string, value: { revision: string, text: string, run: number, seq: number }) => void} Send */

const FUNCTION_KEY = /^F\d+$/;
const PAUSE = 400;
// CodeMirror knows one end of line.
/** @param {string} text */
const plain = (text) => text.replace(/\r\n?/g, "\n");

// The part in which two texts differ: the one from `from` to `to`, the other there has `insert`.
/**
 * @param {string} one
 * @param {string} other
 */
function difference(one, other) {
  const shorter = Math.min(one.length, other.length);
  let from = 0, end = 0;
  while (from < shorter && one[from] === other[from]) from += 1;
  while (end < shorter - from && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return { from, to: one.length - end, insert: other.slice(from, other.length - end) };
}

export class Editor {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  pausing;

  /**
   * @param {HTMLElement | ShadowRoot} root
   * @param {EditorData} data
   * @param {Send} send
   */
  constructor(root, data, send) {
    this.send = send;
    this.data = data;
    this.abort = new AbortController();
    this.mount = root.appendChild(document.createElement("div"));
    this.mount.className = "lab-editor";
    this.player = player(() => this.data.channel);
    const saved = recall(data.key, data.revision);
    const typing = EditorView.updateListener.of((update) => {
      if (update.docChanged) this.typed();
    });
    const own = { run: () => this.run(), live: data.live, extensions: [this.player.extension, typing] };
    this.draft = new Draft(data.key, this.abort.signal);
    // It was filled anew while it was away.
    if (!saved && this.draft.text !== null && this.draft.text !== data.text) this.draft.keep(null);
    const state = newState(data.text, own, saved?.state);
    this.view = new EditorView({ root: root instanceof ShadowRoot ? root : undefined, parent: this.mount, state });
    this.told = plain(data.text);
    this.last = data.seq;
    this.asked = data.run;
    this.listen();
    this.show(data, null);
    if (saved) this.view.scrollDOM.scrollTop = saved.scroll;
    // What Python does not know yet (its session ended, or it was typed while the page changed) it is told after
    // mounting.
    setTimeout(() => !this.abort.signal.aborted && this.commit());
  }

  listen() {
    const { mount, abort: { signal } } = this;
    mount.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && mount.contains(relatedTarget))) this.commit();
    }, { signal });
    // Where a tap on a button takes no focus away (Safari), the button must see the new text all the same.
    window.addEventListener("pointerdown", (event) => {
      if (!event.composedPath().includes(mount)) this.commit();
    }, { capture: true, signal });
    // Outside of the shadow root nobody sees that this is a place to type in: Streamlit's shortcuts must not hear it.
    for (const name of /** @type {const} */ (["keydown", "keypress", "keyup"])) {
      mount.addEventListener(name, (event) => {
        if (!FUNCTION_KEY.test(event.key)) event.stopPropagation();
      }, { signal });
    }
  }

  // --- what Python hears

  get text() {
    return this.view.state.doc.toString();
  }

  typed() {
    remember(this.data.key, this.data.revision, this.view);
    announce(this.data.channel, programOf(this.text, this.data.partly));
    if (this.text === this.told) return;
    this.draft.keep(this.text);
    if (!this.data.live) return;
    clearTimeout(this.pausing);
    this.pausing = setTimeout(() => this.commit(), PAUSE);
  }

  commit() {
    if (this.mount.isConnected && this.text !== this.told) this.tell();
  }

  run() {
    this.asked = this.next();
    this.tell(this.asked);
    return true;
  }

  next() {
    return (this.last = Math.max(Date.now(), this.last + 1));
  }

  tell(seq = this.next()) {
    this.told = this.text;
    this.send("edited", { revision: this.data.revision, text: this.told, run: this.asked, seq });
  }

  // --- what Python sends

  /**
   * @param {EditorData} data
   * @param {Send} send
   */
  update(data, send) {
    this.send = send;
    const before = this.data;
    this.data = data;
    this.last = Math.max(this.last, data.seq);
    this.asked = Math.max(this.asked, data.run);
    if (data.revision !== before.revision) this.replace(data.text);
    if (data.channel !== before.channel) this.player.hello(this.view);
    this.show(data, before);
  }

  /**
   * @param {EditorData} data
   * @param {EditorData | null} before
   */
  show(data, before) {
    const { height, beside, of } = data;
    const free = `100vh - ${beside}px * var(--al-zoom, 1) + var(--al-freed, 0px)`;
    this.mount.style.height = beside === null ? `${height}px` : `max(${height}px, calc((${free}) / ${of}))`;
    if (data.label !== before?.label) this.view.dispatch({ effects: labelled(data.label) });
    if (data.words && data.words !== before?.words) void this.complete(data.words);
    if (JSON.stringify(data.partly) !== JSON.stringify(before?.partly ?? null)) {
      this.view.dispatch({ effects: setPartly.of(data.partly) });
      announce(data.channel, programOf(this.text, data.partly));
    }
    showProblem(this.view, data.problem, data.run);
  }

  /** @param {string} address */
  async complete(address) {
    const names = await namesAt(address);
    if (names && !this.abort.signal.aborted && this.data.words === address) {
      this.view.dispatch({ effects: setWords.of(names) });
    }
  }

  // Undo brings back what was typed before, in one step. Where little is different, that is what is then in sight.
  /** @param {string} text */
  replace(text) {
    this.told = plain(text);
    this.draft.keep(null);
    const changes = difference(this.text, this.told), { from, to, insert } = changes;
    const isEdit = Math.max(to - from, insert.length) < this.told.length / 2, at = isEdit ? from : 0;
    this.view.dispatch({
      changes,
      selection: EditorSelection.cursor(at),
      effects: isEdit ? EditorView.scrollIntoView(at, { y: "nearest" }) : [],
      annotations: isolateHistory.of("full"),
    });
    if (!isEdit) this.view.scrollDOM.scrollTo({ top: 0, left: 0 });
    bringIntoView(this.view);
  }

  destroy() {
    remember(this.data.key, this.data.revision, this.view);
    clearTimeout(this.pausing);
    this.abort.abort();
    this.player.leave();
    this.view.destroy();
    this.mount.remove();
  }
}

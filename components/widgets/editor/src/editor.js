// One mounted editor: it holds what is typed, tells Python of it, and takes what Python sends.

import { isolateHistory } from "@codemirror/commands";
import { EditorSelection } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { setWords } from "./completion.js";
import { recall, remember } from "./memory.js";
import { treeOf } from "./names.js";
import { bringIntoView, player } from "./player.js";
import { showProblem } from "./problem.js";
import { labelled, newState } from "./setup.js";

const FUNCTION_KEY = /^F\d+$/;
// CodeMirror knows one end of line.
const plain = (text) => text.replace(/\r\n?/g, "\n");

export class Editor {
  constructor(root, data, send) {
    this.send = send;
    this.data = data;
    this.abort = new AbortController();
    this.mount = root.appendChild(document.createElement("div"));
    this.mount.className = "lab-editor";
    this.player = player(() => this.data.channel);
    const kept = recall(data.key, data.revision);
    const extensions = [this.player.extension, EditorView.updateListener.of((update) => update.docChanged && this.typed())];
    const state = newState(data.text, { run: () => this.run(), extensions }, kept?.state);
    this.view = new EditorView({ root, parent: this.mount, state });
    this.told = plain(data.text);
    this.last = data.seq;
    this.asked = data.run;
    this.listen();
    this.show(data, {});
    if (kept) this.view.scrollDOM.scrollTop = kept.scroll;
    // What Python does not know yet (its session ended, or it was typed while the page changed) it is told after mounting.
    setTimeout(() => !this.abort.signal.aborted && this.commit());
  }

  on(target, event, action, options = {}) {
    target.addEventListener(event, action, { ...options, signal: this.abort.signal });
  }

  listen() {
    this.on(this.mount, "focusout", (event) => !this.mount.contains(event.relatedTarget) && this.commit());
    // Where a tap on a button takes no focus away (Safari), the button must see the new text all the same.
    this.on(window, "pointerdown", (event) => !event.composedPath().includes(this.mount) && this.commit(), { capture: true });
    // Outside of the shadow root nobody sees that this is a place to type in: Streamlit's shortcuts must not hear it.
    for (const name of ["keydown", "keypress", "keyup"]) {
      this.on(this.mount, name, (event) => FUNCTION_KEY.test(event.key) || event.stopPropagation());
    }
  }

  // --- what Python hears

  get text() {
    return this.view.state.doc.toString();
  }

  typed() {
    remember(this.data.key, this.data.revision, this.view);
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

  show(data, before) {
    this.mount.style.height = `${data.height}px`;
    if (data.label !== before.label) this.view.dispatch({ effects: labelled(data.label) });
    if (JSON.stringify(data.words) !== JSON.stringify(before.words)) this.view.dispatch({ effects: setWords.of(treeOf(data.words)) });
    showProblem(this.view, data.problem, data.run);
  }

  // Undo brings back what was typed before.
  replace(text) {
    this.told = plain(text);
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: EditorSelection.cursor(0),
      annotations: isolateHistory.of("full"),
    });
    this.view.scrollDOM.scrollTo({ top: 0, left: 0 });
    bringIntoView(this.view);
  }

  destroy() {
    remember(this.data.key, this.data.revision, this.view);
    this.abort.abort();
    this.player.leave();
    this.view.destroy();
    this.mount.remove();
  }
}

// What Streamlit calls: once when the component is mounted, and again at every change of its data.

import { Editor } from "./editor.js";

/** @import { EditorData, Send } from "./editor.js" */

/** @type {WeakMap<HTMLElement | ShadowRoot, Editor>} */
const editors = new WeakMap();

/** @param {{ data: EditorData, parentElement: HTMLElement | ShadowRoot, setStateValue: Send }} component */
export default function start({ data, parentElement, setStateValue }) {
  const known = editors.get(parentElement), editor = known ?? new Editor(parentElement, data, setStateValue);
  editors.set(parentElement, editor);
  known?.update(data, setStateValue);
  return () => {
    // Streamlit also cleans up after a call that newer data overtook; what is still on the page stays alive.
    if (parentElement.isConnected) return;
    editor.destroy();
    editors.delete(parentElement);
  };
}

// What Streamlit calls: once when the component is mounted, and again at every change of its data.

import { Editor } from "./editor.js";

const editors = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let editor = editors.get(parentElement);
  if (!editor) editors.set(parentElement, (editor = new Editor(parentElement, data, setStateValue)));
  else editor.update(data, setStateValue);
  return () => {
    // Streamlit also cleans up after a call that newer data overtook; what is still on the page stays alive.
    if (parentElement.isConnected) return;
    editor.destroy();
    editors.delete(parentElement);
  };
}

// Buttons for the page's Download menu: each asks the player with the key to save its picture, as it is shown.

/** @type {[string, string][]} */
const KINDS = [
  ["svg", "Picture as SVG, as shown"], ["png2", "Picture as PNG, 2×"], ["png4", "Picture as PNG, 4×"],
  ["dot", "Picture as DOT, the whole"],
];

/** @param {{ data: { key: string }, parentElement: HTMLElement | ShadowRoot }} component */
export default function start({ data: { key }, parentElement }) {
  const list = parentElement.querySelector(".pictures");
  list?.replaceChildren(...KINDS.map(([kind, text]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      window.dispatchEvent(new CustomEvent("autograd-lab:save", { detail: { key, kind } }));
    });
    return button;
  }));
}

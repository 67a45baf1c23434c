// The menus of the header: the files to download, and what is to be looked at. One is open at a time.

import { create } from "./dom.js";

/** @import { PlayerFinding } from "./data.js" */

const MOST_LISTED = 100;
const ILL_WORDS = { nan: "NaN", inf: "infinite", exploding: "exploding", vanishing: "vanishing", dead: "dead" };
const TIP = "The first NaN or infinity, exploding or vanishing gradients, dead units. Key: I goes to the next";

export class Menus {
  // Menus with the buttons that open them.
  /** @param {[HTMLElement, HTMLElement][]} pairs */
  constructor(pairs) { this.pairs = pairs; }

  /** @param {HTMLElement} menu */
  toggle(menu) {
    const opens = menu.hidden;
    this.close();
    menu.hidden = !opens;
    this.pairs.find(([other]) => other === menu)?.[1].setAttribute("aria-expanded", String(opens));
    if (opens) menu.querySelector("button")?.focus();
  }

  isOpen() { return this.pairs.some(([menu]) => !menu.hidden); }

  // Returns whether one was open; `focus` goes back to its button.
  close({ focus = false } = {}) {
    const open = this.pairs.filter(([menu]) => !menu.hidden);
    for (const [menu, button] of open) {
      menu.hidden = true;
      button.setAttribute("aria-expanded", "false");
      if (focus) button.focus({ preventScroll: true });
    }
    return open.length > 0;
  }

  // Up and down go through the items of the open menu, round and round. Returns whether the key was one of these.
  /** @param {KeyboardEvent} event */
  key({ key }) {
    const menu = this.pairs.find(([other]) => !other.hidden)?.[0];
    if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(key)) return false;
    const items = [...menu.querySelectorAll("button")], root = menu.getRootNode();
    const active = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
    const here = items.findIndex((item) => item === active);
    if (key === "Home" || key === "End") items.at(key === "Home" ? 0 : -1)?.focus();
    else items.at((here + (key === "ArrowDown" ? 1 : -1)) % items.length)?.focus();
    return true;
  }
}

// What is to be looked at: the first bad numbers, bad gradients, those that explode or vanish, dead units.
export class Findings {
  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} list
   * @param {{ go: (finding: PlayerFinding) => void }} actions
   */
  constructor(button, list, { go }) {
    this.button = button;
    this.list = list;
    this.go = go;
    /** @type {PlayerFinding[]} */
    this.findings = [];
    this.at = -1;
    /** The fold that is being opened for a finding in it. @type {string | null} */
    this.opened = null;
  }

  // `more` is whether there are others that were not looked for.
  /**
   * @param {PlayerFinding[]} findings
   * @param {boolean} more
   */
  show(findings, more) {
    // The same findings can come again, with a box opened: whoever goes through them goes on.
    const isSame = findings.length === this.findings.length
      && findings.every(({ text }, number) => text === this.findings[number].text);
    this.findings = findings;
    if (!isSame) this.at = -1;
    /** @type {Map<PlayerFinding["illness"], number>} */
    const counts = new Map(), plus = more ? "+" : "";
    for (const { illness } of findings) counts.set(illness, (counts.get(illness) ?? 0) + 1);
    this.button.hidden = !findings.length;
const isMild = findings.every(({ illness }) => illness === "vanishing" || illness === "dead");
    this.button.classList.toggle("mild", isMild);
    if (!findings.length) this.list.hidden = true;
    this.button.textContent = [...counts].map(([kind, count]) => `${count}${plus} ${ILL_WORDS[kind]}`).join(" · ");
    this.button.dataset.tip = TIP;
    /** @type {HTMLElement[]} */
    const items = findings.slice(0, MOST_LISTED).map((finding, number) => {
      const item = create("button", finding.first ? "first" : "", finding.text);
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.addEventListener("click", () => this.to(number));
      return item;
    });
    if (findings.length > MOST_LISTED) {
      items.push(create("p", "", `${MOST_LISTED} of ${findings.length}${plus} shown; I goes on.`));
    }
    this.list.replaceChildren(...items);
  }

  next() {
    if (this.findings.length) this.to((this.at + 1) % this.findings.length);
  }

  /** @param {number} number */
  to(number) {
    this.at = number;
    this.go(this.findings[number]);
  }

  // A fold has been opened: on to the finding in it, through folds in that. One that does not open stays selected.
  goOn() {
    const { opened } = this, finding = this.at < 0 ? null : this.findings[this.at];
    this.opened = null;
    if (opened !== null && finding && finding.box !== opened) this.go(finding);
  }
}

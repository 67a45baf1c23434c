// Mounted once on every page: it brings what is kept in this browser to a new session, writes back what the session has
// changed, hears the keys that belong to no part of the page, and dresses the page for a projector.

import { Kept, areas, stayApart } from "./kept.js";
import { Notice } from "./notice.js";
import { part, Presentation } from "./presentation.js";

/**
 * What Python sends. `session` is new for each session of the server, which is told once what is kept. `put` are the
 * values that it has changed, as JSON, by name; `page` is the page that is shown.
 * @typedef {{ session: string, keeps: boolean, arrived: boolean, page: string,
 *   put: Record<string, string>, rewrites: Rewrite[],
 *   qr: string }} BrowserData
 */
/**
 * The parts of an address that are to stand where one of the names has the value `was`.
 * @typedef {{ was: string, names: string[], parts: Record<string, string> }} Rewrite
 */
/** @typedef {(name: string, value: unknown) => void} Send */

// Where keys are somebody's own.
const OWN_KEYS = [
  "input", "textarea", "select", "[contenteditable=true]",
  ...["dialog", "menu", "slider"].map((role) => `[role=${role}]`),
].join();
const AGAIN_AFTER = 1500;
const shared = (globalThis.autogradLab ??= {});

export class Browser {
  abort = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  asking;
  /** The session that was told last. */
  told = "";
  /** The page that is shown. */
  page = "";
  /** What Python had put last, by name. @type {Map<string, string>} */
  known = new Map();
  /** @type {Send} */
  send = () => {};

  /**
   * @param {HTMLElement | ShadowRoot} root
   * @param {BrowserData} data
   */
  constructor(root, data) {
    this.kept = new Kept(...areas(data.keeps));
    this.channel = data.keeps ? stayApart(this.kept) : null;
    shared.kept = this.kept;
    this.presentation = new Presentation(root, this.kept, (on) => this.send("present", on));
    this.notice = new Notice(root, this.kept);
    this.actions = part(root, ".actions");
    const { signal } = this.abort;
    keepTheWay();
    document.addEventListener("keydown", (event) => this.press(event), { signal });
    for (const button of root.querySelectorAll(".actions [data-key]")) {
      if (button instanceof HTMLElement) button.addEventListener("click", () => this.act(button.dataset.key ?? ""));
    }
  }

  /**
   * @param {BrowserData} data
   * @param {Send} send
   */
  update(data, send) {
    this.send = send;
    if (this.told !== data.session) {
      this.told = data.session;
      // After the page is there: what is said while a component is being made gets lost.
      setTimeout(() => this.report());
    }
    clearInterval(this.asking);
    // What is said while the page finds its server again can get lost, too; a run that follows it must not be cut off.
    if (!data.arrived) this.asking = setInterval(() => rests() && this.report(), AGAIN_AFTER);
    for (const [name, text] of Object.entries(data.put)) {
      if (this.known.get(name) !== text) this.kept.put(name, text);
      this.known.set(name, text);
    }
    if (data.page !== this.page) closeMenu();
    this.page = data.page;
    if (data.arrived) cameBack = false;
    if (data.page === pathPage()) data.rewrites.forEach(rewrite);
    this.notice.show(data.page);
    this.presentation.show(data.qr);
    this.actions.hidden = !data.keeps;
  }

  report() {
    const report = { session: this.told, values: this.kept.all(), present: this.presentation.on, went: cameBack };
    this.send("report", report);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOwn = event.composedPath().some((part) => part instanceof Element && part.matches(OWN_KEYS));
    if (!isOwn && this.act(event.key.toLowerCase())) event.preventDefault();
  }

  /** @param {string} key */
  act(key) {
    const { presentation } = this;
    const what = { "?": "help", s: "share" }[key];
    if (what) this.send("ask", { what, search: location.search });
    else if (key === "p") presentation.turn(!presentation.on);
    else if (presentation.on && key === "escape") presentation.turn(false);
    else if (presentation.on && (key === "+" || key === "=")) presentation.zoom(1);
    else if (presentation.on && key === "-") presentation.zoom(-1);
    else return false;
    return true;
  }

  dispose() {
    clearInterval(this.asking);
    this.abort.abort();
    this.channel?.close();
  }
}

// Whether no run of the page is under way.
const rests = () => document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]") !== null;

// Streamlit writes the page of each run into the address. Who goes back twice is at another one by then: until a person
// does something on the page again, no run of it leads to another page than the address has.
function keepTheWay() {
  if (shared.keepsWay) return;
  shared.keepsWay = true;
  const push = history.pushState.bind(history);
  let went = false;
  window.addEventListener("popstate", () => { went = true; });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { went = false; }, { capture: true });
  }
  history.pushState = (state, unused, url) => {
    if (!went || !url || new URL(url, location.href).pathname === location.pathname) push(state, unused, url);
  };
}

// Back or Forward led here from another document.
const [first] = performance.getEntriesByType("navigation");
let cameBack = !!first && "type" in first && first.type === "back_forward";

// The address says what there is now; the history gets no new entry.
/** @param {Rewrite} rewrite */
function rewrite({ was, names, parts }) {
  const asked = new URLSearchParams(location.search);
  if (!names.some((name) => (asked.get(name) ?? "") === was)) return;
  for (const name of names) asked.delete(name);
  for (const [name, value] of Object.entries(parts)) asked.set(name, value);
  const text = asked.toString();
  history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

// The first page has no name in the address.
const pathPage = () => location.pathname.split("/").at(-1) || "start";
// On a phone the list of pages lies over the page that was chosen from it.
function closeMenu() {
  if (!matchMedia("(max-width: 768px)").matches) return;
  const open = document.querySelector("[data-testid=stSidebar][data-collapsed=false] button[aria-expanded=true]");
  if (open instanceof HTMLElement) open.click();
}

/** @type {WeakMap<HTMLElement | ShadowRoot, Browser>} */
const browsers = new WeakMap();

/** @param {{ data: BrowserData, parentElement: HTMLElement | ShadowRoot, setTriggerValue: Send }} component */
export default function start({ data, parentElement, setTriggerValue }) {
  const browser = browsers.get(parentElement) ?? new Browser(parentElement, data);
  browsers.set(parentElement, browser);
  browser.update(data, setTriggerValue);
  return () => {
    if (parentElement.isConnected) return;
    browser.dispose();
    browsers.delete(parentElement);
  };
}

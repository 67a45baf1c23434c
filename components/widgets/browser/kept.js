// What is kept in the browser, as texts by name. Each tab has its own (it comes back after a reload), and what was
// written last by any tab is what a new tab begins with. What one tab overwrites of another is put aside, not lost.

const PREFIX = "autograd-lab/", TAB = "autograd-lab tab", ASIDE = "autograd-lab aside";
// What a person has typed or built; the rest is only about how it was looked at.
const MADE = /:Typed$|:Ran$|Form$/;
// An editor has two texts, which belong together.
const TYPED = ":Typed", RAN = ":Ran", NOTHING = "{}";
const MOST_ASIDE = 400_000;

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Area */

// A browser that lets nothing be kept (a private window, a page inside another) forgets at the end of the page.
/** @returns {Area} */
function memory() {
  /** @type {Map<string, string>} */
  const texts = new Map();
  return {
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, text) => void texts.set(name, text),
    removeItem: (name) => void texts.delete(name),
    key: (number) => [...texts.keys()][number] ?? null,
    get length() { return texts.size; },
  };
}

/**
 * @param {boolean} keeps
 * @returns {[Area, Area]}
 */
export function areas(keeps) {
  try {
    if (keeps) {
      for (const area of [sessionStorage, localStorage]) {
        // Where there is something already, it is to be read even if there is no room for more.
        if (!namesIn(area).length) area.setItem(TAB, area.getItem(TAB) ?? "");
      }
      return [sessionStorage, localStorage];
    }
  } catch { /* refused */ }
  return [memory(), memory()];
}

export class Kept {
  /** What this tab knows to be written for all. @type {Map<string, string>} */
  seen = new Map();
  /** Hears of something that was put aside. @type {(page: string) => void} */
  onAside = () => {};

  /**
   * @param {Area} own
   * @param {Area} all
   */
  constructor(own, all) {
    this.own = own;
    this.all_ = all;
    const known = own.getItem(TAB);
    this.tab = known || newName();
    if (!known) {
      this.write(own, TAB, this.tab);
      for (const name of namesIn(all)) this.write(own, PREFIX + name, written(all, name).text);
    }
    for (const name of namesIn(own)) this.seen.set(name, own.getItem(PREFIX + name) ?? "");
  }

  /** @param {string} name */
  get(name) { return this.own.getItem(PREFIX + name); }

  /** @returns {Record<string, string>} */
  all() { return Object.fromEntries(namesIn(this.own).map((name) => [name, this.get(name) ?? ""])); }

  /**
   * @param {string} name
   * @param {string} text
   */
  put(name, text) {
    const { tab, text: other } = written(this.all_, name);
    if (tab && tab !== this.tab && MADE.test(name) && other !== this.seen.get(name) && other !== text) {
      this.putAside(name);
    }
    this.seen.set(name, text);
    this.write(this.own, PREFIX + name, text);
    this.write(this.all_, PREFIX + name, `${this.tab}\n${text}`);
  }

  // --- what another tab had

  /** @returns {Record<string, Record<string, string>>} By page and name. */
  aside() {
    try {
      return JSON.parse(this.all_.getItem(ASIDE) ?? "{}");
    } catch {
      return {};
    }
  }

  /** @param {string} name */
  putAside(name) {
    const aside = this.aside(), page = pageOf(name);
    for (const part of together(name)) {
      const { tab, text } = written(this.all_, part);
      if (tab && tab !== this.tab) aside[page] = { ...aside[page], [part]: text };
    }
    const json = JSON.stringify(aside);
    if (json.length < MOST_ASIDE) this.write(this.all_, ASIDE, json);
    this.onAside(page);
  }

  // Let this tab have what another has made of a page last, and put aside what it had.
  /** @param {string} page */
  exchange(page) {
    const aside = this.aside(), theirs = aside[page] ?? {};
    /** @type {Record<string, string>} */
    const mine = {};
    for (const name of new Set(Object.keys(theirs).flatMap(together))) {
      const { tab, text } = written(this.all_, name);
      mine[name] = this.get(name) ?? NOTHING;
      this.seen.set(name, text);
      this.put(name, tab && tab !== this.tab ? text : theirs[name] ?? NOTHING);
    }
    for (const name of Object.keys(mine)) this.runAgain(name);
    aside[page] = mine;
    this.write(this.all_, ASIDE, JSON.stringify(aside));
  }

  // What is typed in an editor is what it is to run, too.
  /** @param {string} name */
  runAgain(name) {
    const typed = this.get(name) ?? NOTHING;
    if (name.endsWith(TYPED) && /"text": *"/.test(typed)) this.put(name.slice(0, -TYPED.length) + RAN, typed);
  }

  // A tab that was made as a copy of another has a name of its own from then on.
  rename() {
    this.tab = newName();
    this.write(this.own, TAB, this.tab);
  }

  /**
   * @param {Area} area
   * @param {string} name
   * @param {string} text
   */
  write(area, name, text) {
    try {
      area.setItem(name, text);
    } catch {
      try {
        // The room is used up: what was put aside goes first.
        this.all_.removeItem(ASIDE);
        area.setItem(name, text);
      } catch { /* then it lasts as long as the page */ }
    }
  }
}

const newName = () => Math.random().toString(36).slice(2);

// Browsers copy what a tab has to a tab that is made of it: the one that was first says so.
/** @param {Kept} kept */
export function stayApart(kept) {
  const me = newName(), channel = new BroadcastChannel(TAB);
  channel.onmessage = ({ data: { asks, answers, tab } }) => {
    if (tab !== kept.tab) return;
    if (answers === me) kept.rename();
    else if (asks) channel.postMessage({ answers: asks, tab });
  };
  channel.postMessage({ asks: me, tab: kept.tab });
  return channel;
}

/**
 * @param {string} name
 * @returns {string[]}
 */
function together(name) {
  const [, editor] = name.match(/^(.*)(?::Typed|:Ran)$/) ?? [];
  return editor ? [editor + TYPED, editor + RAN] : [name];
}

/** @param {string} name */
const pageOf = (name) => name.split(":")[0];

/**
 * @param {Area} area
 * @param {string} name
 */
function written(area, name) {
  const [tab, ...text] = (area.getItem(PREFIX + name) ?? "").split("\n");
  return { tab, text: text.join("\n") };
}

/** @param {Area} area */
function namesIn(area) {
  const keys = Array.from({ length: area.length }, (_, number) => area.key(number) ?? "");
  return keys.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
}

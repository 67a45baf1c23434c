// Where one is: kept while the page lives, and in its address, so that a link leads to the same step of the same graph.
// A step is counted in events, which are the same however the graph is folded; `of` says of which program it is one.

/** @import { Shared, StepAndNode } from "../page.js" */

const WRITE_AFTER = 150, MOST_PLACES = 20;

/** What all players of a page share. @type {Shared} */
export const shared = (globalThis.autogradLab ??= {});
const places = (shared.places ??= new Map());

export class Place {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  writing;
  key = "";
  of = "";
  component = "";

  // `key` is the component's, `of` the signature of its program.
  /**
   * @param {string} key
   * @param {string} of
   */
  open(key, of) {
    this.of = of;
    this.component = key;
    this.key = `${key}\n${of}`;
  }

  // The place that the page's address tells of this program; or that was left, in this page or, before a reload, in
  // another.
  /** @returns {StepAndNode} */
  read() {
    // The address is about the program that was there first; what is run later begins anew.
    const told = shared.addressRead ? null : placeIn(location.search, this.of);
    shared.addressRead = true;
    const place = told ?? places.get(this.key) ?? this.kept() ?? { step: null, node: null };
    places.set(this.key, place);
    return place;
  }

  // What the browser keeps of this component: the place in each of the last programs that were in it.
  kept() {
    for (const text of this.lines()) {
      const place = placeIn(text, this.of);
      if (place) return place;
    }
    return null;
  }

  lines() { return (shared.kept?.get(`place:${this.component}`) ?? "").split("\n"); }

  // Back or Forward led to another address: the place in it, if it is about this program; otherwise it is left to the
  // program that is to come.
  returned() {
    const place = placeIn(location.search, this.of);
    shared.addressRead = !!place;
    if (place) places.set(this.key, place);
    return place;
  }

  // The address is written when nothing has moved for a while.
  /** @param {StepAndNode} place */
  write(place) {
    this.forget();
    places.set(this.key, place);
    this.writing = setTimeout(() => {
      const others = this.lines().filter((line) => line && !placeIn(line, this.of));
      const lines = [searchWith("", place, this.of), ...others].slice(0, MOST_PLACES);
      shared.kept?.put(`place:${this.component}`, lines.join("\n"));
      const text = searchWith(location.search, place, this.of);
      if (text === location.search.slice(1)) return;
      try {
        history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
      } catch { /* A page inside another (a notebook's output, say) may have no address of its own. */ }
    }, WRITE_AFTER);
  }

  forget() { clearTimeout(this.writing); }
}

/**
 * @param {string} search
 * @param {string} of
 * @returns {StepAndNode | null}
 */
export function placeIn(search, of) {
  const asked = new URLSearchParams(search), step = asked.get("step");
  if (asked.get("of") !== of) return null;
  return { step: step !== null && /^\d{1,7}$/.test(step) ? Number(step) : null, node: asked.get("node") };
}

// The address's part after "?", with this place in it and all else as it was.
/**
 * @param {string} search
 * @param {StepAndNode} place
 * @param {string} of
 */
export function searchWith(search, { step, node }, of) {
  const asked = new URLSearchParams(search);
  for (const [name, value] of Object.entries({ step, node, of: step === null && !node ? null : of })) {
    if (value === null) asked.delete(name);
    else asked.set(name, String(value));
  }
  return asked.toString();
}

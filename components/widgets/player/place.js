// Where one is: kept while the page lives, and in its address, so that a link leads to the same step of the same graph.
// A step is counted in happenings, which are the same however the graph is folded; `of` says of which program it is one.

const kept = ((globalThis.autogradLab ??= {}).places ??= new Map());
const WRITE_AFTER = 150;

class Place {
  // `key` is the component's, `of` the signature of its program.
  open(key, of) { this.of = of; this.key = `${key}\n${of}`; }

  read() {
    if (kept.has(this.key)) return kept.get(this.key);
    // The address is about the program that was there first; what is run later begins anew.
    const asked = new URLSearchParams(globalThis.autogradLab.addressRead ? "" : location.search), step = asked.get("step");
    globalThis.autogradLab.addressRead = true;
    const own = asked.get("of") === this.of;
    const found = own ? { step: step !== null && /^\d{1,7}$/.test(step) ? +step : null, node: asked.get("node") } : { step: null, node: null };
    kept.set(this.key, found);
    return found;
  }

  // The address is written when nothing has moved for a moment.
  write({ step, node }) {
    this.forget();
    kept.set(this.key, { step, node });
    const of = step === null && !node ? null : this.of;
    this.writing = setTimeout(() => {
      const asked = new URLSearchParams(location.search);
      for (const [name, value] of [["step", step], ["node", node], ["of", of]]) {
        if (value === null || value === undefined) asked.delete(name);
        else asked.set(name, value);
      }
      const text = asked.toString();
      if (text === location.search.slice(1)) return;
      // A page inside another (a notebook's output, say) may have no address of its own.
      try { history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`); } catch { /* nothing to be kept there */ }
    }, WRITE_AFTER);
  }

  forget() { clearTimeout(this.writing); }
}

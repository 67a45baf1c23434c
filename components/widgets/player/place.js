// Where one is: kept while the page lives, and in its address, so that a link leads to the same step of the same graph.
// A step is counted in happenings, which are the same however the graph is folded.

const kept = ((globalThis.autogradLab ??= {}).places ??= new Map());

// Tells programs apart: a step of one means nothing in another.
const signature = (text) => { let hash = 5381; for (const char of text) hash = (Math.imul(hash, 33) ^ char.codePointAt(0)) >>> 0; return hash.toString(36); };

const place = {
  read(key) {
    if (kept.has(key)) return kept.get(key);
    // The address is about the program that was there first; what is run later begins anew.
    const asked = new URLSearchParams(globalThis.autogradLab.addressRead ? "" : location.search), step = asked.get("step");
    globalThis.autogradLab.addressRead = true;
    const own = asked.get("of") === signature(key);
    const found = own ? { step: step !== null && /^\d{1,7}$/.test(step) ? +step : null, node: asked.get("node") } : { step: null, node: null };
    kept.set(key, found);
    return found;
  },

  write(key, { step, node }, inAddress) {
    kept.set(key, { step, node });
    if (!inAddress) return;
    const asked = new URLSearchParams(location.search);
    const of = step === null && !node ? null : signature(key);
    for (const [name, value] of [["step", step], ["node", node], ["of", of]]) {
      if (value === null || value === undefined) asked.delete(name);
      else asked.set(name, value);
    }
    const text = asked.toString();
    if (text !== location.search.slice(1)) history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
  },
};

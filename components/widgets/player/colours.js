// Colouring the functions by something other than their kind: a scale of one hue, or a hue for each module.

const HUES = [210, 30, 140, 280, 0, 60, 175, 320, 95, 245], MOST_MODULES = 8;

function scaleOf(boxes, by) {
  const values = [...boxes].flatMap(([id, facts]) => (Number.isFinite(facts[by]) ? [[id, facts[by]]] : []));
  // Bytes and norms span many powers of ten.
  const bend = by === "order" ? (value) => value : (value) => Math.log10(Math.max(value, 1e-30));
  const bent = values.filter(([, value]) => by === "order" || value > 0).map(([id, value]) => [id, bend(value)]);
  const low = Math.min(...bent.map(([, value]) => value)), high = Math.max(...bent.map(([, value]) => value));
  return {
    of: new Map(bent.map(([id, value]) => [id, high > low ? (value - low) / (high - low) : 0.5])),
    ends: values.length ? [Math.min(...values.map(([, value]) => value)), Math.max(...values.map(([, value]) => value))] : null,
  };
}

// The place of a box in the order of backward, at its corner.
function badge({ group, x, y, width, height }, order) {
  const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
  for (const [name, value] of Object.entries({ class: "badge", x: x - width / 2 - 3, y: y - height / 2 + 5, "text-anchor": "end", "font-size": 12 })) text.setAttribute(name, value);
  text.textContent = order;
  group.append(text);
}

function paint(drawn, boxes, by) {
  for (const { group } of drawn.values()) {
    group.classList.remove("scaled", "hued");
    for (const name of ["--part", "--hue"]) group.style.removeProperty(name);
    group.querySelector(".badge")?.remove();
  }
  if (by === "kind") return null;
  const known = [...drawn.keys()].map((id) => [id, boxes[id] || {}]);
  if (by === "module") {
    const names = [...new Set(known.map(([, facts]) => facts.module).filter(Boolean))].sort();
    for (const [id, facts] of known) {
      if (!facts.module) continue;
      const { group } = drawn.get(id);
      group.classList.add("hued");
      group.style.setProperty("--hue", HUES[names.indexOf(facts.module) % HUES.length]);
    }
    return names.length ? { modules: names.map((name, place) => [name, HUES[place % HUES.length]]) } : { none: "no modules here" };
  }
  const { of, ends } = scaleOf(known, by);
  for (const [id, part] of of) {
    const { group } = drawn.get(id);
    group.classList.add("scaled");
    group.style.setProperty("--part", `${Math.round(12 + 78 * part)}%`);
    if (by === "order") badge(drawn.get(id), boxes[id].order);
  }
  return ends ? { ends, unit: by === "bytes" ? " B" : "" } : { none: by === "bytes" ? "nothing saved" : "no backward yet" };
}

// The legend: the kinds that are in the picture, and what the colours mean that were chosen instead.
function legendOf(kinds, painted) {
  const items = kinds.map(([kind, word]) => { const item = made("li"); item.append(made("i", kind), word); return item; });
  if (painted?.ends) {
    const item = made("li", "scale"), [low, high] = painted.ends.map((end) => `${+end.toPrecision(3)}${painted.unit ?? ""}`);
    item.append(low, made("i", "ramp"), high);
    items.push(item);
  }
  if (painted?.none) items.push(made("li", "", painted.none));
  const more = (painted?.modules?.length ?? 0) - MOST_MODULES;
  for (const [name, hue] of painted?.modules?.slice(0, MOST_MODULES) ?? []) {
    const item = made("li"), spot = made("i", "hue");
    spot.style.setProperty("--hue", hue);
    item.append(spot, name);
    items.push(item);
  }
  if (more > 0) items.push(made("li", "", `and ${more} more; a box's card names its module`));
  return items;
}

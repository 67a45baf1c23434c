// Colouring the functions by something other than their kind: a scale of one hue, or a hue for each module.

import { create, createSvg, tell } from "./dom.js";

/** @import { PlayerBox, PlayerData } from "./data.js" */
/** @import { Box } from "./svg.js" */
/** @typedef {"order" | "bytes" | "norm" | number} Scale The number is that of a column of the modules. */
/**
 * What the legend says of it: the ends of the scale, the modules with their hues, or why there is nothing.
 * @typedef {{ ends?: [number, number], unit?: string, modules?: [string, number][], none?: string }} Painted
 */

const HUES = [210, 30, 140, 280, 0, 60, 175, 320, 95, 245], MOST_MODULES = 8;

// Where each box is on the scale, from 0 to 1, and the values at its ends.
/**
 * @param {[string, PlayerBox][]} boxes
 * @param {Scale} by
 */
export function scaleOf(boxes, by) {
  /** @type {[string, number][]} */
  const values = boxes.flatMap(([id, box]) => {
    const value = typeof by === "number" ? box.columns?.[by] : box[by];
    return Number.isFinite(value) ? [[id, Number(value)]] : [];
  });
  // Bytes and norms span many powers of ten.
  /** @param {number} value */
  const bend = (value) => (by === "order" ? value : Math.log10(Math.max(value, 1e-30)));
  const bent = values.filter(([, value]) => by === "order" || value > 0).map(([, value]) => bend(value));
  const low = Math.min(...bent), high = Math.max(...bent);
  const [least, most] = [Math.min, Math.max].map((pick) => pick(...values.map(([, value]) => value)));
  return {
    of: new Map(values.filter(([, value]) => by === "order" || value > 0)
      .map(([id, value]) => [id, high > low ? (bend(value) - low) / (high - low) : 0.5])),
    ends: values.length ? [least, most] : null,
  };
}

/**
 * @param {Map<string, Box>} drawn
 * @param {PlayerData} data
 * @param {string} by
 * @returns {Painted | null}
 */
export function colourBoxes(drawn, { boxes, columns = [] }, by) {
  for (const { group } of drawn.values()) {
    group.classList.remove("scaled", "hued");
    for (const name of ["--part", "--hue"]) group.style.removeProperty(name);
    group.querySelector(".badge")?.remove();
  }
  if (by === "order" || by === "bytes" || by === "norm") return colourByScale(drawn, boxes, by);
  const column = columns.findIndex(([name]) => name === by);
  if (column >= 0) return colourByScale(drawn, boxes, column, ` ${columns[column]?.[1] ?? ""}`);
  return by === "module" ? colourByModule(drawn, boxes) : null;
}

/**
 * @param {Map<string, Box>} drawn
 * @param {PlayerData["boxes"]} boxes
 * @returns {Painted}
 */
function colourByModule(drawn, boxes) {
  const names = [...new Set([...drawn.keys()].flatMap((id) => boxes[id]?.module || []))].sort();
  /** @param {string} name */
  const hueOf = (name) => HUES[names.indexOf(name) % HUES.length];
  for (const [id, { group }] of drawn) {
    const name = boxes[id]?.module;
    if (!name) continue;
    group.classList.add("hued");
    group.style.setProperty("--hue", String(hueOf(name)));
  }
  return names.length ? { modules: names.map((name) => [name, hueOf(name)]) } : { none: "no modules here" };
}

/**
 * @param {Map<string, Box>} drawn
 * @param {PlayerData["boxes"]} boxes
 * @param {Scale} by
 * @param {string} [unit]
 * @returns {Painted}
 */
function colourByScale(drawn, boxes, by, unit = by === "bytes" ? " B" : "") {
  const { of, ends } = scaleOf([...drawn.keys()].map((id) => [id, boxes[id] ?? {}]), by);
  for (const [id, box] of drawn) {
    const part = of.get(id);
    if (part === undefined) continue;
    box.group.classList.add("scaled");
    box.group.style.setProperty("--part", `${Math.round(12 + 78 * part)}%`);
    if (by === "order") box.group.append(badge(box, boxes[id]?.order));
  }
  if (!ends) return { none: by === "bytes" ? "nothing saved" : "no backward yet" };
  return { ends: [ends[0], ends[1]], unit: unit.trimEnd() };
}

// The choices of the list of colours that are there for this picture alone.
/**
 * @param {HTMLSelectElement} list
 * @param {[string, string][]} [columns]
 * @returns {string} The chosen one.
 */
export function offerColumns(list, columns = []) {
  const chosen = list.value;
  for (const old of list.querySelectorAll("option.column")) old.remove();
  for (const [name] of columns) {
    const option = create("option", "column", `colour: ${name}`);
    option.value = name;
    list.append(option);
  }
  list.value = chosen;
  if (list.selectedIndex < 0) list.selectedIndex = 0;
  return list.value;
}

// The number of a box in the order of backward, at its corner.
/**
 * @param {Box} box
 * @param {number | undefined} order
 */
function badge({ x, y, width, height }, order) {
  const at = { x: x - width / 2 - 3, y: y - height / 2 + 5, "text-anchor": "end", "font-size": 12 };
  const text = createSvg("text", { class: "badge", ...at });
  text.textContent = String(order);
  return text;
}

// The legend: the kinds that are in the picture, and what the colours mean that were chosen instead. `terms` has the
// sentences about the kinds, `colouring` is the one about the colours.
/**
 * @param {[string, string][]} kinds
 * @param {Painted | null} painted
 * @param {PlayerData["terms"]} terms
 * @param {string} [colouring]
 */
export function legendOf(kinds, painted, terms, colouring = "") {
  const items = kinds.map(([kind, word]) => itemOf(terms[word], create("i", kind), word));
  const { ends, unit = "", none, modules = [] } = painted ?? {};
  if (ends) {
    const [low, high] = ends.map((end) => `${+end.toPrecision(3)}${unit}`);
    const item = itemOf(colouring, low, create("i", "ramp"), high);
    item.className = "scale";
    items.push(item);
  }
  if (none) items.push(itemOf(colouring, none));
  for (const [name, hue] of modules.slice(0, MOST_MODULES)) {
    const spot = create("i", "hue");
    spot.style.setProperty("--hue", String(hue));
    items.push(itemOf(colouring, spot, name));
  }
  const more = modules.length - MOST_MODULES;
  if (more > 0) items.push(itemOf(colouring, `and ${more} more; a box's card names its module`));
  return items;
}

/**
 * @param {string | undefined} tip
 * @param {(Node | string)[]} parts
 */
function itemOf(tip, ...parts) {
  const item = create("li");
  item.append(...parts);
  if (tip) tell(item, tip);
  return item;
}

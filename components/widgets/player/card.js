// The card: what is told about the one thing selected, at the moment one looks at. Every text may come from a program
// and is set as text.

const LONG_TITLE = 22;

const made = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

function pairOf(name, value, className = "") {
  const pair = made("div", `${name.length + value.length > 36 ? "pair long" : "pair"} ${className}`.trim());
  pair.append(made("dt", "", name), made("dd", "", value));
  return pair;
}

function listOf(pairs) { const list = made("dl"); list.append(...pairs); return list; }

function formulaOf(card, pass) {
  const block = made("div", "formula"), known = pass?.formulas?.length ? pass.formulas : card.formulas || [];
  for (const { to, symbols, numbers } of known) {
    if (known.length > 1) block.append(made("div", "to", `to ${to}`));
    block.append(made("div", "symbols", symbols));
    if (numbers) block.append(made("div", "numbers", numbers));
  }
  if (card.formula && card.kind === "function") {
    const own = made("details", "own");
    own.open = !known.length;
    own.append(made("summary", "", "PyTorch's derivative"));
    for (const line of card.formula.split("; ")) own.append(made("div", "", line));
    block.append(own);
  } else if (card.formula) for (const line of card.formula.split("; ")) block.append(made("div", "", line));
  return block.childNodes.length ? block : null;
}

// A heat map: orange is above zero, blue below, grey is not a number. Cells come in thousandths of the largest.
function gridOf({ title, largest, cells: rows }) {
  const figure = made("figure", "grid"), cells = made("div", "cells"), short = (value) => String(+value.toPrecision(3));
  cells.style.gridTemplateColumns = `repeat(${rows[0]?.length || 1}, 1fr)`;
  for (const part of rows.flat()) {
    const cell = made("i", part === null ? "none" : part < 0 ? "below" : "above");
    cell.style.setProperty("--part", `${part === null ? 100 : Math.round(Math.abs(part) / 10)}%`);
    cell.title = part === null ? "not a finite number" : short((part / 1000) * largest);
    cells.append(cell);
  }
  figure.append(made("figcaption", "", `${title}: means of blocks, to ±${short(largest)}`), cells);
  return figure;
}

// `whole` is whether the card is read at its end: of the whole run, or where the engine stopped at this node.
// `visits` are the moments at which the engine was there, of which the card has not always all.
function fillCard(aside, card, at, { close, open, whole, visits }) {
  const button = made("button", "close", "×");
  button.type = "button";
  button.title = "Close (Escape)";
  button.setAttribute("aria-label", "Close the card");
  button.addEventListener("click", close);
  const upTo = at ?? Infinity, latest = !card.passes?.length ? undefined : visits.filter((moment) => moment <= upTo).at(-1);
  const last = (card.passes || []).filter((pass) => pass.moment <= upTo).at(-1), pass = last && (latest === undefined || last.moment >= latest) ? last : null;
  const freed = card.freed !== null && card.freed !== undefined && card.freed <= upTo;
  const parts = [button, made("h3", card.title.length > LONG_TITLE ? "long" : "", card.title), made("p", "where", card.subtitle)];
  if (pass) parts.push(made("p", "when", pass.where));
  else if (latest !== undefined) parts.push(made("p", "when", "backward was here; the numbers of this visit were not kept"));
  else if ((card.passes || []).length) parts.push(made("p", "when", "backward has not been here yet"));
  const formula = formulaOf(card, pass);
  if (formula) parts.push(formula);
  const rows = [...(pass ? pass.rows : []), ...card.rows].map(([name, value]) => pairOf(name, value));
  const changes = (card.changes || []).filter(([moment]) => moment <= upTo);
  if (changes.length) rows.push(...changes.slice(-8).map(([, name, text]) => pairOf(name, text, "change")));
  parts.push(listOf(rows));
  if ((card.saved || []).length) {
    parts.push(made("h4", freed ? "gone" : "", freed ? `saved, ${card.freed_by || "freed"}` : "saved for backward"));
    parts.push(listOf(card.saved.map(([name, value]) => pairOf(name, value, freed ? "saved gone" : "saved"))));
  }
  if (pass) parts.push(...pass.grids.map(gridOf));
  const note = whole || freed ? card.note : pass?.note;
  if (note) parts.push(made("p", "note", note));
  if (open) {
    const action = made("button", "open", "Open this box");
    action.type = "button";
    action.title = "Show what is inside (O, or a double click)";
    action.addEventListener("click", open);
    parts.push(action);
  }
  aside.dataset.kind = card.kind;
  aside.replaceChildren(...parts);
}

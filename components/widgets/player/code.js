// The program beside the graph: the line that runs, what each line made and printed so far. Every text is set as text.

class CodePane {
  constructor(list, { pick, hover }) {
    this.list = list;
    this.rows = [];
    list.addEventListener("click", (event) => { const row = event.target.closest("li"); if (row) pick(+row.dataset.line); });
    list.addEventListener("pointerover", (event) => hover(+(event.target.closest("li")?.dataset.line ?? 0) || null));
    list.addEventListener("pointerleave", () => hover(null));
  }

  // `source` tells programs apart; of one program the run can be another.
  open(source, code, backwards, failed) {
    if (source !== this.source) this.build(code);
    this.source = source;
    this.rows.forEach(({ row }, place) => {
      row.classList.toggle("calls", backwards.includes(place + 1));
      row.classList.toggle("failed", failed === place + 1);
    });
  }

  build(code) {
    this.rows = (code || []).map((tokens, place) => {
      const row = made("li"), number = made("span", "no", String(place + 1)), rest = made("div", "rest"), text = made("code"), chips = made("span", "chips");
      row.dataset.line = place + 1;
      for (const [kind, part] of tokens) text.append(kind ? made("span", kind, part) : part);
      if (!tokens.length) text.append(" ");
      rest.append(text, chips);
      row.append(number, rest);
      return { row, chips, shown: "" };
    });
    this.list.replaceChildren(...this.rows.map(({ row }) => row));
  }

  show({ line, lit, tone, notes }) {
    const byLine = new Map();
    for (const note of notes) byLine.set(note.line, [...(byLine.get(note.line) ?? []), note]);
    this.rows.forEach((entry, place) => {
      const number = place + 1, own = byLine.get(number) ?? [], shown = JSON.stringify(own);
      entry.row.classList.toggle("now", line === number);
      entry.row.classList.toggle("bad", line === number && tone === "error");
      entry.row.classList.toggle("lit", lit.includes(number));
      if (line === number) entry.row.setAttribute("aria-current", "step"); else entry.row.removeAttribute("aria-current");
      if (shown === entry.shown) return;
      entry.shown = shown;
      entry.chips.replaceChildren(...own.map((note) => {
        const chip = made("span", note.kind === "made" ? "made" : "printed", note.text.length > 44 ? `${note.text.slice(0, 43)}…` : note.text);
        chip.title = note.text;
        return chip;
      }));
    });
    const current = this.rows[line - 1]?.row;
    if (current && line !== this.line) this.reveal(current);
    this.line = line;
  }

  // Light the lines from the first to the last of `range`, beside those that the moment lights; returns their numbers.
  light(range, lit) {
    const within = (line) => !!range && line >= range[0] && line <= range[1];
    this.rows.forEach(({ row }, place) => row.classList.toggle("lit", within(place + 1) || lit.includes(place + 1)));
    return this.rows.map((_, place) => place + 1).filter(within);
  }

  // Only the pane scrolls, not the page.
  reveal(row) {
    const { offsetTop: top, offsetHeight: height } = row, pane = this.list;
    if (top < pane.scrollTop + 20) pane.scrollTop = Math.max(0, top - 40);
    else if (top + height > pane.scrollTop + pane.clientHeight - 20) pane.scrollTop = top + height - pane.clientHeight + 60;
  }
}

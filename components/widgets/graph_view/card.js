// The card: what is told about the one thing selected. Every text may come from a program and is set as text.

const made = (name, className, text) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

function fillCard(aside, card, close) {
  const button = made("button", "close", "×");
  button.type = "button";
  button.title = "Close (Escape)";
  button.setAttribute("aria-label", "Close the card");
  button.addEventListener("click", close);
  const heading = made("h3", "", card.title);
  const parts = [button, heading, made("p", "where", card.subtitle)];
  if (card.formula) {
    const formula = made("div", "formula");
    if (card.kind === "function") formula.append(made("span", "label", "PyTorch's derivative"));
    for (const line of card.formula.split("; ")) formula.append(made("div", "", line));
    parts.push(formula);
  }
  const rows = made("dl");
  for (const [name, value] of card.rows) {
    const pair = made("div", name.length + value.length > 36 ? "pair long" : "pair");
    pair.append(made("dt", "", name), made("dd", "", value));
    rows.append(pair);
  }
  parts.push(rows);
  if (card.note) parts.push(made("p", "note", card.note));
  aside.dataset.kind = card.kind;
  aside.replaceChildren(...parts);
  aside.scrollTop = 0;
}

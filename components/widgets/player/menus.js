// The menus of the header: the files to download, and the list of ill gradients. One is open at a time.

const MOST_LISTED = 100;
const ILL_WORDS = { nan: "NaN", inf: "infinite", exploding: "exploding", vanishing: "vanishing" };

class Menus {
  // `pairs` are menus with the buttons that open them.
  constructor(pairs) { this.pairs = pairs; }

  toggle(menu) {
    const opens = menu.hidden, button = this.pairs.find(([one]) => one === menu)[1];
    this.close();
    menu.hidden = !opens;
    button.setAttribute("aria-expanded", String(opens));
    if (opens) menu.querySelector("button")?.focus();
  }

  // Returns whether one was open; `focus` goes back to its button.
  close({ focus = false } = {}) {
    const open = this.pairs.filter(([menu]) => !menu.hidden);
    for (const [menu, button] of open) {
      menu.hidden = true;
      button.setAttribute("aria-expanded", "false");
      if (focus) button.focus({ preventScroll: true });
    }
    return open.length > 0;
  }

  // Up and down go through the items of the open menu, round and round.
  key({ key }) {
    const menu = this.pairs.find(([one]) => !one.hidden)?.[0], by = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (!menu || (!by && key !== "Home" && key !== "End")) return false;
    const items = [...menu.querySelectorAll("button")], here = items.indexOf(menu.getRootNode().activeElement);
    items.at(by ? (here + by) % items.length : key === "Home" ? 0 : -1)?.focus();
    return true;
  }
}

// Gradients to look at: NaN, infinite, exploding, vanishing, each with the moment at which it came.
class Findings {
  constructor(button, list, { go }) { this.button = button; this.list = list; this.go = go; this.found = []; this.at = -1; }

  // `more` is whether there are others that were not looked for.
  show(found, more) {
    this.found = found;
    this.at = -1;
    const counts = new Map(), plus = more ? "+" : "";
    for (const { illness } of found) counts.set(illness, (counts.get(illness) ?? 0) + 1);
    this.button.hidden = !found.length;
    if (!found.length) this.list.hidden = true;
    this.button.textContent = [...counts].map(([kind, count]) => `${count}${plus} ${ILL_WORDS[kind] ?? kind}`).join(" · ");
    this.button.title = "Gradients to look at (I goes to the next one)";
    const items = found.slice(0, MOST_LISTED).map((finding, number) => {
      const item = made("button", "", finding.text);
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.addEventListener("click", () => this.to(number));
      return item;
    });
    if (found.length > MOST_LISTED) items.push(made("p", "", `${MOST_LISTED} of ${found.length}${plus} shown; I goes on.`));
    this.list.replaceChildren(...items);
  }

  next() { if (this.found.length) this.to((this.at + 1) % this.found.length); }

  to(number) { this.at = number; this.go(this.found[number]); }
}

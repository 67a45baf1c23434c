// What is timed in the page itself. An action is over when its new layout is there.

/** @typedef {{ longest: number, bench: Record<string, () => unknown> }} Timed */

const timed = /** @type {Window & Timed} */ (/** @type {unknown} */ (window));

timed.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) timed.longest = Math.max(timed.longest, task.duration);
}).observe({ type: "longtask", buffered: true });

// The player, wherever on the page it is.
const player = () => [...document.querySelectorAll("*")]
  .map((element) => element.shadowRoot?.querySelector(".gv"))
  .concat(document.querySelector(".gv"))
  .find(Boolean);

/** @param {string} selector */
function part(selector) {
  const element = player()?.querySelector(selector);
  if (!(element instanceof HTMLElement || element instanceof SVGElement)) throw new Error(`there is no ${selector}`);
  return element;
}

timed.bench = {
  title: () => player()?.querySelector(".title")?.textContent ?? null,

  steps: () => {
    const stage = part(".stage"), taken = [];
    stage.focus();
    for (let step = 0; step < 300; step++) {
      const started = performance.now();
      stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
      stage.querySelector("svg")?.getBoundingClientRect();
      taken.push(performance.now() - started);
    }
    return taken;
  },

  details: () => {
    const card = part(".card");
    return [...part(".stage").querySelectorAll(".node.function")].slice(0, 100).map((node) => {
      const started = performance.now();
      node.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
      card.getBoundingClientRect();
      return performance.now() - started;
    });
  },

  panning: () =>
    new Promise((done) => {
      const stage = part(".stage"), at = stage.getBoundingClientRect();
      /** @type {number[]} */
      const frames = [];
      stage.setPointerCapture = () => {};
      /**
       * @param {string} type
       * @param {number} x
       */
      const send = (type, x) => {
        const where = { clientX: at.x + 100 + x, clientY: at.y + 100 + x / 2, button: 0, buttons: 1 };
        stage.dispatchEvent(new PointerEvent(type, { pointerId: 1, ...where, bubbles: true, composed: true }));
      };
      let last = performance.now(), x = 0;
      send("pointerdown", 0);
      /** @param {number} now */
      const frame = (now) => {
        frames.push(now - last);
        last = now;
        send("pointermove", (x += 3));
        if (frames.length < 90) {
          requestAnimationFrame(frame);
          return;
        }
        send("pointerup", x);
        done(frames.slice(5));
      };
      requestAnimationFrame(frame);
    }),

  // Milliseconds from a double click on the first folded box to the new picture; null where nothing is folded.
  opening: () =>
    new Promise((done) => {
      const node = player()?.querySelector(".stage .node.folded"), before = part(".stage > svg");
      const started = performance.now();
      if (!node) {
        done(null);
        return;
      }
      const wait = () => {
        if (player()?.querySelector(".stage > svg") === before) requestAnimationFrame(wait);
        else done(performance.now() - started);
      };
      node.dispatchEvent(new MouseEvent("dblclick", { bubbles: true, composed: true }));
      wait();
    }),
};

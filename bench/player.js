// What is timed in the page itself. An action is over when its new layout is there.

window.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({ type: "longtask", buffered: true });

const gv = () => {
  const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean).concat(document);
  return roots.map((root) => root.querySelector(".gv")).find(Boolean);
};

window.bench = {
  title: () => gv()?.querySelector(".title").textContent ?? null,

  steps: () => {
    const stage = gv().querySelector(".stage"), taken = [];
    stage.focus();
    for (let step = 0; step < 300; step++) {
      const started = performance.now();
      stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
      stage.querySelector("svg").getBoundingClientRect();
      taken.push(performance.now() - started);
    }
    return taken;
  },

  details: () =>
    [...gv().querySelectorAll(".stage .node.function")].slice(0, 100).map((node) => {
      const started = performance.now();
      node.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));
      gv().querySelector(".card").getBoundingClientRect();
      return performance.now() - started;
    }),

  panning: () =>
    new Promise((done) => {
      const stage = gv().querySelector(".stage"), at = stage.getBoundingClientRect(), frames = [];
      stage.setPointerCapture = () => {};
      const send = (type, x) => {
        const where = { clientX: at.x + 100 + x, clientY: at.y + 100 + x / 2, button: 0, buttons: 1 };
        stage.dispatchEvent(new PointerEvent(type, { pointerId: 1, ...where, bubbles: true, composed: true }));
      };
      let last = performance.now(), x = 0;
      send("pointerdown", 0);
      const frame = (now) => {
        frames.push(now - last);
        last = now;
        send("pointermove", (x += 3));
        if (frames.length < 90) return requestAnimationFrame(frame);
        send("pointerup", x);
        done(frames.slice(5));
      };
      requestAnimationFrame(frame);
    }),

  // Milliseconds from a double click on the first folded box to the new picture; null where nothing is folded.
  opening: () =>
    new Promise((done) => {
      const picture = () => gv().querySelector(".stage > svg");
      const node = gv().querySelector(".stage .node.folded"), before = picture(), started = performance.now();
      if (!node) return done(null);
      const wait = () => (picture() === before ? requestAnimationFrame(wait) : done(performance.now() - started));
      node.dispatchEvent(new MouseEvent("dblclick", { bubbles: true, composed: true }));
      wait();
    }),
};

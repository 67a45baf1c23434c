// In the page that is measured: from a press until the browser has painted another picture.

const PATIENCE = 20_000;

/** @returns {SVGElement | null} */
const picture = () => {
  const chart = document.querySelector(".stGraphVizChart svg");
  if (chart instanceof SVGElement) return chart;
  for (const host of document.querySelectorAll(".stBidiComponent *, .stBidiComponent")) {
    const found = host.shadowRoot?.querySelector(".gv .stage svg");
    if (found instanceof SVGElement) return found;
  }
  return null;
};

const told = () => picture()?.textContent ?? "";

/**
 * @param {string} label
 * @returns {Promise<number>} milliseconds
 */
const press = (label) => new Promise((done, failed) => {
  const before = told(), buttons = [...document.querySelectorAll("button")];
  const button = buttons.find(({ textContent }) => textContent === label);
  const began = performance.now();
  if (!button || button.disabled) throw new Error(`${label} cannot be pressed`);
  button.click();
  const look = () => {
    const now = told();
    if (now && now !== before) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    else if (performance.now() - began > PATIENCE) failed(new Error(`no other picture after ${label}`));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});

Object.assign(globalThis, { bench: { press, told } });

// The view of the picture: arithmetic on rectangles. The stage is 600 by 400 CSS pixels.

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { Camera } from "../../../components/widgets/player/camera.js";

/** @type {{ fullscreenElement: object | null }} */
const page = { fullscreenElement: null };
Object.assign(globalThis, { document: page });
beforeEach(() => { page.fullscreenElement = null; });

/** @param {string} viewBox */
function svg(viewBox) {
  const attributes = new Map([["viewBox", viewBox], ["width", "9pt"], ["height", "9pt"]]);
  const element = {
    style: { transform: "" },
    getAttribute: (/** @type {string} */ name) => attributes.get(name) ?? null,
    setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => attributes.set(name, value),
    removeAttribute: (/** @type {string} */ name) => attributes.delete(name),
  };
  return /** @type {SVGSVGElement} */ (/** @type {unknown} */ (element));
}

const stage = () => /** @type {HTMLElement} */ (/** @type {unknown} */ ({ clientWidth: 600, clientHeight: 400 }));

/** @param {string} viewBox */
function opened(viewBox) {
  const camera = new Camera(stage());
  camera.first = { x: 100, y: 0 };
  camera.open(svg(viewBox), false, true);
  return camera;
}

test("a small graph is seen whole, in the middle, and not blown up", () => {
  const camera = opened("0 0 100 100");
  assert.ok(camera.fitted);
  // 600 / 1.6 = 375 units wide, 400 / 1.6 = 250 high, around (50, 50)
  assert.deepEqual(camera.box, { x: -137.5, y: -75, width: 375, height: 250 });
  assert.equal(camera.svg?.getAttribute("viewBox"), "-137.5 -75 375 250");
  assert.equal(camera.svg?.getAttribute("width"), null);
});

test("of a large graph the top is seen, at a size that can be read", () => {
  const camera = opened("0 0 300 4000");
  assert.ok(!camera.fitted);
  // 600 / 0.75 = 800 units, around the topmost box at x = 100
  assert.deepEqual([camera.box.x, camera.box.y, camera.box.width], [-300, 0, 800]);
});

test("the same graph keeps the view, a larger one that was seen whole stays whole", () => {
  const camera = opened("0 0 300 4000");
  camera.pan(0, -50);
  const { box } = camera;
  camera.open(svg("0 0 310 4000"), true, false);
  assert.deepEqual(camera.box, box);
  const whole = opened("0 0 100 100");
  whole.open(svg("0 0 100 300"), true, false);
  assert.ok(whole.fitted);
  assert.equal(whole.box.y + whole.box.height / 2, 150);
});

test("another program's picture of another size is shown from its start", () => {
  const camera = opened("0 0 300 4000");
  camera.pan(0, -500);
  camera.open(svg("0 0 300 9000"), true, true);
  assert.equal(camera.box.y, 0);
  assert.ok(!camera.moved);
});

test("zooming keeps what is pointed at where it is, and ends at a size", () => {
  const camera = opened("0 0 100 100"), before = { ...camera.box };
  camera.zoom(0.5, { x: 50, y: 50 });
  assert.deepEqual(camera.box, { x: -43.75, y: -12.5, width: 187.5, height: 125 });
  camera.zoom(2, { x: 50, y: 50 });
  assert.deepEqual(camera.box, before);
  for (let times = 0; times < 50; times++) camera.zoom(0.8);
  assert.ok(camera.scale() <= 6 && camera.scale() > 4.5, String(camera.scale()));
  for (let times = 0; times < 50; times++) camera.zoom(1.25);
  assert.ok(camera.scale() >= 0.5 && camera.scale() < 0.7, String(camera.scale()));
});

test("some of the picture always stays in sight", () => {
  const camera = opened("0 0 100 100");
  for (const [dx, dy] of [[9999, 0], [-9999, 0], [0, 9999], [0, -9999]]) {
    camera.pan(dx, dy);
    const { x, y, width, height } = camera.box, part = 60 / camera.scale();
    assert.ok(x + width >= part - 1e-9 && x <= 100 - part + 1e-9, `x ${x}`);
    assert.ok(y + height >= part - 1e-9 && y <= 100 - part + 1e-9, `y ${y}`);
  }
});

test("a drag moves the picture as it is, and the view follows at its end", () => {
  const camera = opened("0 0 100 100");
  camera.drag(10, -5);
  assert.equal(camera.svg?.style.transform, "translate(16.00px, -8.00px)");
  assert.equal(camera.svg?.getAttribute("viewBox"), "-137.5 -75 375 250");
  camera.show();
  assert.equal(camera.svg?.getAttribute("viewBox"), "-147.5 -70 375 250");
});

test("on a wall all is larger, and as before afterwards", () => {
  const camera = opened("0 0 300 4000"), { held } = camera;
  page.fullscreenElement = {};
  camera.project();
  assert.ok(Math.abs(camera.held - 1.4 * held) < 1e-9);
  page.fullscreenElement = null;
  camera.project();
  assert.ok(Math.abs(camera.held - held) < 1e-9);
});

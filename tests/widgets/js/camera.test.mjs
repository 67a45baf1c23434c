// The view of the picture: arithmetic on rectangles. The stage is 600 by 400 CSS pixels.

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { Camera } from "../../../components/widgets/player/camera.js";

/** @type {{ fullscreenElement: object | null }} */
const page = { fullscreenElement: null };
Object.assign(globalThis, { document: page, matchMedia: () => ({ matches: true }) });
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

/** @param {number[]} numbers */
const area = (...[x, y, width, height]) => ({ x, y, width, height });

// What is in a picture: an output of 40 by 20 at its top, around x = 100, unless others are given.
/**
 * @param {string} viewBox
 * @param {ReturnType<typeof area>[]} [outputs]
 * @param {ReturnType<typeof area>[]} [boxes]
 */
function contents(viewBox, outputs = [area(80, 0, 40, 20)], boxes = outputs) {
  const [x, y, width, height] = viewBox.split(" ").map(Number);
  return { boxes, outputs, around: { x, y, width, height }, letter: 14 };
}

/** @param {string} viewBox */
function opened(viewBox, inside = contents(viewBox)) {
  const camera = new Camera(stage());
  camera.open(svg(viewBox), inside, false, true);
  return camera;
}

/** @param {Camera} camera */
const title = (camera) => camera.scale() * camera.contents.letter;

test("a small graph is seen whole, in the middle, and not blown up", () => {
  const camera = opened("0 0 100 100");
  assert.ok(camera.fitted);
  // 600 / 1.6 = 375 units wide, 400 / 1.6 = 250 high, around (50, 50)
  assert.deepEqual(camera.box, { x: -137.5, y: -75, width: 375, height: 250 });
  assert.equal(camera.svg?.getAttribute("viewBox"), "-137.5 -75 375 250");
  assert.equal(camera.svg?.getAttribute("width"), null);
});

test("a picture is seen whole as long as its titles have 9 pixels", () => {
  // 400 - 2 * 12 pixels for 578 units: 14 units are 9.1 pixels; for one unit more they would be less.
  const whole = opened("0 0 300 578");
  assert.ok(whole.fitted);
  assert.ok(title(whole) >= 9.1, String(title(whole)));
  assert.ok(!opened("0 0 300 579").fitted);
});

test("of a large graph the top is seen, at a size that can be read", () => {
  const camera = opened("0 0 300 4000");
  assert.ok(!camera.fitted);
  assert.ok(Math.abs(title(camera) - 9.8) < 1e-9);
  // 600 / (9.8 / 14) units are wider than the picture, which is in the middle
  assert.ok(Math.abs(camera.box.width - 600 * 14 / 9.8) < 1e-9);
  assert.ok(Math.abs(camera.box.x + camera.box.width / 2 - 150) < 1e-9);
  assert.equal(camera.box.y, 0);
});

test("a strip begins with its output and as many other boxes as can be", () => {
  const outputs = [area(2000, 10, 40, 20)], at = [100, 1300, 1500, 1700, 2600, 3900];
  const boxes = [...outputs, ...at.map((x) => area(x, 60, 100, 40))];
  const { x, width } = opened("0 0 4000 200", contents("0 0 4000 200", outputs, boxes)).box;
  const seen = boxes.filter((box) => box.x >= x && box.x + box.width <= x + width);
  // 823 units hold the output, with 1500 and 1700 or 1300 to 1700: the latter are more.
  assert.deepEqual(seen.map((box) => box.x), [2000, 1300, 1500, 1700]);
  assert.ok(x >= 0 && x + width <= 4000);
});

test("letters that are set smaller need a larger picture", () => {
  const small = opened("0 0 300 500", { ...contents("0 0 300 500"), letter: 10 });
  assert.ok(!small.fitted);
  assert.ok(title(small) >= 9);
});

test("the same graph keeps the view, a larger one that was seen whole stays whole", () => {
  const camera = opened("0 0 300 4000");
  camera.pan(0, -50);
  const { box } = camera;
  camera.open(svg("0 0 310 4000"), contents("0 0 310 4000"), true, false);
  assert.deepEqual(camera.box, box);
  const whole = opened("0 0 100 100");
  whole.open(svg("0 0 100 300"), contents("0 0 100 300"), true, false);
  assert.ok(whole.fitted);
  assert.equal(whole.box.y + whole.box.height / 2, 150);
});

test("another program's picture of another size is shown from its start", () => {
  const camera = opened("0 0 300 4000");
  camera.pan(0, -500);
  camera.open(svg("0 0 300 9000"), contents("0 0 300 9000"), true, true);
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

// --- beside a card: the right 250 of 600 pixels are under it

const FREE = area(0, 0, 350, 400);

test("a card never changes the scale, and a picture that fits beside it is in the middle there", () => {
  const camera = opened("0 0 100 100"), scale = camera.scale(), before = { ...camera.box };
  camera.beside(FREE, area(80, 0, 20, 20));
  assert.equal(camera.scale(), scale);
  // 350 / 2 pixels from the left, 1.6 of them to a unit: the middle, 50, is at 175
  assert.ok(Math.abs((50 - camera.box.x) * scale - 175) < 1e-9);
  const beside = { ...camera.box };
  camera.beside(FREE, area(0, 80, 20, 20));
  assert.deepEqual(camera.box, beside, "a step moves nothing");
  camera.beside(null, area(0, 80, 20, 20));
  assert.deepEqual(camera.box, before);
  assert.ok(camera.fitted);
});

test("where it does not fit only a box under the card moves it, and closing moves it back", () => {
  const camera = opened("0 0 3000 200", contents("0 0 3000 200", [area(1500, 0, 40, 20)])), scale = camera.scale();
  const before = { ...camera.box }, { x } = before;
  camera.beside(FREE, area(x + 50 / scale, 10, 40, 20));
  assert.deepEqual(camera.box, before, "it is seen beside the card");
  const under = area(x + 500 / scale, 10, 40, 20);
  camera.beside(FREE, under);
  assert.equal(camera.scale(), scale);
  const left = (under.x - camera.box.x) * scale;
  assert.ok(left > 0 && left + 40 * scale < 350, String(left));
  camera.beside(null, under);
  assert.deepEqual(camera.box, before);
});

test("what somebody moved while the card was there stays when it goes", () => {
  const camera = opened("0 0 100 100");
  camera.beside(FREE, null);
  camera.pan(10, 0);
  const { box } = camera;
  camera.beside(FREE, area(0, 0, 20, 20));
  assert.deepEqual(camera.box, box);
  camera.beside(null, null);
  assert.deepEqual(camera.box, box);
});

test("a card that goes leaves the box in sight that one stepped to", () => {
  const camera = opened("0 0 3000 200", contents("0 0 3000 200", [area(0, 0, 40, 20)]));
  camera.beside(FREE, area(0, 0, 40, 20));
  const far = area(2500, 50, 40, 20);
  camera.beside(FREE, far);
  const { box } = camera;
  camera.beside(null, far);
  assert.deepEqual(camera.box, box);
});

test("a stage of another size fits the whole again, and the card is beside it", () => {
  const camera = opened("0 0 100 100");
  camera.beside(FREE, null);
  camera.resize();
  assert.deepEqual(camera.box, opened("0 0 100 100").box);
  assert.equal(camera.free, null);
});

test("the edges say where there is more, of what a card does not cover too", () => {
  assert.deepEqual(opened("0 0 100 100").cuts(), { left: false, right: false, up: false, down: false });
  const tall = opened("0 0 300 4000");
  assert.deepEqual(tall.cuts(), { left: false, right: false, up: false, down: true });
  tall.goOn(0, 1);
  assert.deepEqual(tall.cuts(), { left: false, right: false, up: true, down: true });
  for (let times = 0; times < 20; times++) tall.goOn(0, 1);
  assert.deepEqual(tall.cuts(), { left: false, right: false, up: true, down: false });
  const wide = opened("0 0 350 200");
  assert.ok(!wide.cuts().right);
  wide.zoom(0.8);
  wide.beside(FREE, null);
  assert.ok(wide.cuts().right);
});

test("what came of a box stands where the box was, as large as it was", () => {
  // 1,000 by 1,000 units at a scale of 1; what was at (300, 200) on the stage is around (500, 600) in the other.
  const camera = opened("0 0 1000 1000");
  camera.land(svg("0 0 1000 1200"), contents("0 0 1000 1200"), { x: 300, y: 200 }, area(450, 550, 100, 100), 1);
  assert.equal(camera.scale(), 1);
  assert.deepEqual([500 - camera.box.x, 600 - camera.box.y], [300, 200]);
});

test("what has no room where it was is moved into sight, and made smaller as far as it can be read", () => {
  const camera = opened("0 0 1000 1000"), place = area(0, 0, 100, 100);
  camera.land(svg("0 0 1000 1200"), contents("0 0 1000 1200"), { x: 590, y: 10 }, place, 1);
  // At the corner of the picture, the stage begins there.
  assert.deepEqual([camera.box.x, camera.box.y], [0, 0]);
  camera.land(svg("0 0 1000 9000"), contents("0 0 1000 9000"), { x: 300, y: 200 }, area(100, 100, 200, 8000), 1);
  // 9.8 px for a title of 14, and the top of what is longer than the stage.
  assert.equal(title(camera).toFixed(2), "9.80");
  assert.equal((100 - camera.box.y).toFixed(1), (12 / camera.scale()).toFixed(1));
});

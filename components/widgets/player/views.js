// Which part of a picture to look at: arithmetic on rectangles, which knows neither the page nor the picture.

/** @import { Area, Contents, Point } from "./camera.js" */

const MOST_TRIED = 300;

// Where a view of some length begins: in the picture's middle if all of it is seen, and never beyond its ends.
/**
 * @param {number} begin
 * @param {number} length
 * @param {number} low
 * @param {number} whole
 */
export function within(begin, length, low, whole) {
  return whole <= length ? low - (length - whole) / 2 : Math.max(low, Math.min(begin, low + whole - length));
}

// Where what is seen has to begin so that a box is in it: not moved along an axis on which it is seen, otherwise with
// the box in the middle, or with all that there is where that has room.
/**
 * @param {Area} area
 * @param {Area} seen
 * @param {Area} around
 * @param {number} gap
 */
export function byAxis(area, seen, around, gap) {
  const x = along(area.x, area.width, seen.x, seen.width, around.x - gap, around.width + 2 * gap, gap);
  const y = along(area.y, area.height, seen.y, seen.height, around.y - gap, around.height + 2 * gap, gap);
  return { x, y, moves: x !== seen.x || y !== seen.y };
}

/**
 * @param {number} begin
 * @param {number} length
 * @param {number} from
 * @param {number} seen
 * @param {number} low
 * @param {number} whole
 * @param {number} gap
 */
function along(begin, length, from, seen, low, whole, gap) {
  // Half a gap is enough for what has just been brought to the edge.
  if (begin >= from + gap / 2 && begin + length <= from + seen - gap / 2) return from;
  return within(begin + length / 2 - seen / 2, seen, low, whole);
}

// The corner of the first view of a picture that is larger: with its topmost output, then with as many others as can
// be, then with as many boxes.
/**
 * @param {Area} home
 * @param {Contents} contents
 * @param {{ width: number, height: number }} view
 * @param {number} gap
 * @returns {Point}
 */
export function startOf(home, { boxes, outputs }, view, gap) {
  const [first] = [...outputs].sort((a, b) => a.y - b.y || a.x - b.x);
  const y = within(first.y - gap, view.height, home.y, home.height);
  const rows = boxes.filter((box) => box.y >= y && box.y + box.height <= y + view.height);
  const middle = within(first.x + first.width / 2 - view.width / 2, view.width, home.x, home.width);
  const begins = rows.slice(0, MOST_TRIED).flatMap((box) => [box.x - gap, box.x + box.width + gap - view.width]);
  const tried = [middle, ...begins.map((begin) => within(begin, view.width, home.x, home.width))];
  /**
   * @param {Area} box
   * @param {number} x
   */
  const isIn = (box, x) => box.x >= x && box.x + box.width <= x + view.width;
  const ways = tried.filter((x) => isIn(first, x)).map((x) => ({
    x, outputs: outputs.filter((box) => isIn(box, x) && box.y + box.height <= y + view.height).length,
    boxes: rows.filter((box) => isIn(box, x)).length, aside: Math.abs(x - middle),
  }));
  ways.sort((a, b) => b.outputs - a.outputs || b.boxes - a.boxes || a.aside - b.aside);
  return { x: ways[0]?.x ?? middle, y };
}

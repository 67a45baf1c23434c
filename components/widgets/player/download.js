// The picture as a file: what is seen, with its colours and fonts written into it, since a file has no style sheet.

import { create, createSvg } from "./dom.js";

/** @import { Area } from "./camera.js" */

const SVG_TYPE = "image/svg+xml";
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-family",
  "font-size", "font-weight", "font-style", "paint-order", "visibility",
];
// Browsers draw no more than this many pixels into one canvas, and no more along one side.
const MOST_PIXELS = 120_000_000, LONGEST_SIDE = 16_000;

/**
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function saveText(name, text, type) { save(name, new Blob([text], { type })); }

// `kind` is svg, png2 or png4: a PNG of so many pixels for each of the picture's.
/**
 * @param {SVGSVGElement} svg
 * @param {Area} home
 * @param {string} background
 * @param {string} name
 * @param {string} kind
 */
export function savePicture(svg, home, background, name, kind) {
  const text = svgText(svg, home, background), scale = kind === "png4" ? 4 : 2;
  if (kind === "svg") saveText(`${name}.svg`, text, SVG_TYPE);
  else savePng(text, home, scale, `${name}@${scale}x.png`);
}

/**
 * @param {SVGSVGElement} svg
 * @param {Area} home
 * @param {string} background
 */
function svgText(svg, home, background) {
  const copy = svg.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) throw new TypeError("a copy of a picture is a picture");
  const from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, index) => {
    const style = getComputedStyle(element), own = to[index];
    if (!(own instanceof SVGElement)) return;
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      if (value) own.style.setProperty(name, value);
    }
    own.style.transition = "none";
  });
  copy.style.transform = "";
  const { x, y, width, height } = home;
  copy.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.prepend(createSvg("rect", { x, y, width, height, fill: background }));
  return new XMLSerializer().serializeToString(copy);
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
function save(name, blob) {
  const link = create("a"), url = URL.createObjectURL(blob);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * @param {string} text
 * @param {Area} home
 * @param {number} scale
 * @param {string} name
 */
async function savePng(text, { width, height }, scale, name) {
  const image = new Image(), url = URL.createObjectURL(new Blob([text], { type: SVG_TYPE }));
  try {
    await new Promise((done, failed) => {
      image.onload = done;
      image.onerror = failed;
      image.src = url;
    });
    const fitting = Math.min(scale, Math.sqrt(MOST_PIXELS / (width * height)), LONGEST_SIDE / Math.max(width, height));
    const canvas = create("canvas");
    canvas.width = Math.ceil(width * fitting);
    canvas.height = Math.ceil(height * fitting);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await /** @type {Promise<Blob | null>} */ (new Promise((done) => canvas.toBlob(done, "image/png")));
    if (blob) save(name, blob);
  } finally {
    URL.revokeObjectURL(url);
  }
}

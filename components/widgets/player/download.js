// The picture as a file: what is seen, with its colours and fonts written into it, since a file has no style sheet.

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "font-style", "paint-order", "visibility"];

function standalone(svg, home, background) {
  const copy = svg.cloneNode(true), from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, place) => {
    const style = getComputedStyle(element);
    for (const name of KEPT) { const value = style.getPropertyValue(name); if (value) to[place].style.setProperty(name, value); }
    to[place].style.transition = "none";
  });
  copy.style.transform = "";
  const { x, y, width, height } = home;
  copy.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, fill: background })) paper.setAttribute(name, value);
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

function save(name, blob) {
  const link = made("a"), url = URL.createObjectURL(blob);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// Browsers draw no more than this many pixels into one canvas.
const MOST_PIXELS = 120_000_000;

async function savePng(text, { width, height }, scale, name) {
  const image = new Image(), url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    await new Promise((done, failed) => { image.onload = done; image.onerror = failed; image.src = url; });
    const fitting = Math.min(scale, Math.sqrt(MOST_PIXELS / (width * height)), 16_000 / Math.max(width, height));
    const canvas = made("canvas");
    canvas.width = Math.ceil(width * fitting);
    canvas.height = Math.ceil(height * fitting);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (blob) save(name, blob);
  } finally { URL.revokeObjectURL(url); }
}

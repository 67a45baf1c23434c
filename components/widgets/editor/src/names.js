// Reads, from the text of a program, what its names stand for; a program that is being typed does not parse.

const IMPORT = /^[ \t]*import[ \t]+([^#\n]+)/gm;
const FROM = /^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^#\n]+))/gm;

const pieces = (list) => list.split(",").map((piece) => piece.trim().match(/^([\w.]+)(?:\s+as\s+(\w+))?/)).filter(Boolean);

// "F" -> "torch.nn.functional", by the program's import lines.
export function imported(text) {
  const found = new Map();
  for (const [, list] of text.matchAll(IMPORT)) {
    for (const [, path, name] of pieces(list)) {
      const [top] = path.split(".");
      found.set(name ?? top, name ? path : top);
    }
  }
  for (const [, module, inside, line] of text.matchAll(FROM)) {
    for (const [, path, name] of pieces(inside ?? line)) found.set(name ?? path, `${module}.${path}`);
  }
  return found;
}

// The attributes that the program's own classes give themselves.
export const ownAttributes = (text) => new Set([...text.matchAll(/\bself\.([A-Za-z_]\w*)/g)].map(([, name]) => name));

// Dotted names as a tree: "torch.nn" -> its members. "" has the names without a dot.
export function treeOf(words) {
  const tree = new Map();
  for (const word of words) {
    let path = "";
    for (const part of word.split(".")) {
      if (!tree.has(path)) tree.set(path, new Set());
      tree.get(path).add(part);
      path = path ? `${path}.${part}` : part;
    }
  }
  return tree;
}

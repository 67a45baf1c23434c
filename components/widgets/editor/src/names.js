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

// "torch.nn" -> the names after its dot, from the same with spaces between them; every module is a name of the one it is in.
export function treeOf(groups) {
  const tree = new Map();
  const add = (path, name) => (tree.get(path) ?? tree.set(path, new Set()).get(path)).add(name);
  for (const [module, names] of Object.entries(groups)) {
    for (const name of names.split(" ")) add(module, name);
    const parts = module ? module.split(".") : [];
    parts.forEach((part, depth) => add(parts.slice(0, depth).join("."), part));
  }
  return tree;
}

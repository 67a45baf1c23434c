// Reads, from the text of a program, what its names stand for; a program that is being typed does not parse.

const IMPORT = /^[ \t]*import[ \t]+([^#\n]+)/gm;
const FROM = /^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^#\n]+))/gm;

/** By module, nothing for what needs none: its names. @typedef {Map<string, Set<string>>} Names */

// "a.b as c, d" -> [["a.b", "c"], ["d", undefined]].
/**
 * @param {string} list
 * @returns {[string, string | undefined][]}
 */
const pieces = (list) => list.split(",").flatMap((piece) => {
  const match = piece.trim().match(/^([\w.]+)(?:\s+as\s+(\w+))?/);
  return match ? [[match[1], match[2]]] : [];
});

// "F" -> "torch.nn.functional", by the program's import lines.
/** @param {string} text */
export function imported(text) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const [, list] of text.matchAll(IMPORT)) {
    for (const [path, name] of pieces(list)) {
      const [top] = path.split(".");
      found.set(name ?? top, name ? path : top);
    }
  }
  for (const [, module, inside, line] of text.matchAll(FROM)) {
    for (const [path, name] of pieces(inside ?? line)) found.set(name ?? path, `${module}.${path}`);
  }
  return found;
}

// The attributes that the program's own classes give themselves.
/** @param {string} text */
export const ownAttributes = (text) => new Set([...text.matchAll(/\bself\.([A-Za-z_]\w*)/g)].map(([, name]) => name));

// "torch.nn" -> the names after its dot, from the same with spaces between them; every module is a name of the one it
// is in.
/** @param {Record<string, string>} groups */
export function treeOf(groups) {
  /** @type {Names} */
  const tree = new Map();
  /**
   * @param {string} path
   * @param {string} name
   */
  const add = (path, name) => tree.set(path, (tree.get(path) ?? new Set()).add(name));
  for (const [module, names] of Object.entries(groups)) {
    for (const name of names.split(" ")) add(module, name);
    const parts = module ? module.split(".") : [];
    parts.forEach((part, depth) => add(parts.slice(0, depth).join("."), part));
  }
  return tree;
}

/** @type {Map<string, Promise<Names | null>>} */
const fetched = new Map();

// The names in a file beside this script, nothing where it cannot be had: all editors of a page share them.
/** @param {string} address */
export function namesAt(address) {
  const names = fetched.get(address) ?? fetch(new URL(address, import.meta.url)).then(async (answer) => {
    if (!answer.ok) throw new Error(answer.statusText);
    return treeOf(await answer.json());
  }).catch(() => {
    fetched.delete(address);
    return null;
  });
  fetched.set(address, names);
  return names;
}

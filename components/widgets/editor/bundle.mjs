// Makes the one module that the browser loads, and the licences of what is in it, in the folder named on the command
// line. Run from a folder that has the packages and the sources in it; nodejs.py does so.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const [out] = process.argv.slice(2);

const { metafile } = await build({
  entryPoints: { editor: "src/main.js" },
  entryNames: "[name]-[hash]",
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "eof",
  metafile: true,
});

const used = new Set(
  Object.keys(metafile.inputs).flatMap((file) => file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []),
);
const texts = [];
for (const name of [...used].sort()) {
  const folder = path.join("node_modules", name);
  const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${name} ${version} brings no licence text`);
  texts.push(`${name} ${version} (${license})\n\n${(await readFile(path.join(folder, file), "utf8")).trim()}\n`);
}
await mkdir(out, { recursive: true });
await writeFile(path.join(out, "LICENSES.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));

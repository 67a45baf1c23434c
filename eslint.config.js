// The rules for the browser's side; `make check` runs them. Names that do not exist are TypeScript's to find.

import js from "@eslint/js";

// Names of Node.js, which the types of the tests bring along.
const OF_NODE = ["process", "Buffer", "require", "module", "global", "__dirname", "setImmediate"];

export default [
  { ignores: ["**/built/", "build/", ".venv/", "**/*.d.ts"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 12],
      "max-len": ["error", 120],
      "max-lines": ["error", 500],
      "no-undef": "off",
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["components/widgets/*/**", "bench/*.js"],
    ignores: ["**/*.mjs"],
    rules: { "no-restricted-globals": ["error", ...OF_NODE] },
  },
];

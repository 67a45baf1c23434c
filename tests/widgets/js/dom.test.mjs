// Texts of programs as they are shown.

import assert from "node:assert/strict";
import test from "node:test";
import { visible } from "../../../components/widgets/player/dom.js";

test("what turns the letters of a line around is shown as its escape", () => {
  assert.equal(visible("a\u202eb\u2066c"), "a\\u202eb\\u2066c");
  assert.equal(visible("\u202e\u202e"), "\\u202e\\u202e");
});

test("letters of every script stay as they are", () => {
  const text = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u03c0 \u200f!";
  assert.equal(visible(text), text);
});

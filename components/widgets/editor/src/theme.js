// The look, from Streamlit's theme variables alone, so that light, dark and projector are one design.

import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const ACCENT = "var(--st-primary-color)";
const TEXT = "var(--st-text-color)";
const RED = "var(--st-red-color)";
const SURFACE = "var(--st-code-background-color, var(--st-secondary-background-color))";
const RAISED = "var(--st-secondary-background-color)";
const MONO = "var(--st-code-font, ui-monospace, monospace)";
const LINE = "var(--st-border-color)";
/**
 * @param {string} colour
 * @param {number} part
 */
const some = (colour, part) => `color-mix(in srgb, ${colour} ${part}%, transparent)`;
const QUIET = `color-mix(in srgb, ${TEXT} 68%, ${SURFACE})`;
/**
 * @param {string} colour
 * @param {number} part
 */
const tinted = (colour, part) => ({ backgroundColor: some(colour, part) });
/**
 * @param {string} colour
 * @param {number} part
 */
const barred = (colour, part) => ({ ...tinted(colour, part), boxShadow: `inset 3px 0 ${colour}` });

const SELECTION = "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground";
const frame = {
  "&": {
    boxSizing: "border-box", height: "100%", color: TEXT, backgroundColor: SURFACE, overflow: "hidden",
    fontSize: "calc(var(--st-base-font-size, 15px) * 14 / 15 * var(--al-big, 1))",
    border: `1px solid ${LINE}`, borderRadius: "12px", transition: "border-color .15s",
  },
  "&.cm-focused": { outline: "none", borderColor: ACCENT },
  ".cm-scroller": { fontFamily: MONO, lineHeight: "1.6", overflow: "auto", scrollbarWidth: "thin" },
  ".cm-content": { padding: "10px 0", caretColor: TEXT },
  ".cm-line": { padding: "0 12px 0 10px" },
  ".cm-placeholder": { color: QUIET },
  ".cm-cursor": { borderLeft: `2px solid ${TEXT}`, marginLeft: "-1px" },
  [`${SELECTION}, .cm-selectionBackground`]: tinted("var(--st-blue-color)", 26),
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": tinted(TEXT, 4),
  "&.cm-focused .cm-matchingBracket": { ...tinted("var(--st-green-color)", 24), borderRadius: "3px" },
  "&.cm-focused .cm-nonmatchingBracket": { ...tinted(RED, 24), borderRadius: "3px" },
};

const gutters = {
  ".cm-gutters": { backgroundColor: SURFACE, color: QUIET, border: "none", paddingLeft: "4px", userSelect: "none" },
  ".cm-lineNumbers .cm-gutterElement": {
    minWidth: "26px", padding: "0 8px 0 2px", cursor: "pointer", fontVariantNumeric: "tabular-nums",
  },
  ".cm-lineNumbers .cm-gutterElement:hover": { color: ACCENT },
  ".lab-marks": { minWidth: "12px" },
  ".lab-marks .cm-gutterElement": { display: "grid", placeItems: "center" },
  ".lab-dot": { width: "7px", height: "7px", borderRadius: "50%", backgroundColor: ACCENT },
  ".lab-sign": {
    width: "12px", height: "12px", borderRadius: "50%", backgroundColor: RED, color: SURFACE,
    font: `700 10px/12px ${MONO}`, textAlign: "center",
  },
  ".lab-sign::before": { content: '"!"' },
};

const marks = {
  ".cm-line.lab-lit, &.cm-focused .cm-line.lab-lit": tinted(ACCENT, 8),
  ".cm-line.lab-failed, &.cm-focused .cm-line.lab-failed": tinted(RED, 12),
  ".cm-line.lab-now, &.cm-focused .cm-line.lab-now": barred(ACCENT, 14),
  ".cm-line.lab-error, &.cm-focused .cm-line.lab-error": barred(RED, 16),
  ".cm-lineNumbers .lab-now": { color: ACCENT, fontWeight: "700" },
  ".cm-lineNumbers .lab-error, .cm-lineNumbers .lab-failed": { color: RED, fontWeight: "700" },
  ".cm-lintRange-error": {
    backgroundImage: "none", textDecoration: `underline wavy ${RED} 1.2px`, textUnderlineOffset: "3px",
    textDecorationSkipInk: "none",
  },
  ".lab-chips": { position: "absolute", top: 0, left: 0, height: 0, width: 0, pointerEvents: "none", zIndex: 1 },
  ".lab-chips > div": {
    position: "absolute", display: "flex", gap: "6px", alignItems: "center", width: "max-content",
    transform: "translateX(-100%)",
  },
  ".lab-chips > div[hidden]": { display: "none" },
  ".lab-chips span": {
    flex: "0 1 auto", minWidth: "20px", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap",
    padding: "1px 8px", borderRadius: "999px", fontSize: "calc(12px * var(--al-big, 1))", lineHeight: "1.33",
    color: QUIET,
    pointerEvents: "auto", cursor: "default", border: "1px solid transparent", userSelect: "none",
  },
  ".lab-chips .made": { backgroundColor: `color-mix(in srgb, ${TEXT} 6%, ${SURFACE})` },
  ".lab-chips .printed": { backgroundColor: SURFACE, borderColor: LINE },
};

const floating = {
  ".cm-tooltip": {
    backgroundColor: RAISED, color: TEXT, border: `1px solid ${LINE}`, borderRadius: "8px", overflow: "hidden",
    boxShadow: "0 6px 24px rgb(0 0 0 / .16)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: MONO, fontSize: "13px", lineHeight: "1.5", maxHeight: "14em", minWidth: "180px", padding: "4px 0",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: some(ACCENT, 16), color: TEXT },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: ACCENT },
  ".cm-diagnostic": {
    padding: "8px 12px", maxWidth: "min(56ch, 80vw)", whiteSpace: "pre-wrap", overflowWrap: "anywhere",
  },
  ".cm-diagnostic-error": { borderLeft: `3px solid ${RED}` },
  ".cm-tooltip-lint": { fontFamily: "var(--st-font, sans-serif)", fontSize: "13px", lineHeight: "1.45" },
  ".cm-panels": { backgroundColor: RAISED, color: TEXT, fontFamily: "var(--st-font, sans-serif)" },
  ".cm-panels-top": { borderBottom: `1px solid ${LINE}` },
  ".cm-panel.cm-search": { padding: "8px 34px 8px 10px", fontSize: "13px" },
  ".cm-panel.cm-search label": { fontSize: "12.5px", whiteSpace: "nowrap", marginRight: "8px" },
  ".cm-panel.cm-search [name=close]": { color: QUIET, fontSize: "20px", top: "6px", right: "8px", cursor: "pointer" },
  ".cm-textfield": {
    backgroundColor: SURFACE, color: TEXT, border: `1px solid ${LINE}`, borderRadius: "6px", padding: "3px 8px",
    fontSize: "13px", fontFamily: MONO,
  },
  ".cm-button": {
    backgroundImage: "none", backgroundColor: SURFACE, color: TEXT, border: `1px solid ${LINE}`, borderRadius: "6px",
    padding: "3px 10px", fontSize: "12.5px", fontFamily: "inherit", cursor: "pointer",
  },
  ".cm-button:hover": { borderColor: ACCENT, color: ACCENT },
  ".cm-button:active": { backgroundImage: "none" },
  ".cm-textfield:focus-visible, .cm-button:focus-visible, [name=close]:focus-visible": {
    outline: `2px solid ${ACCENT}`, outlineOffset: "1px",
  },
  ".cm-search input[type=checkbox]": { accentColor: ACCENT, verticalAlign: "-2px" },
  ".cm-searchMatch": { ...tinted("var(--st-yellow-color)", 30), borderRadius: "2px" },
  ".cm-searchMatch-selected": tinted("var(--st-orange-color)", 50),
};

export const theme = EditorView.theme({ ...frame, ...gutters, ...marks, ...floating });

// Streamlit's colours for text are dim in the light theme and pale in the dark one, its plain ones too light for some
// text.
/** @param {string} name */
function coloured(name, plain = 70) {
  return `color-mix(in srgb, var(--st-${name}-color) ${plain}%, var(--st-${name}-text-color))`;
}

export const highlighting = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword, tags.operatorKeyword],
    color: coloured("violet"),
  },
  { tag: [tags.string, tags.special(tags.string)], color: coloured("green") },
  { tag: [tags.number, tags.bool, tags.null], color: coloured("orange", 30) },
  { tag: tags.comment, color: coloured("gray"), fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.className)],
    color: coloured("blue"),
  },
  { tag: tags.meta, color: coloured("blue") },
]);

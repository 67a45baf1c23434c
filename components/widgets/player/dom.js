// What the other scripts need of the page's document: elements that are made, and elements that are there.

const SVG = "http://www.w3.org/2000/svg";
// What turns the order of a line's letters around without being seen (as `visible` in facts/text.py).
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

// A text of a program as it is shown: each such character as its escape.
/** @param {string} text */
export const visible = (text) => text.replace(TURNING, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} [text]
 */
export function create(name, className = "", text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = visible(text);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number>} attributes
 */
export function createSvg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

// A word that has a tooltip, by pointer and by keyboard.
/**
 * @param {HTMLElement} element
 * @param {string} tip
 */
export function tell(element, tip) {
  element.dataset.tip = tip;
  element.tabIndex = 0;
}

// The first element for a selector, which the player's own HTML must have.
/**
 * @template {Element} E
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} kind
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the player has no ${selector}`);
  return element;
}

/**
 * @template {Element} E
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} kind
 * @returns {E[]}
 */
export function findAll(root, selector, kind) {
  return [...root.querySelectorAll(selector)].flatMap((element) => (element instanceof kind ? [element] : []));
}

/** @param {Event} event */
export const targetOf = (event) => (event.target instanceof Element ? event.target : null);

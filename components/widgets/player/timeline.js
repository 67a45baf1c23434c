// Time along the bottom: buttons, a scrubber with marks for backward calls and errors, and the sentence of the moment.

import { create, find, visible } from "./dom.js";
import { scrollable } from "./layout.js";

/** @import { Story } from "./story.js" */

const MOST_MARKS = 400;

export class Timeline {
  /**
   * @param {HTMLElement} footer
   * @param {Story} story
   * @param {{ go: (at: number) => void }} actions
   */
  constructor(footer, story, { go }) {
    this.footer = footer;
    this.story = story;
    this.scrub = find(footer, ".scrub", HTMLInputElement);
    this.marks = find(footer, ".marks", HTMLElement);
    this.said = find(footer, ".said", HTMLElement);
    this.count = find(footer, ".count", HTMLElement);
    this.error = find(footer, "[data-do=error]", HTMLButtonElement);
    this.playButton = find(footer, "[data-do=play]", HTMLButtonElement);
    this.speed = find(footer, ".speed", HTMLSelectElement);
    this.scrub.addEventListener("input", () => go(Number(this.scrub.value)));
  }

  /** @param {Story} story */
  open(story) {
    this.story = story;
    this.footer.hidden = story.last < 0;
    this.scrub.max = String(Math.max(0, story.last));
    this.error.hidden = !story.errors.length;
    const runs = story.begins.slice(0, MOST_MARKS).map((begin, index) => {
      let end = begin;
      while (end < story.last && isWithin(story, end + 1)) end++;
      return this.mark("run", begin, end, `backward ${index + 1}`);
    });
    const faults = story.errors.slice(0, MOST_MARKS).map((at) => this.mark("fault", at, at, "error"));
    this.marks.replaceChildren(...runs, ...faults);
  }

  /**
   * @param {string} className
   * @param {number} from
   * @param {number} to
   * @param {string} title
   */
  mark(className, from, to, title) {
    const mark = create("i", className), wide = Math.max(1, this.story.last);
    mark.style.left = `${(100 * from) / wide}%`;
    mark.style.width = `${Math.max(0, (100 * (to - from)) / wide)}%`;
    mark.title = title;
    return mark;
  }

  /**
   * @param {number | null} at
   * @param {boolean} playing
   */
  show(at, playing) {
    const { story } = this, moment = story.moment(at), text = visible(moment ? moment.text : this.whole());
    this.scrub.value = String(at ?? story.last);
    this.footer.classList.toggle("whole", at === null);
    this.footer.classList.toggle("fault", moment?.kind === "error");
    if (this.said.textContent !== text) {
      this.said.textContent = text;
      // What does not fit takes three lines of smaller letters.
      this.said.classList.remove("long");
      this.said.classList.toggle("long", this.said.scrollHeight > this.said.clientHeight);
      scrollable(this.said);
    }
    this.scrub.setAttribute("aria-valuetext", text);
    this.count.textContent = this.counted(at);
    const word = playing ? "Pause" : "Play";
    this.playButton.classList.toggle("playing", playing);
    this.playButton.setAttribute("aria-label", word);
    this.playButton.dataset.tip = `${playing ? "Stop here" : "Walk through the run by itself"}. Key: Space`;
  }

  // What is said of the whole run.
  whole() {
    if (this.story.last < 0) return "";
    return this.story.data.whole || "The whole run.";
  }

  /** @param {number | null} at */
  counted(at) {
    const { last, data } = this.story;
    if (at === null) return `${last + 1} ${last ? "steps" : "step"}`;
    return `${at + 1} / ${last + 1}${data.cut && at === last ? " …" : ""}`;
  }
}

/**
 * @param {Story} story
 * @param {number} at
 */
function isWithin(story, at) {
  const { run, kind } = story.moments[at];
  return run !== undefined && kind !== "begin";
}

// Time along the bottom: buttons, a scrubber with marks for backward calls and errors, and the sentence of the moment.

const MOST_MARKS = 400;

class Timeline {
  constructor(footer, { go }) {
    const find = (selector) => footer.querySelector(selector);
    this.footer = footer; this.scrub = find(".scrub"); this.marks = find(".marks"); this.said = find(".said");
    this.count = find(".count"); this.error = find("[data-do=error]"); this.playButton = find("[data-do=play]"); this.speed = find(".speed");
    this.scrub.addEventListener("input", () => go(+this.scrub.value));
  }

  open(story) {
    this.story = story;
    this.footer.hidden = story.last < 0;
    this.scrub.max = Math.max(0, story.last);
    this.error.hidden = !story.errors.length;
    const wide = Math.max(1, story.last), marks = [];
    const mark = (className, from, to, title) => {
      const one = made("i", className);
      one.style.left = `${(100 * from) / wide}%`;
      one.style.width = `${Math.max(0, (100 * (to - from)) / wide)}%`;
      one.title = title;
      marks.push(one);
    };
    story.begins.slice(0, MOST_MARKS).forEach((begin, place) => {
      let end = begin;
      while (end < story.last && story.moments[end + 1].run !== undefined && story.moments[end + 1].kind !== "begin") end++;
      mark("run", begin, end, `backward ${place + 1}`);
    });
    story.errors.slice(0, MOST_MARKS).forEach((at) => mark("fault", at, at, "error"));
    this.marks.replaceChildren(...marks);
  }

  show(at, playing) {
    const { story } = this, moment = story.moment(at);
    this.scrub.value = at ?? story.last;
    this.footer.classList.toggle("whole", at === null);
    this.footer.classList.toggle("fault", moment?.kind === "error");
    const text = moment ? moment.text : story.last >= 0 ? story.last ? "The whole run, at its end. → walks through it." : "The whole run." : "";
    if (this.said.textContent !== text) this.said.textContent = text;
    this.said.title = text;
    this.scrub.setAttribute("aria-valuetext", text);
    this.count.textContent = at === null ? `${story.last + 1} ${story.last ? "steps" : "step"}` : `${at + 1} / ${story.last + 1}${story.data.cut && at === story.last ? " …" : ""}`;
    this.playButton.classList.toggle("playing", playing);
    this.playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.playButton.title = playing ? "Pause (Space)" : "Play (Space)";
  }
}

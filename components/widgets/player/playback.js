// Playing: a step every so often, until the last one.

export class Playback {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  timer;

  // `step` goes one step on and says whether there was one.
  /**
   * @param {HTMLSelectElement} speed
   * @param {{ step: () => boolean, changed: (playing: boolean) => void }} actions
   */
  constructor(speed, { step, changed }) {
    this.speed = speed;
    this.step = step;
    this.changed = changed;
    speed.addEventListener("change", () => {
      if (this.timer) this.start();
    });
  }

  get on() { return !!this.timer; }

  start() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.step() || this.stop(), 1000 / Number(this.speed.value));
    this.changed(true);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.changed(false);
  }
}

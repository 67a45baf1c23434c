// The figures that the line of this moment showed, over the graph's lower left corner until somebody hides them.

class Figures {
  constructor(frame, { on }) {
    this.frame = frame;
    this.hidden = false;
    this.shown = "";
    on(frame.querySelector(".close"), "click", () => { this.hidden = true; this.frame.hidden = true; });
    on(frame, "click", (event) => { if (event.target.tagName === "IMG") this.frame.classList.toggle("large"); });
  }

  // Where the page shows them anyway, those of the whole run are left out.
  show(pictures, elsewhere) {
    const wanted = elsewhere ? [] : pictures, shown = wanted.map(([, source]) => source).join();
    if (shown !== this.shown) {
      this.frame.querySelectorAll("img").forEach((image) => image.remove());
      for (const [, source, text] of wanted) {
        const image = document.createElement("img");
        image.src = source;
        image.alt = text;
        image.title = "Click to enlarge";
        this.frame.append(image);
      }
      this.shown = shown;
      this.hidden = false;
      this.frame.classList.remove("large");
    }
    this.frame.hidden = !wanted.length || this.hidden;
  }
}

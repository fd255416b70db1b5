// Measure: how still, how sharp, and the worst frames of a render.

import { ask, madeBy } from "./api.js";
import { make, say } from "./dom.js";
import { isOpen, list } from "./tasks.js";

export class Measure {
  constructor(place, studio) {
    this.studio = studio;
    this.renders = make("select", { id: "measured" });
    this.alone = make("input", { type: "checkbox", checked: true });
    this.start = make("button", { class: "primary", type: "submit" }, "Measure");
    const against = make("label", { class: "check" }, this.alone, make("span", {}, "Against the same style without blending; renders the clip once more, and tells how much calmer it became"));
    const form = make("form", { "aria-label": "Measure" }, make("h2", {}, "How still it holds"), make("p", { class: "intro" }, "Flicker frame by frame, sharpness, drift, and the worst frames of a render."), make("label", { class: "field" }, "Render", this.renders), against, this.start);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#measure(); });
    this.tasks = make("ol", {});
    this.page = make("div", { class: "sample" });
    this.empty = make("p", { class: "empty" }, "Render a clip first; then it can be measured here.");
    place.append(make("div", { class: "sheet" }, form, make("div", {}, this.empty, make("section", { class: "tasks", "aria-label": "Measurements" }, this.tasks), this.page)));
    studio.tasks.addEventListener("done", (event) => { if (event.detail.kind === "measure") this.#show(event.detail); });
  }

  show() {}

  choose(task) { this.update(); this.renders.value = task.id; }

  update() {
    const done = this.studio.tasks.of("render").filter((task) => task.results.play);
    const key = done.map((task) => task.id).join();
    if (key !== this.key) {
      const chosen = this.renders.value;
      this.key = key;
      this.renders.replaceChildren(...done.map((task) => make("option", { value: task.id }, `${task.title}, ${task.told.frames} frames`)));
      if (done.some((task) => task.id === chosen)) this.renders.value = chosen;
    }
    this.start.disabled = !done.length;
    const measured = this.studio.tasks.of("measure");
    this.empty.hidden = done.length > 0 || measured.length > 0;
    list(this.tasks, measured, (task) => this.#buttons(task));
  }

  async #measure() {
    try {
      await ask("/api/measure", { task: this.renders.value, alone: this.alone.checked });
      await this.studio.tasks.refresh();
    } catch (error) { say(error); }
  }

  #buttons(task) {
    const quiet = (words, act, extra = "") => make("button", { class: `quiet ${extra}`, onclick: act }, words);
    if (isOpen(task)) return [quiet("Cancel", () => this.studio.tasks.stop(task))];
    const made = task.state === "done" ? [quiet("Show", () => this.#show(task), "strong"), make("a", { class: "quiet", href: madeBy(task, task.results.page, true) }, "Download")] : [];
    return [...made, quiet("Remove", () => this.studio.tasks.stop(task))];
  }

  #show(task) {
    const address = madeBy(task, task.results.page);
    this.page.replaceChildren(make("iframe", { class: "page", src: address, title: `Measurements of ${task.title}`, sandbox: "" }));
  }
}

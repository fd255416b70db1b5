// Train: pictures of a look, something to draw, a name and some minutes.

import { ask, madeBy, upload } from "./api.js";
import { dropZone, fill, make, say, zone } from "./dom.js";
import { isOpen, list } from "./tasks.js";

export class Train {
  constructor(place, studio) {
    this.studio = studio;
    this.key = "";
    const looks = zone("looks", "Drop pictures of the look", "20 or more: paintings, drawings, frames of a film", "image/*");
    const content = zone("content", "Drop what is to be drawn", "clips or photographs; a clip that is open under Stylize counts already", "video/*,image/*,.mxf,.mkv");
    this.bars = [looks, content].map((label) => { const bar = make("progress", { max: 1, "aria-label": "Upload", hidden: true }); label.append(bar); return bar; });
    dropZone(looks, (files) => this.#take(files, "look", this.bars[0]));
    dropZone(content, (files) => this.#take(files, "content", this.bars[1]));
    this.counted = make("p", { class: "soft", role: "status" });
    this.pictures = make("ul", { class: "looks", "aria-label": "Pictures of the look" });
    this.drawn = make("p", { class: "soft" });
    this.name = make("input", { type: "text", id: "style-name", required: true, maxlength: 40, placeholder: "my-look", autocomplete: "off", spellcheck: "false" });
    this.minutes = make("input", { type: "number", id: "minutes", min: 0.01, step: "any", value: 20, required: true });
    this.start = make("button", { class: "primary", type: "submit" }, "Train");
    const asked = make("div", { class: "two" }, make("label", { class: "field" }, "Name", this.name), make("label", { class: "field" }, "Minutes", this.minutes));
    const form = make("form", { "aria-label": "Training" }, make("h2", {}, "A style of your own"), looks, this.counted, this.pictures, content, this.drawn, asked, this.start);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#train(); });
    this.tasks = make("ol", {});
    this.sample = make("div", { class: "sample" });
    const intro = make("p", { class: "intro" }, "A small network learns to draw your clips like your pictures. Minutes show which way it goes; a good style takes hours, a GPU helps, and vidstyle train has every dial.");
    place.append(make("div", { class: "sheet" }, form, make("div", {}, intro, make("section", { class: "tasks", "aria-label": "Trainings" }, this.tasks), this.sample)));
    studio.tasks.addEventListener("done", (event) => { if (event.detail.kind === "train") studio.refresh().catch(say); });
  }

  show() { this.#count(); }

  update() {
    const all = this.studio.tasks.of("train");
    list(this.tasks, all, (task) => this.#buttons(task));
    this.#showSample(all[0]);
  }

  #files(role) { return (this.studio.session?.files ?? []).filter((file) => file.role === role); }

  get #content() {
    const open = this.studio.stage.file;
    const own = this.#files("content");
    return open && !own.some((file) => file.id === open.id) ? [...own, open] : own;
  }

  #count() {
    const looks = this.#files("look");
    const least = this.studio.session?.limits.least ?? 20;
    this.counted.textContent = looks.length < least ? `${looks.length} of at least ${least} pictures` : `${looks.length} pictures`;
    const known = this.pictures.children.length;
    for (const file of looks.slice(known)) this.pictures.append(make("li", {}, make("img", { src: `/api/files/${file.id}/frames/0`, alt: file.name, loading: "lazy" })));
    const names = this.#content.map((file) => file.name);
    this.drawn.textContent = names.length ? `Draws: ${names.join(", ")}` : "Nothing to draw yet";
    this.start.disabled = looks.length < least || !names.length;
    if (this.studio.session) this.minutes.max = this.studio.session.limits.minutes;
  }

  async #take(files, role, bar) {
    say(null);
    bar.hidden = false;
    for (const [place, file] of files.entries()) {
      try {
        this.studio.session.files.push(await upload(file, role, (share) => { bar.value = (place + share) / files.length; }));
      } catch (error) { say(error); }
      this.#count();
    }
    bar.hidden = true;
  }

  async #train() {
    const name = this.name.value.trim().toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+/, "");
    this.name.value = name;
    try {
      await ask("/api/train", { name, minutes: Number(this.minutes.value), looks: this.#files("look").map((file) => file.id), content: this.#content.map((file) => file.id) });
      await this.studio.tasks.refresh();
    } catch (error) { say(error); }
  }

  #buttons(task) {
    const quiet = (words, act, extra = "") => make("button", { class: `quiet ${extra}`, onclick: act }, words);
    if (isOpen(task)) return [quiet("Cancel", () => this.studio.tasks.stop(task))];
    const made = task.state === "done" ? [
      quiet("Use this style", () => { this.studio.look.choose(task.told.style); this.studio.selectTab("stylize", true); }, "strong"),
      make("a", { class: "quiet", href: madeBy(task, task.results.style, true) }, "Download the style"),
    ] : [];
    return [...made, quiet("Remove", () => this.studio.tasks.stop(task))];
  }

  // The newest sheet; the slider goes back through the earlier ones.
  #showSample(task) {
    const names = task ? [...(task.told.samples ?? []), ...(task.results.sheet ? [task.results.sheet] : [])] : [];
    const key = `${task?.id} ${names.length}`;
    if (key === this.key) return;
    this.key = key;
    if (!names.length) { this.sample.replaceChildren(); return; }
    const image = make("img", { alt: "Rows of source, drawing, and a picture of the look" });
    const words = make("p", { class: "soft" });
    const slider = make("input", { type: "range", min: 0, max: names.length - 1, value: names.length - 1, "aria-label": "Samples, from the first to the newest", hidden: names.length < 2 });
    const show = () => {
      fill(slider);
      image.src = madeBy(task, names[slider.value]);
      words.textContent = `Sample ${Number(slider.value) + 1} of ${names.length}: source, drawing, a picture of the look`;
    };
    slider.addEventListener("input", show);
    show();
    this.sample.replaceChildren(words, slider, image);
  }
}

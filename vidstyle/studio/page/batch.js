// Batch: a shot list and its clips, the plan, the run, the report.

import { ask, madeBy, upload } from "./api.js";
import { dropZone, make, say, sentence, zone } from "./dom.js";
import { isOpen, list } from "./tasks.js";

const LISTS = ".csv,.tsv,.json,.edl,.otio,.xml,.fcpxml,.ale";

export class Batch {
  constructor(place, studio) {
    this.studio = studio;
    this.chosen = null;
    this.fps = make("input", { type: "text", inputmode: "decimal", placeholder: "as the list says", id: "fps" });
    this.handles = make("input", { type: "number", min: 0, max: 1000, value: 0, id: "handles" });
    this.bar = make("progress", { max: 1, "aria-label": "Upload", hidden: true });
    this.run = make("button", { class: "primary", type: "submit", disabled: true }, "Render all");
    const drop = zone("list", "Drop a shot list and its clips", "CSV, TSV, JSON, EDL, OTIO, XML, FCPXML or ALE; clips are found by their names", `${LISTS},video/*,image/*,.mxf,.mkv`);
    drop.append(this.bar);
    dropZone(drop, (files) => this.#take(files));
    this.look = make("p", { class: "intro" });
    this.files = make("p", { class: "soft" });
    const numbers = make("div", { class: "two" }, make("label", { class: "field" }, "Rate, fps", this.fps), make("label", { class: "field" }, "Handles, frames", this.handles));
    const form = make("form", { "aria-label": "Batch" }, make("h2", {}, "A list of shots"), drop, this.files, numbers, this.look, this.run);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#start(); });
    for (const input of [this.fps, this.handles]) input.addEventListener("change", () => this.#plan());
    this.plan = make("div", { class: "plan" }, make("p", { class: "intro" }, "Every shot of an edit, named as the edit names it: drop the list and the clips that it means, look at the plan, then render it."));
    this.tasks = make("ol", {});
    this.page = make("div", { class: "sample" });
    place.append(make("div", { class: "sheet" }, form, make("div", {}, this.plan, make("section", { class: "tasks", "aria-label": "Batches" }, this.tasks), this.page)));
  }

  show() {
    this.look.textContent = `Look, as set under Stylize: ${this.studio.look.summary}`;
    this.#showFiles();
  }

  update() { list(this.tasks, this.studio.tasks.of("batch"), (task) => this.#buttons(task)); this.#showShots(); }

  async #take(files) {
    say(null);
    this.bar.hidden = false;
    for (const [place, file] of files.entries()) {
      try {
        const facts = await upload(file, "list", (share) => { this.bar.value = (place + share) / files.length; });
        this.studio.session.files.push(facts);
        if (facts.kind === "list") this.chosen = facts;
      } catch (error) { say(error); }
    }
    this.bar.hidden = true;
    this.#showFiles();
    await this.#plan();
  }

  #showFiles() {
    const files = this.studio.session?.files ?? [];
    this.chosen ??= files.findLast?.((file) => file.kind === "list") ?? null;
    const clips = files.filter((file) => file.kind === "clip").length;
    this.files.textContent = this.chosen ? `${this.chosen.name}, with ${clips} ${clips === 1 ? "clip" : "clips"} here` : `${clips} ${clips === 1 ? "clip" : "clips"} here, no list yet`;
  }

  get #wish() {
    return { file: this.chosen.id, look: this.studio.look.wish, fps: this.fps.value.trim(), handles: Number(this.handles.value) };
  }

  async #plan() {
    if (!this.chosen) return;
    this.run.disabled = true;
    try {
      const plan = await ask("/api/plan", this.#wish);
      this.plan.replaceChildren(...planned(plan));
      this.run.disabled = plan.problems.length > 0;
    } catch (error) { this.plan.replaceChildren(problems(error.message.split("\n"))); }
  }

  async #start() {
    try {
      await ask("/api/batch", this.#wish);
      await this.studio.tasks.refresh();
    } catch (error) { say(error); }
  }

  #buttons(task) {
    const quiet = (words, act) => make("button", { class: "quiet", onclick: act }, words);
    if (isOpen(task)) return [quiet("Cancel", () => this.studio.tasks.stop(task))];
    const made = Object.entries(task.results).filter(([name]) => name.startsWith("edit"));
    return [
      ...(task.results.page ? [quiet("Review", () => this.#review(task))] : []),
      ...made.map(([name, path]) => make("a", { class: "quiet", href: madeBy(task, path, true) }, `The edit (${name.slice(5)})`)),
      quiet("Remove", () => this.studio.tasks.stop(task)),
    ];
  }

  #review(task) {
    const address = madeBy(task, task.results.page);
    this.page.replaceChildren(make("iframe", { class: "page", src: address, title: `Review of ${task.title}`, sandbox: "" }), make("p", {}, make("a", { class: "quiet", href: address, target: "_blank", rel: "noopener" }, "Open it alone")));
  }

  #showShots() {
    const task = this.studio.tasks.of("batch")[0];
    if (!task?.told.shots || !Object.keys(task.told.shots).length) return;
    const rows = Object.entries(task.told.shots).map(([name, shot]) => make("tr", { class: shot.state === "failed" ? "failed" : "" },
      make("th", { scope: "row" }, name), make("td", { class: "number" }, `${shot.done ?? 0} of ${shot.frames}`),
      make("td", {}, sentence(shot.state), shot.message ? make("small", {}, shot.message) : null),
      make("td", {}, shot.file ? make("a", { href: madeBy(task, shot.file, true) }, "Download") : "")));
    const key = JSON.stringify(task.told.shots);
    if (this.key === key) return;
    this.key = key;
    this.plan.replaceChildren(table(["Shot", "Frames", "", ""], rows));
  }
}

function planned(plan) {
  const rows = plan.shots.map((shot) => make("tr", {}, make("td", {}, shot.number), make("th", { scope: "row" }, shot.shot), make("td", {}, shot.source, ...shot.warnings.map((text) => make("small", {}, text))),
    make("td", { class: "number" }, String(shot.frames)), make("td", { class: "number" }, String(shot.from)), make("td", {}, shot.handles), make("td", {}, shot.size), make("td", {}, shot.style)));
  const out = plan.left_out.map((text) => make("p", { class: "soft" }, `Left out: ${text}`));
  const shown = rows.length ? [table(["Event", "Shot", "Source", "Frames", "From", "Handles", "Size", "Style"], rows)] : [];
  return [...(plan.problems.length ? [problems(plan.problems)] : []), ...shown, ...out];
}

const problems = (lines) => make("div", { role: "alert" }, make("ul", { class: "problems" }, ...lines.filter(Boolean).map((line) => make("li", {}, sentence(line)))));

function table(names, rows) {
  const head = make("thead", {}, make("tr", {}, ...names.map((name) => (name ? make("th", { scope: "col", class: ["Frames", "From"].includes(name) ? "number" : "" }, name) : make("td")))));
  return make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Shots" }, make("table", {}, head, make("tbody", {}, ...rows)));
}

// The picture: scrub to a frame, see it before and after, trim.

import { post } from "./api.js";
import { $, fill, say } from "./dom.js";

const QUICKLY = 90; // milliseconds after the last movement
const SHARPLY = 350; // … after the quick picture

export class Stage extends EventTarget {
  constructor(look) {
    super();
    this.look = look;
    this.file = null;
    this.timer = 0;
    this.running = new AbortController();
    $("frame").addEventListener("input", () => this.draw());
    for (const id of ["first", "last"]) $(id).addEventListener("input", () => this.#trim(id));
    $("wipe").addEventListener("input", () => $("viewer").style.setProperty("--cut", `${$("wipe").value}%`));
    $("viewer").style.setProperty("--cut", "50%");
    look.addEventListener("change", () => this.draw());
  }

  open(file) {
    this.file = file;
    const clip = file.kind === "clip";
    $("drop").hidden = true;
    $("stage").hidden = false;
    $("timeline").hidden = !clip;
    $("viewer").style.setProperty("--ratio", file.width / file.height);
    for (const id of ["before", "after"]) $(id).removeAttribute("src");
    for (const id of ["frame", "first", "last"]) $(id).max = file.frames - 1;
    $("frame").value = 0;
    $("first").value = 0;
    $("last").value = file.frames - 1;
    $("delivery").closest("label").hidden = !clip;
    const length = clip ? `, ${file.frames} frames at ${file.fps} fps, ${file.sound ? "with sound" : "silent"}` : "";
    const name = document.createElement("b");
    name.textContent = file.name;
    $("facts").replaceChildren(name, ` ${file.width} × ${file.height}${length}`);
    $("render").disabled = false;
    this.#showTrim();
    this.draw();
  }

  close() {
    this.file = null;
    $("stage").hidden = true;
    $("drop").hidden = false;
    $("render").disabled = true;
  }

  get frame() { return Number($("frame").value); }

  get trim() {
    if (this.file?.kind !== "clip") return { first: 0, stop: null };
    const [first, last] = [Number($("first").value), Number($("last").value)];
    const whole = first === 0 && last === this.file.frames - 1;
    return whole ? { first: 0, stop: null } : { first, stop: last + 1 };
  }

  // First the source, soon a quick picture, and the sharp one when nobody moves anything.
  draw() {
    if (!this.file) return;
    const where = `frame ${this.frame} of ${this.file.frames}, ${(this.frame / this.file.fps).toFixed(2)} s`;
    $("where").textContent = where;
    $("frame").setAttribute("aria-valuetext", where);
    $("sharpness").textContent = "drawing …";
    clearTimeout(this.timer);
    this.running.abort();
    this.timer = setTimeout(() => this.#draw(), QUICKLY);
    this.dispatchEvent(new Event("change"));
  }

  async #draw() {
    const running = new AbortController();
    this.running = running;
    $("before").src = `/api/files/${this.file.id}/frames/${this.frame}`;
    try {
      await this.#fetch(true, running.signal);
      $("sharpness").textContent = "quick look";
      await new Promise((resolve) => setTimeout(resolve, SHARPLY));
      if (running.signal.aborted) return;
      await this.#fetch(false, running.signal);
      $("sharpness").textContent = "sharp";
    } catch (error) {
      if (!running.signal.aborted) { $("sharpness").textContent = ""; say(error); }
    }
  }

  async #fetch(quick, signal) {
    const wish = { file: this.file.id, look: this.look.wish, frame: this.frame, quick };
    const picture = await (await post("/api/preview", wish, signal)).blob();
    if (signal.aborted) return;
    const old = $("after").src;
    $("after").src = URL.createObjectURL(picture);
    await $("after").decode().catch(() => {});
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
  }

  #trim(moved) {
    const [first, last] = [Number($("first").value), Number($("last").value)];
    if (first > last) $(moved).value = moved === "first" ? last : first;
    $("frame").value = $(moved).value;
    this.#showTrim();
    this.draw();
  }

  #showTrim() {
    const [first, last, most] = [Number($("first").value), Number($("last").value), Math.max(1, this.file.frames - 1)];
    const band = document.querySelector(".tracks .kept").style;
    band.setProperty("--a", first / most);
    band.setProperty("--b", last / most);
    const kept = last - first + 1;
    $("trimmed").textContent = kept === this.file.frames ? "whole clip" : `renders ${first} to ${last}: ${kept} frames`;
    for (const id of ["first", "last"]) $(id).setAttribute("aria-valuetext", `frame ${$(id).value}`);
    fill($("frame"));
  }
}

// The result beside its source: two videos that run as one, or two pictures.

import { madeBy } from "./api.js";
import { $, fill, make, time } from "./dom.js";

const APART = 0.05; // seconds that the two may drift before the source is moved

export class Player {
  constructor() {
    this.videos = null;
    this.wiped = false;
    $("play").addEventListener("click", () => this.#toggle());
    $("seek").addEventListener("input", () => this.#seek());
    $("mute").addEventListener("click", () => this.#mute());
    $("layout").addEventListener("click", () => { this.wiped = !this.wiped; this.#lay(); });
  }

  show(task) {
    this.task = task;
    const clip = Boolean(task.results.play);
    this.ratio = task.told.ratio;
    $("result").hidden = false;
    $("result-title").textContent = task.title;
    $("transport").hidden = !clip;
    $("play").textContent = "▶";
    if (clip) {
      this.videos = ["source", "play"].map((name) => this.#video(madeBy(task, task.results[name]), name));
      const [source, result] = this.videos;
      source.muted = true;
      result.addEventListener("timeupdate", () => this.#follow());
      result.addEventListener("ended", () => this.#stopped());
      result.addEventListener("loadedmetadata", () => this.#follow());
    } else {
      this.videos = null;
      this.pictures = [`/api/files/${task.told.file}/frames/0`, madeBy(task, task.results.result)];
    }
    this.#lay();
  }

  hide() {
    $("result").hidden = true;
    $("pair").replaceChildren();
    this.task = null;
  }

  #video(address, name) {
    const label = name === "source" ? "The source" : "The result";
    const video = make("video", { src: address, preload: "auto", playsinline: true, "aria-label": label });
    video.addEventListener("click", () => this.#toggle());
    return video;
  }

  #lay() {
    const shown = this.videos ?? this.pictures.map((src, place) => make("img", { src, alt: place ? "The result" : "The source" }));
    $("layout").setAttribute("aria-pressed", String(this.wiped));
    $("pair").classList.toggle("wiped", this.wiped);
    if (!this.wiped) {
      shown[1].classList.remove("over");
      const names = ["source", "result"];
      $("pair").replaceChildren(...shown.map((each, place) => make("figure", {}, each, make("figcaption", {}, names[place]))));
    } else {
      shown[1].classList.add("over");
      const wipe = make("input", { type: "range", class: "wipe", min: 0, max: 100, step: 0.5, value: 50, "aria-label": "Wipe between source and result" });
      const viewer = make("figure", { class: "viewer" }, ...shown, make("span", { class: "rule", "aria-hidden": "true" }), wipe);
      viewer.style.setProperty("--ratio", this.ratio);
      wipe.addEventListener("input", () => viewer.style.setProperty("--cut", `${wipe.value}%`));
      $("pair").replaceChildren(viewer);
    }
    if (this.videos) this.videos[0].currentTime = this.videos[1].currentTime;
  }

  async #toggle() {
    if (!this.videos) return;
    const [source, result] = this.videos;
    if (!result.paused) {
      result.pause();
      source.pause();
      this.#stopped();
      return;
    }
    source.currentTime = result.ended ? 0 : result.currentTime;
    $("play").textContent = "❚❚";
    $("play").setAttribute("aria-label", "Pause");
    await Promise.all([result.play(), source.play()]).catch(() => this.#stopped());
  }

  #stopped() {
    $("play").textContent = "▶";
    $("play").setAttribute("aria-label", "Play");
    this.#follow();
  }

  #follow() {
    const [source, result] = this.videos ?? [];
    if (!result) return;
    if (Math.abs(source.currentTime - result.currentTime) > APART) source.currentTime = result.currentTime;
    const length = result.duration || 0;
    if (document.activeElement !== $("seek") || !result.paused) $("seek").value = length ? 1000 * result.currentTime / length : 0;
    $("clock").textContent = `${time(result.currentTime)} / ${time(length)}`;
    $("seek").setAttribute("aria-valuetext", $("clock").textContent);
    fill($("seek"));
  }

  #seek() {
    const [source, result] = this.videos;
    const at = ($("seek").value / 1000) * (result.duration || 0);
    source.currentTime = at;
    result.currentTime = at;
    fill($("seek"));
  }

  #mute() {
    const result = this.videos?.[1];
    if (!result) return;
    result.muted = !result.muted;
    $("mute").textContent = result.muted ? "Muted" : "Sound";
    $("mute").setAttribute("aria-pressed", String(result.muted));
  }
}

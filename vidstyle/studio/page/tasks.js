// What waits, is at work and is done; it lives on the server, so that a reload changes nothing.

import { get, remove } from "./api.js";
import { $, left, make, say, sentence } from "./dom.js";

const OFTEN = 700; // milliseconds between two looks while something is at work
const SELDOM = 5000;

export class Tasks extends EventTarget {
  constructor() {
    super();
    this.all = [];
    this.timer = 0;
  }

  of(kind) { return this.all.filter((task) => task.kind === kind); }

  find(id) { return this.all.find((task) => task.id === id); }

  take(tasks) {
    const before = new Map(this.all.map((task) => [task.id, task.state]));
    this.all = tasks;
    $("activity").textContent = activity(tasks);
    this.dispatchEvent(new Event("change"));
    for (const task of tasks) {
      if (task.state !== before.get(task.id) && before.has(task.id)) this.dispatchEvent(new CustomEvent(task.state, { detail: task }));
    }
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      this.take(await get("/api/tasks"));
    } catch (error) { say(error); }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), this.all.some(isOpen) ? OFTEN : SELDOM);
  }

  async stop(task) {
    try {
      await remove(`/api/tasks/${task.id}`);
    } catch (error) { say(error); }
    await this.refresh();
  }
}

export const isOpen = (task) => task.state === "waiting" || task.state === "working";

function activity(tasks) {
  const working = tasks.find((task) => task.state === "working");
  if (working) return `${working.title}: ${working.doing}${share(working)}`;
  return tasks.some((task) => task.state === "waiting") ? "waiting for a turn" : "";
}

const share = (task) => (task.total ? ` ${Math.floor((100 * task.frames) / task.total)} %` : "");

export function stateOf(task) {
  if (task.state === "waiting") return task.ahead ? `waiting, ${task.ahead} before it` : "waiting";
  if (task.state === "working") {
    const frames = task.total ? `${task.frames} of ${task.total} frames` : task.frames ? `${task.frames} frames` : "";
    const fps = task.fps ? `${task.fps.toFixed(task.fps < 10 ? 1 : 0)} fps` : "";
    return [sentence(task.doing), frames, fps, left(task.eta)].filter(Boolean).join(" · ");
  }
  if (task.state === "failed") return sentence(task.message);
  if (task.state === "cancelled") return "Cancelled; nothing of it was kept";
  const told = task.told.frames ? `${task.told.frames} frames, ` : "";
  return `Done: ${told}${task.seconds.toFixed(1)} s${task.told.warnings?.length ? `, ${task.told.warnings.length} remarks in the report` : ""}`;
}

// One row of a list; it is changed in place, so that focus and buttons stay while it works.
export function row(task, old, buttons) {
  const item = old ?? make("li", { class: "task", "data-id": task.id }, make("div", {}, make("h3", {}), make("p", { class: "state" })), make("div", { class: "actions" }), make("progress", { max: 1 }));
  item.className = `task ${task.state}`;
  item.querySelector("h3").textContent = task.title;
  item.querySelector(".state").textContent = stateOf(task);
  const bar = item.querySelector("progress");
  bar.hidden = task.state !== "working";
  bar.setAttribute("aria-label", `${task.title}, ${task.doing}`);
  const done = task.kind === "train" ? task.told.share : task.total ? task.frames / task.total : undefined;
  if (done === undefined) bar.removeAttribute("value"); else bar.value = done;
  const key = `${task.state} ${Object.keys(task.results)}`;
  if (item.dataset.key !== key) {
    item.dataset.key = key;
    item.querySelector(".actions").replaceChildren(...buttons(task));
  }
  return item;
}

export function list(place, tasks, buttons) {
  const old = new Map([...place.children].map((item) => [item.dataset.id, item]));
  const rows = tasks.map((task) => row(task, old.get(task.id), buttons));
  if (rows.length !== place.children.length || rows.some((item, n) => place.children[n] !== item)) place.replaceChildren(...rows);
}

// Joins the page: tabs, the clip that is open, renders, and what the server still knows after a reload.

import { ask, get, madeBy, remove, upload } from "./api.js";
import { Batch } from "./batch.js";
import { $, dropZone, make, say } from "./dom.js";
import { Look } from "./look.js";
import { Measure } from "./measure.js";
import { Player } from "./player.js";
import { showReport } from "./report.js";
import { Stage } from "./stage.js";
import { Tasks, isOpen, list } from "./tasks.js";
import { Train } from "./train.js";

const OPEN = "vidstyle-file";
const look = new Look();
const stage = new Stage(look);
const player = new Player();
const tasks = new Tasks();
const studio = { look, stage, tasks, session: null, refresh, selectTab };
const batch = new Batch($("batch"), studio);
const measure = new Measure($("measure"), studio);
const train = new Train($("train"), studio);
let wordsTimer = 0;

function selectTab(name, focus = false) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen && focus) tab.focus();
  }
  if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
  for (const panel of [batch, measure, train]) panel.show();
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  all.forEach((tab, place) => {
    tab.addEventListener("click", () => selectTab(tab.getAttribute("aria-controls")));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) selectTab(all[(place + step + all.length) % all.length].getAttribute("aria-controls"), true);
    });
  });
}

async function open(files) {
  const [file] = files;
  if (!file) return;
  say(null);
  const bar = $("uploading");
  bar.hidden = false;
  bar.value = 0;
  try {
    const facts = await upload(file, "clip", (share) => { bar.value = share; });
    studio.session.files.push(facts);
    openFile(facts);
  } catch (error) { say(error); } finally { bar.hidden = true; }
}

function openFile(facts) {
  sessionStorage.setItem(OPEN, facts.id);
  stage.open(facts);
  showWords();
}

async function another() {
  const file = stage.file;
  stage.close();
  sessionStorage.removeItem(OPEN);
  $("pick").focus();
  if (tasks.all.some((task) => isOpen(task) || task.told.file === file.id)) return; // its results still point at it
  try {
    await remove(`/api/files/${file.id}`);
    studio.session.files = studio.session.files.filter((each) => each.id !== file.id);
  } catch (error) { say(error); }
}

function showWords() {
  clearTimeout(wordsTimer);
  wordsTimer = setTimeout(() => look.showWords(stage.file, stage.trim), 150);
}

async function render() {
  say(null);
  try {
    const task = await ask("/api/render", { file: stage.file.id, look: { ...look.wish, ...stage.trim } });
    await tasks.refresh();
    document.querySelector(`[data-id="${task.id}"]`)?.scrollIntoView({ block: "nearest" });
  } catch (error) { say(error); }
}

function buttons(task) {
  const quiet = (words, act, extra = "") => make("button", { class: `quiet ${extra}`, onclick: act }, words);
  if (isOpen(task)) return [quiet("Cancel", () => tasks.stop(task))];
  const made = task.state === "done" ? [
    quiet("Show", () => show(task), "strong"),
    make("a", { class: "quiet", href: madeBy(task, task.results.result, true) }, "Download"),
    quiet("Report", () => showReport(task)),
  ] : [];
  return [...made, quiet("Remove", () => tasks.stop(task))];
}

function show(task) {
  player.show(task);
  $("result-actions").replaceChildren(
    make("a", { class: "quiet strong", href: madeBy(task, task.results.result, true) }, "Download with the original sound"),
    make("button", { class: "quiet", onclick: () => showReport(task) }, "Report"),
    ...(task.results.play ? [make("button", { class: "quiet", onclick: () => { measure.choose(task); selectTab("measure", true); } }, "Measure it")] : []),
    make("button", { class: "quiet", onclick: () => player.hide() }, "Close"),
  );
  if (!task.results.play) $("result-actions").firstElementChild.textContent = "Download";
  $("result").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function showTasks() {
  const renders = tasks.of("render");
  $("no-renders").hidden = renders.length > 0;
  list($("renders"), renders, buttons);
  if (player.task && !tasks.find(player.task.id)) player.hide();
  for (const panel of [batch, measure, train]) panel.update();
}

async function refresh() {
  studio.session = await get("/api/session");
  look.show(studio.session.styles, studio.session.looks_at_pictures ? dress : null);
  tasks.take(studio.session.tasks);
}

async function dress(style) {
  await refresh();
  look.choose(style);
}

async function start() {
  tabs();
  dropZone($("drop"), open);
  document.body.addEventListener("dragover", (event) => event.preventDefault());
  document.body.addEventListener("drop", (event) => event.preventDefault()); // beside the zone: don't leave the page
  $("another").addEventListener("click", another);
  $("render").addEventListener("click", render);
  $("alert").querySelector("button").addEventListener("click", () => say(null));
  stage.addEventListener("change", showWords);
  tasks.addEventListener("change", showTasks);
  tasks.addEventListener("done", (event) => { if (event.detail.kind === "render") show(event.detail); });
  try {
    await refresh();
  } catch (error) { say(error); return; }
  const limits = studio.session.limits;
  $("promise").textContent = `Up to ${limits.upload_megabytes} MB and ${Math.round(limits.seconds / 60)} minutes a clip. ` +
    `Files are deleted ${limits.keep_hours} idle hours after, and when the studio ends. Nothing leaves it. vidstyle ${studio.session.version}`;
  const kept = studio.session.files.find((file) => file.id === sessionStorage.getItem(OPEN));
  if (kept) openFile(kept);
  selectTab(["batch", "measure", "train"].includes(location.hash.slice(1)) ? location.hash.slice(1) : "stylize");
  document.body.dataset.ready = "true";
  tasks.refresh();
}

start();

// A render's report, for people.

import { get, madeBy } from "./api.js";
import { $, make, say, sentence } from "./dom.js";

$("report").querySelector("button").addEventListener("click", () => $("report").close());

export async function showReport(task) {
  try {
    const told = await get(madeBy(task, task.results.report));
    $("report").lastElementChild.replaceChildren(facts(told), ...remarks(told), ...streams(told), raw(task));
    $("report").showModal();
  } catch (error) { say(error); }
}

function facts(told) {
  const pairs = {
    "Status": sentence(told.status), "Frames": `${told.written} written of ${told.decoded} decoded, ${told.concealed} concealed, ${told.dropped} dropped`,
    "Speed": `${told.fps} fps, ${told.seconds.toFixed(1)} s in all`, "Style": `${told.style} (${told.style_sha256.slice(0, 12)}…)`,
    "Encoder": told.encoder, "Device": told.device, "Cuts": told.cuts === null ? "not looked for" : told.cuts.join(", ") || "none found",
    "Frame hash": told.frame_hash,
  };
  const rows = Object.entries(pairs).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
  return make("dl", { class: "listed" }, ...rows);
}

function remarks(told) {
  if (!told.warnings.length) return [];
  return [make("h3", {}, "What could not be kept, and what was assumed"), make("ul", { class: "warnings" }, ...told.warnings.map((text) => make("li", {}, sentence(text))))];
}

function streams(told) {
  if (!told.outcome) return [];
  const rows = told.outcome.streams.map((each) => make("tr", {}, ...[`#${each.index} ${each.kind}`, each.became && each.became !== each.codec ? `${each.codec} → ${each.became}` : each.codec, each.outcome].map((text) => make("td", {}, text))));
  const head = make("thead", {}, make("tr", {}, ...["Stream", "Codec", "Outcome"].map((text) => make("th", { scope: "col" }, text))));
  return [make("h3", {}, "Streams"), make("div", { class: "wide", tabindex: 0 }, make("table", {}, head, make("tbody", {}, ...rows)))];
}

const raw = (task) => make("p", {}, make("a", { class: "quiet", href: madeBy(task, task.results.report, true) }, "Download as JSON"));

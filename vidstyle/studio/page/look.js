// The controls beside the stage: what the render will look like.

import { ask, upload } from "./api.js";
import { $, dropZone, fill, make, say } from "./dom.js";

const KEPT = "vidstyle-look";
const BRUSH = (value) => Math.round(100 * 2 ** Number(value)) / 100;

export class Look extends EventTarget {
  constructor() {
    super();
    this.styles = [];
    this.style = "ink";
    this.stabilityIsOwn = true;
    for (const id of ["strength", "stability", "brush"]) $(id).addEventListener("input", () => this.#moved(id));
    for (const id of ["preserve", "delivery"]) $(id).addEventListener("change", () => this.#changed());
    for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
    this.#recall();
  }

  // What the server's model Look reads; the trim is the stage's.
  get wish() {
    return {
      style: this.style,
      strength: Number($("strength").value),
      stability: this.stabilityIsOwn ? null : Number($("stability").value),
      brush: BRUSH($("brush").value),
      preserve_color: $("preserve").checked,
      delivery: $("delivery").value,
    };
  }

  get summary() {
    const wish = this.wish;
    const title = this.styles.find((each) => each.name === wish.style)?.title ?? wish.style;
    const parts = [title, `strength ${Math.round(wish.strength * 100)} %`];
    if (wish.brush !== 1) parts.push(`brush ${wish.brush}×`);
    if (wish.preserve_color) parts.push("colours preserved");
    return `${parts.join(", ")}; ${$("delivery").selectedOptions[0].textContent}`;
  }

  // Styles, and where the network that looks at pictures is there, a place to drop one.
  show(styles, dress) {
    this.styles = styles;
    if (!styles.some((each) => each.name === this.style)) this.style = styles[0]?.name ?? "ink";
    $("styles").replaceChildren(...styles.map((each) => {
      const input = make("input", { type: "radio", name: "style", value: each.name, checked: each.name === this.style, onchange: () => this.choose(each.name) });
      const picture = make("img", { src: `/api/styles/${each.name}/thumbnail`, alt: "", loading: "lazy" });
      const shown = each.picture ? make("img", { class: "shown", src: `/api/files/${each.picture}/frames/0`, alt: `the picture ${each.title} is made of` }) : null;
      return make("label", { class: "style", title: each.description }, input, picture, shown, make("span", {}, each.title));
    }), ...(dress ? [dressZone(dress)] : []));
    this.#label();
  }

  choose(name) {
    this.style = name;
    this.stabilityIsOwn = true;
    const input = document.querySelector(`input[name=style][value="${name}"]`);
    if (input) input.checked = true;
    this.#changed();
  }

  async showWords(file, trim) {
    if (!file) return;
    try {
      const words = await ask("/api/words", { file: file.id, look: { ...this.wish, ...trim } });
      $("command").textContent = words.command;
      $("toml").textContent = words.toml;
    } catch (error) { say(error); }
  }

  #moved(id) {
    if (id === "stability") this.stabilityIsOwn = false;
    this.#changed();
  }

  #changed() {
    this.#label();
    sessionStorage.setItem(KEPT, JSON.stringify({ ...this.wish, brush: $("brush").value }));
    this.dispatchEvent(new Event("change"));
  }

  #label() {
    const own = this.styles.find((each) => each.name === this.style)?.stability;
    if (this.stabilityIsOwn && own !== undefined) $("stability").value = own;
    const texts = {
      strength: `${Math.round($("strength").value * 100)} %`,
      stability: `${Number($("stability").value).toFixed(2)}${this.stabilityIsOwn ? ", the style’s own" : ""}`,
      brush: `${BRUSH($("brush").value)}×`,
    };
    for (const [id, text] of Object.entries(texts)) {
      document.querySelector(`output[for=${id}]`).textContent = text;
      $(id).setAttribute("aria-valuetext", text);
      fill($(id));
    }
  }

  #recall() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept) return;
    this.style = kept.style;
    this.stabilityIsOwn = kept.stability === null;
    for (const id of ["strength", "stability", "brush", "delivery"]) if (kept[id] !== null) $(id).value = kept[id];
    $("preserve").checked = kept.preserve_color;
  }
}

function dressZone(dress) {
  const input = make("input", { type: "file", id: "style-picture", accept: "image/*" });
  const words = make("span", {}, "Any picture …");
  const zone = make("label", { class: "style any", title: "Drop a painting, a drawing, a photograph: the style is made of it in a moment" }, input, make("b", { "aria-hidden": "true" }, "+"), words);
  dropZone(zone, async ([file]) => {
    if (!file) return;
    say(null);
    try {
      words.textContent = "Looking at it …";
      const facts = await upload(file, "style");
      await dress((await ask("/api/styles", { file: facts.id })).style);
    } catch (error) { words.textContent = "Any picture …"; say(error); }
  });
  return zone;
}

async function copy(button) {
  const text = $(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // without HTTPS there is no clipboard: the text is marked for Ctrl-C
    getSelection().selectAllChildren($(button.dataset.copy));
    button.textContent = "Press Ctrl-C";
    return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

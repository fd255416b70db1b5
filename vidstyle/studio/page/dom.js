// A few words for building the page; text is always text, never HTML.

export const $ = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Part of a range that lies before its thumb, for the style sheet.
export function fill(range) {
  const share = (range.value - range.min) / (range.max - range.min || 1);
  range.style.setProperty("--at", `calc(9px + (100% - 18px) * ${share})`);
}

export function say(error) {
  if (error?.name === "AbortError" || error?.status === 409) return;
  const box = $("alert");
  box.firstElementChild.textContent = error ? sentence(error.message ?? String(error)) : "";
  box.hidden = !error;
  if (error?.status === 440) setTimeout(() => location.reload(), 4000);
}

// A file's name at the beginning stays as it is.
export const sentence = (text) => (/^[a-z]+(?![\w.-])/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

export function time(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function left(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return `${Math.ceil(seconds)} s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
}

// Lets a label with a file input inside take files by dropping, too.
export function dropZone(label, take) {
  const input = label.querySelector("input[type=file]");
  input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
  for (const kind of ["dragenter", "dragover"]) label.addEventListener(kind, (event) => { event.preventDefault(); label.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) label.addEventListener(kind, () => label.classList.remove("over"));
  label.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
}

export function zone(id, title, words, accept) {
  const input = make("input", { type: "file", multiple: true, accept, id });
  return make("label", { class: "drop small" }, input, make("strong", {}, title), make("span", {}, words));
}

// Every request to the server goes through here; an error is a sentence that the server wrote.

const OURS = { "X-Vidstyle": "1" };

export class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function refusalOf(response) {
  const told = await response.json().catch(() => null);
  return new Refusal(response.status, told?.error ?? `the studio answered ${response.status}; reload the page`);
}

async function fetched(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "the studio does not answer; is it still running? Start it again, then reload this page");
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

export const get = async (address) => (await fetched(address)).json();

export async function post(address, wish, signal) {
  const headers = { ...OURS, "Content-Type": "application/json" };
  return fetched(address, { method: "POST", headers, body: JSON.stringify(wish), signal });
}

export const ask = async (address, wish) => (await post(address, wish)).json();

export const remove = (address) => fetched(address, { method: "DELETE", headers: OURS });

// XMLHttpRequest, as fetch does not tell how far an upload is.
export function upload(file, role, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/files?name=${encodeURIComponent(file.name)}&role=${role}`);
    request.setRequestHeader("X-Vidstyle", "1");
    request.upload.onprogress = (event) => onProgress(event.loaded / (event.total || 1));
    request.onerror = () => reject(new Refusal(0, `${file.name} could not be sent; is it too large, or the studio gone?`));
    request.onload = () => {
      let told = null;
      try { told = JSON.parse(request.responseText); } catch { /* no JSON: told stays null */ }
      if (request.status === 201) resolve(told);
      else reject(new Refusal(request.status, told?.error ?? `${file.name} was refused (${request.status})`));
    };
    request.send(file);
  });
}

export const madeBy = (task, name, download = false) =>
  `/api/tasks/${task.id}/files/${name.split("/").map(encodeURIComponent).join("/")}${download ? "?download" : ""}`;

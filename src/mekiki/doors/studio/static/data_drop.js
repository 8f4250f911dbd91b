// Sends photos to the studio: <mk-drop data-words=… data-most=…>. A folder goes file by file, four at a time, a zip as
// one. Only names of pictures are sent; whether they are, the studio looks itself.

import { el, makeWords } from "./data_elements.js";
import { ask, query } from "./data_model.js";

const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|bmp|gif|tiff?)$/i;
const AT_ONCE = 4;

class Drop extends HTMLElement {
  connectedCallback() {
    if (this.words) return;
    const words = (this.words = makeWords(JSON.parse(this.dataset.words)));
    this.folder = el("input", { type: "file", webkitdirectory: true, multiple: true, class: "dt-file", "aria-label": words("choose_folder") });
    this.zip = el("input", { type: "file", accept: ".zip,application/zip", class: "dt-file", "aria-label": words("choose_zip") });
    this.folder.addEventListener("change", () => this.#takeFiles([...this.folder.files].map((file) => [file.webkitRelativePath || file.name, file])));
    this.zip.addEventListener("change", () => this.#takeZip(this.zip.files[0]));
    const button = (text, input) => el("label", { class: "dt-button dt-file-button" }, el("span", { text }), input);
    this.bar = el("progress", { max: "1", value: "0", "aria-label": words("sending"), hidden: true });
    this.said = el("p", { role: "status", "aria-live": "polite", class: "mk-faint" });
    this.wrong = el("p", { role: "alert", class: "mk-error" });
    this.stopper = el("button", { class: "dt-button", type: "button", hidden: true, text: words("cancel"), onclick: () => this.#cancel() });
    this.place = el(
      "div", { class: "dt-drop" },
      el("p", { class: "dt-drop-words", text: words("drop_here") }),
      el("div", { class: "mk-row dt-drop-buttons" }, button(words("choose_folder"), this.folder), button(words("choose_zip"), this.zip)),
      this.bar, this.said, this.wrong, this.stopper,
    );
    this.append(this.place);
    for (const name of ["dragenter", "dragover"]) this.place.addEventListener(name, (event) => this.#over(event, true));
    for (const name of ["dragleave", "drop"]) this.place.addEventListener(name, (event) => this.#over(event, false));
    this.place.addEventListener("drop", (event) => this.#dropped(event));
  }

  #over(event, isOver) {
    event.preventDefault();
    this.place.classList.toggle("dt-over", isOver);
  }

  async #dropped(event) {
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files];
    if (files.length === 1 && /\.zip$/i.test(files[0].name)) return this.#takeZip(files[0]);
    const found = [];
    for (const entry of entries) await walk(entry, "", found);
    return this.#takeFiles(found);
  }

  async #takeFiles(all) {
    const files = all.filter(([path]) => PICTURE.test(path) && !path.split("/").some((part) => part.startsWith(".")));
    const { words } = this;
    this.#begin();
    try {
      const most = Number(this.dataset.most);
      if (!files.length) throw new Error(words("no_pictures"));
      if (files.length > most) throw new Error(words("too_many", { most }));
      const { name, named } = rooted(files);
      const { upload } = await send("/data/upload/begin");
      this.upload = upload;
      const refused = await this.#sendAll(named);
      if (this.cancelled) return;
      const { photos } = await send(`/data/upload/end?${query({ upload, name: name || words("own_photos") })}`);
      if (refused.length) this.wrong.textContent = words("some_refused", { count: refused.length, first: refused[0] });
      const go = () => location.assign(`/data?${query({ photos })}`);
      if (refused.length) this.place.append(el("button", { class: "dt-button", type: "button", text: words("go_on"), onclick: go }));
      else go();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#end();
    }
  }

  async #sendAll(files) {
    const refused = [];
    const waiting = files.slice();
    let done = 0;
    const work = async () => {
      while (waiting.length && !this.cancelled) {
        const [path, file] = waiting.shift();
        try {
          await ask(`/data/upload/file?${query({ upload: this.upload, path })}`, { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
        } catch (error) {
          if (error instanceof TypeError) throw error;
          refused.push(`${path}: ${error.message}`);
        }
        done += 1;
        this.bar.value = done / files.length;
        this.said.textContent = this.words("sent", { done, total: files.length });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return refused;
  }

  async #takeZip(file) {
    if (!file) return;
    this.#begin();
    try {
      await this.#sendWhole(`/data/upload/zip?${query({ name: file.name })}`, file);
      this.said.textContent = this.words("unpacking");
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#end();
    }
  }

  // fetch does not tell how far it is.
  #sendWhole(address, file) {
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.upload.onprogress = (event) => {
        this.bar.value = event.loaded / event.total;
        this.said.textContent = this.words("sent_megabytes", { done: Math.round(event.loaded / 2 ** 20), total: Math.round(event.total / 2 ** 20) });
      };
      request.onload = () => {
        if (request.status === 200) return resolve();
        const told = read(request.responseText);
        return reject(Object.assign(new Error(told.message), { hint: told.hint }));
      };
      request.onerror = () => reject(new Error(this.words("cut_off")));
      request.onabort = () => reject(new Error(this.words("cancelled")));
      request.open("POST", address);
      request.send(file);
    });
  }

  #begin() {
    this.cancelled = false;
    this.wrong.textContent = "";
    this.bar.value = 0;
    this.bar.hidden = this.stopper.hidden = false;
  }

  #end() {
    this.bar.hidden = this.stopper.hidden = true;
    this.request = this.upload = null;
    this.folder.value = this.zip.value = "";
  }

  #cancel() {
    this.cancelled = true;
    this.request?.abort();
    if (this.upload) send(`/data/upload/cancel?${query({ upload: this.upload })}`).catch(() => {});
    this.said.textContent = this.words("cancelled");
  }

  #fail(error) {
    const hint = error.hint ? ` ${this.words("hint", { hint: error.hint })}` : "";
    this.wrong.textContent = error instanceof TypeError ? this.words("cut_off") : `${error.message}${hint}`;
    this.said.textContent = "";
  }
}

function send(address) {
  return ask(address, { method: "POST" });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.trim() };
  }
}

// One folder that everything lies in gives the name, unless its photos lie in it directly: then it is a class.
function rooted(files) {
  const firsts = new Set(files.map(([path]) => path.split("/")[0]));
  const isWrapped = firsts.size === 1 && files.every(([path]) => path.split("/").length > 2);
  if (!isWrapped) return { name: "", named: files };
  return { name: [...firsts][0], named: files.map(([path, file]) => [path.slice(path.indexOf("/") + 1), file]) };
}

async function walk(entry, above, found) {
  const path = above + entry.name;
  if (entry.isFile) {
    found.push([path, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const each of some) await walk(each, `${path}/`, found);
  }
}

customElements.define("mk-drop", Drop);

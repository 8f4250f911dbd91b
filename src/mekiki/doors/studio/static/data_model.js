// The photos, what was found and what was decided, as the server tells them; and the way to decide. No elements here.
// One request follows another, so that quick keys act in their order. What is undone is the last line that this page
// knows of: first its own, then those that were in the file when it opened.

const LOOK_EVERY = 3000;

export class Model extends EventTarget {
  constructor(photos) {
    super();
    this.photos = photos;
    this.items = [];
    this.byPath = new Map();
    this.classes = [];
    this.findings = [];
    this.stack = [];
    this.decided = { stamp: "", lines: [], shown: [], labels: {}, excluded: new Set(), settled: new Set(), notes: [] };
    this.waiting = Promise.resolve();
  }

  async load() {
    const table = await ask(`/data/table?${query({ photos: this.photos })}`);
    this.root = table.root;
    this.classes = table.classes;
    this.scanned = table.scanned;
    this.unseen = table.new;
    this.items = table.items.map(([path, number, sha, width, height, status], index) => ({
      index, path, first: table.classes[number], sha, width, height, status,
    }));
    this.byPath = new Map(this.items.map((item) => [item.path, item]));
    this.findings = table.findings.map(([kind, path, other, score, detail], index) => ({
      index, kind, path, other, score, detail,
    }));
    this.#take(await ask(`/data/decisions?${query({ photos: this.photos })}`));
    this.stack = this.decided.lines.slice();
    this.dispatchEvent(new Event("table"));
    if (!this.timer) this.timer = setInterval(() => this.look(), LOOK_EVERY);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  labelOf(item) {
    return this.decided.labels[item.path] ?? item.first;
  }

  isExcluded(item) {
    return this.decided.excluded.has(item.path);
  }

  isSettled(finding) {
    return this.decided.settled.has(finding.index);
  }

  counts() {
    const counts = new Map(this.classes.map((name) => [name, 0]));
    for (const item of this.items) {
      if (!this.isExcluded(item) && item.status === "") {
        const label = this.labelOf(item);
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
    }
    return counts;
  }

  thumbnail(item) {
    return `/data/thumbnail?${query({ photos: this.photos, path: item.path, v: item.sha })}`;
  }

  // Empty for a photo that cannot be read.
  picture(item, side = 900) {
    if (item.status) return "";
    const path = /^(\/|[A-Za-z]:)/.test(item.path) ? item.path : `${this.root}/${item.path}`;
    return `/media/picture?${query({ path, side })}`;
  }

  // Do something after all that was asked for before.
  then(action) {
    this.waiting = this.waiting.then(action).catch((error) => this.fail(error));
    return this.waiting;
  }

  async decide(path, action, { value = "", other = "", reason = "" } = {}) {
    const line = [path, action, value, other, reason];
    const told = await tell("/data/decide", { photos: this.photos, path, action, value, other, reason });
    if (told.done) this.stack.push(line);
    this.#take(told);
    return told.done;
  }

  // Undo the last decision; return it, or null if there is none.
  async undo() {
    while (this.stack.length) {
      const line = this.stack[this.stack.length - 1];
      const done = await this.takeBack(line);
      if (done) return line;
    }
    return null;
  }

  async takeBack(line) {
    const [path, action, value, other, reason] = line;
    const told = await tell("/data/undo", { photos: this.photos, path, action, value, other, reason });
    const key = JSON.stringify(line);
    const place = this.stack.findLastIndex((each) => JSON.stringify(each) === key);
    if (place >= 0) this.stack.splice(place, 1);
    this.#take(told);
    return told.done;
  }

  look() {
    if (document.hidden) return;
    this.then(async () => {
      const told = await ask(`/data/decisions?${query({ photos: this.photos, seen: this.decided.stamp })}`);
      if (told.lines) this.#take(told);
      else this.#well();
    });
  }

  fail(error) {
    this.failed = true;
    this.dispatchEvent(new CustomEvent("fail", { detail: error }));
  }

  #well() {
    if (this.failed) this.dispatchEvent(new Event("well"));
    this.failed = false;
  }

  #take(told) {
    this.decided = { ...told, excluded: new Set(told.excluded), settled: new Set(told.settled) };
    const left = new Map();
    for (const line of told.lines) left.set(JSON.stringify(line), (left.get(JSON.stringify(line)) ?? 0) + 1);
    this.stack = this.stack.filter((line) => {
      const key = JSON.stringify(line);
      const count = left.get(key) ?? 0;
      left.set(key, count - 1);
      return count > 0;
    });
    this.#well();
    this.dispatchEvent(new Event("change"));
  }
}

export function query(values) {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""));
}

export async function ask(address, options = {}) {
  const answer = await fetch(address, options);
  const type = answer.headers.get("content-type") ?? "";
  const told = type.startsWith("application/json") ? await answer.json() : { message: await answer.text() };
  if (!answer.ok) throw Object.assign(new Error(told.message || `${answer.status}`), { hint: told.hint ?? "" });
  return told;
}

function tell(address, values) {
  return ask(address, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(values),
  });
}

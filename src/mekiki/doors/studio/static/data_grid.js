// All photos as a grid that draws only the rows in view. Rows are placed by their number; while one scrolls fast, no
// picture is asked for. It owns what is selected, not what that means.

import { el } from "./data_elements.js";

const CELL = 120;
const ROW = 150;
const HEAD = 44;
const MARGIN = 300;
const PAUSE = 90;

export class Grid {
  constructor(words, { onPick, label, paint }) {
    this.words = words;
    this.onPick = onPick;
    this.paint = paint;
    this.floor = el("div", { class: "dt-floor", role: "presentation" });
    this.element = el("div", { class: "dt-grid", role: "listbox", tabindex: "0", "aria-label": label }, this.floor);
    this.element.addEventListener("scroll", () => this.#ask(), { passive: true });
    this.floor.addEventListener("click", (event) => {
      const cell = event.target.closest("[data-place]");
      if (cell) this.onPick(Number(cell.dataset.place));
    });
    this.drawn = new Map();
    this.groups = [];
    this.rows = [];
    this.current = -1;
    this.across = 1;
    this.spare = new Map(); // pictures that are loaded already, so that nothing flickers when photos change places
    new ResizeObserver(() => this.#resized()).observe(this.element);
  }

  // groups: [{title, items}]; places count through all groups.
  show(groups) {
    this.groups = groups;
    this.places = groups.flatMap((group) => group.items);
    this.#layOut();
    for (const picture of this.floor.querySelectorAll("img")) this.spare.set(picture.dataset.of, picture);
    this.#clear();
    this.#draw();
    this.spare.clear();
  }

  repaint() {
    for (const row of this.drawn.values()) {
      for (const cell of row.querySelectorAll("[data-place]")) this.#paintCell(cell);
    }
  }

  select(place, { scroll = true } = {}) {
    this.current = place;
    const row = this.rows[this.rowOf?.[place]];
    if (row && scroll) {
      const view = this.element;
      if (row.top - HEAD < view.scrollTop) view.scrollTop = row.top - HEAD;
      else if (row.top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = row.top + ROW - view.clientHeight;
    }
    this.#draw();
    this.repaint();
    if (place >= 0) this.element.setAttribute("aria-activedescendant", `dt-cell-${place}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  // The place one row up or down.
  beside(step) {
    const row = this.rowOf[this.current];
    if (row === undefined) return 0;
    const column = this.current - this.rows[row].start;
    for (let next = row + step; this.rows[next]; next += step) {
      if (this.rows[next].count) return this.rows[next].start + Math.min(column, this.rows[next].count - 1);
    }
    return this.current;
  }

  #resized() {
    const across = this.#across();
    if (across !== this.across) {
      this.#layOut();
      this.#clear();
    }
    this.#draw();
  }

  #across() {
    return Math.max(1, Math.floor((this.element.clientWidth - 8) / CELL));
  }

  #layOut() {
    this.across = this.#across();
    this.rows = [];
    this.rowOf = new Array(this.places?.length ?? 0);
    let top = 0;
    let place = 0;
    for (const group of this.groups) {
      this.rows.push({ top, height: HEAD, title: group.title, count: 0 });
      top += HEAD;
      for (let from = 0; from < group.items.length; from += this.across) {
        const count = Math.min(this.across, group.items.length - from);
        for (let each = 0; each < count; each += 1) this.rowOf[place + each] = this.rows.length;
        this.rows.push({ top, height: ROW, start: place, count });
        place += count;
        top += ROW;
      }
    }
    this.floor.style.height = `${top}px`;
  }

  #ask() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.#draw();
    });
  }

  #clear() {
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
  }

  #draw() {
    const { scrollTop, clientHeight } = this.element;
    const jumped = Math.abs(scrollTop - (this.before ?? scrollTop)) > clientHeight / 3;
    this.before = scrollTop;
    const first = this.#rowAt(scrollTop - MARGIN);
    const wanted = new Set();
    for (let at = first; at < this.rows.length && this.rows[at].top < scrollTop + clientHeight + MARGIN; at += 1) {
      wanted.add(at);
    }
    for (const [at, row] of this.drawn) {
      if (!wanted.has(at)) {
        row.remove();
        this.drawn.delete(at);
      }
    }
    for (const at of wanted) {
      if (!this.drawn.has(at)) {
        const row = this.#makeRow(this.rows[at]);
        this.drawn.set(at, row);
        this.floor.append(row);
      }
    }
    clearTimeout(this.timer);
    if (jumped) this.timer = setTimeout(() => this.#fill(), PAUSE);
    else this.#fill();
  }

  #fill() {
    for (const picture of this.floor.querySelectorAll("img[data-src]")) {
      picture.src = picture.dataset.src;
      delete picture.dataset.src;
    }
  }

  #rowAt(height) {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].top + this.rows[middle].height < height) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low);
  }

  #makeRow(row) {
    const node = el("div", { class: row.count ? "dt-grid-row" : "dt-grid-head", role: "presentation" });
    node.style.transform = `translateY(${row.top}px)`;
    if (!row.count) node.textContent = row.title;
    for (let place = row.start; place < row.start + row.count; place += 1) node.append(this.#makeCell(place));
    return node;
  }

  #makeCell(place) {
    const src = this.paint(this.places[place]).src;
    const picture = this.spare.get(src) ?? el("img", { alt: "", decoding: "async", draggable: "false" });
    this.spare.delete(src);
    const cell = el(
      "div", { class: "dt-cell", role: "option", id: `dt-cell-${place}`, "data-place": place },
      picture, el("span", { class: "dt-cell-name" }),
    );
    cell.style.width = `${100 / this.across}%`;
    this.#paintCell(cell);
    return cell;
  }

  #paintCell(cell) {
    const place = Number(cell.dataset.place);
    const item = this.places[place];
    const { src, name, label, classes } = this.paint(item);
    const picture = cell.firstChild;
    if (picture.dataset.of !== src) {
      picture.dataset.of = src;
      picture.dataset.src = src;
    }
    cell.lastChild.textContent = name;
    cell.setAttribute("aria-label", label);
    cell.setAttribute("aria-selected", String(place === this.current));
    cell.className = `dt-cell ${classes}${place === this.current ? " dt-current" : ""}`;
  }
}

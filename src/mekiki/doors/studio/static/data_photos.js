// All photos by class: the grid, a choice of class, and the selected photo large beside it.

import { Grid } from "./data_grid.js";
import { el, large, nameOf } from "./data_elements.js";

export class Photos {
  constructor(model, words, { onChange }) {
    this.model = model;
    this.words = words;
    this.onChange = onChange;
    this.label = "";
    this.item = null;
    this.kindsOf = new Map();
    this.grid = new Grid(words, {
      label: words("all_photos"),
      onPick: (place) => this.pick(this.list[place]),
      paint: (item) => this.#paint(item),
    });
    this.filter = el("select", { class: "dt-select", onchange: () => this.choose(this.filter.value) });
    this.preview = el("aside", { class: "mk-card dt-preview", "aria-label": words("selected") });
    this.element = el(
      "div", { class: "dt-photos" },
      el("label", { class: "dt-field" }, el("span", { text: words("show_class") }), this.filter),
      el("div", { class: "dt-photos-row" }, this.grid.element, this.preview),
    );
    this.list = [];
  }

  choose(label) {
    this.label = label;
    this.item = null;
    this.draw();
    this.grid.element.scrollTop = 0;
  }

  // After the photos or findings were read anew.
  renew() {
    this.kindsOf = new Map();
    for (const { kind, path, other } of this.model.findings) {
      for (const each of [path, other]) {
        if (this.model.byPath.has(each)) this.kindsOf.set(each, (this.kindsOf.get(each) ?? new Set()).add(kind));
      }
    }
    if (this.item) this.item = this.model.byPath.get(this.item.path) ?? null;
  }

  draw() {
    const counts = new Map(this.model.classes.map((name) => [name, []]));
    for (const item of this.model.items) counts.get(this.model.labelOf(item))?.push(item);
    this.#drawFilter(counts);
    const shown = [...counts].filter(([name, items]) => items.length && (!this.label || this.label === name));
    this.list = shown.flatMap(([, items]) => items);
    if (!this.list.includes(this.item)) this.item = this.list[0] ?? null;
    this.grid.show(shown.map(([name, items]) => ({ title: this.words("class_head", { name, count: items.length }), items })));
    this.pick(this.item, { scroll: false });
  }

  pick(item, options = {}) {
    this.item = item;
    this.grid.select(item ? this.list.indexOf(item) : -1, options);
    this.#drawPreview();
    this.onChange();
  }

  // The next or an earlier photo, wherever the classes were drawn.
  go(step) {
    const place = this.list.indexOf(this.item) + step;
    if (place >= 0 && place < this.list.length) this.pick(this.list[place]);
  }

  goBeside(step) {
    const place = this.grid.beside(step);
    if (this.list[place]) this.pick(this.list[place]);
  }

  // What comes after the selected photo now, for when it moves to another class.
  after() {
    const place = this.list.indexOf(this.item);
    return this.list[place + 1] ?? this.list[place - 1] ?? null;
  }

  find(path) {
    const item = this.model.byPath.get(path);
    if (!item) return this.draw();
    if (this.label && this.label !== this.model.labelOf(item)) this.label = "";
    this.item = item;
    this.draw();
    return this.pick(item);
  }

  #drawFilter(counts) {
    const option = (value, text) => el("option", { value, text, selected: value === this.label });
    this.filter.replaceChildren(
      option("", this.words("all_classes", { count: this.model.items.length })),
      ...[...counts].map(([name, items]) => option(name, this.words("class_head", { name, count: items.length }))),
    );
  }

  #marks(item) {
    const marks = [];
    if (this.model.isExcluded(item)) marks.push(this.words("excluded"));
    if (this.model.labelOf(item) !== item.first) marks.push(this.words("was", { label: item.first }));
    if (item.status) marks.push(this.words("kind_unreadable"));
    return marks;
  }

  #paint(item) {
    const marks = this.#marks(item);
    const odd = this.kindsOf.has(item.path) && !marks.length;
    const name = marks[0] ?? nameOf(item.path);
    return {
      src: this.model.thumbnail(item),
      name: odd ? `⚠ ${name}` : name,
      label: [item.path, this.model.labelOf(item), ...marks].join(", "),
      classes: [this.model.isExcluded(item) ? "dt-out" : "", marks.length ? "dt-marked" : ""].join(" ").trim(),
    };
  }

  #drawPreview() {
    const { item, model, words } = this;
    if (!item) {
      this.preview.replaceChildren(el("p", { class: "mk-empty", text: words("nothing_selected") }));
      return;
    }
    const kinds = [...(this.kindsOf.get(item.path) ?? [])].map((kind) => words(`kind_${kind}`));
    this.preview.replaceChildren(
      large(model.picture(item), words("photo_of", { label: model.labelOf(item) }), words("kind_unreadable")),
      el("strong", { class: "dt-label", text: model.labelOf(item) }),
      el("span", { class: "mk-path", text: item.path }),
      el("span", { class: "mk-faint mk-number", text: item.width ? `${item.width} × ${item.height}` : "" }),
      ...this.#marks(item).map((text) => el("span", { class: "dt-badge", text })),
      ...kinds.map((kind) => el("span", { class: "mk-warn", text: words("found_here", { kind }) })),
    );
  }
}

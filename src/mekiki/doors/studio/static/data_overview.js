// What there is: how many photos a class, a strip of them, and how many findings of each kind.

import { el, keyOf } from "./data_elements.js";

const STRIP = 14;

export class Overview {
  constructor(model, words, { onClass, onKind }) {
    this.model = model;
    this.words = words;
    this.onClass = onClass;
    this.onKind = onKind;
    this.element = el("div", { class: "dt-overview" });
  }

  draw() {
    const { model, words } = this;
    const counts = model.counts();
    const most = Math.max(1, ...counts.values());
    const byClass = new Map(model.classes.map((name) => [name, []]));
    for (const item of model.items) {
      if (!item.status && !model.isExcluded(item)) byClass.get(model.labelOf(item))?.push(item);
    }
    const kinds = new Map();
    for (const each of model.findings) {
      if (!model.isSettled(each)) kinds.set(each.kind, (kinds.get(each.kind) ?? 0) + 1);
    }
    this.element.replaceChildren(
      ...[this.#findings(kinds), this.#classes(byClass, counts, most)].filter((part) => part !== null),
    );
  }

  #findings(kinds) {
    if (this.model.scanned === null) return null;
    const words = this.words;
    const rows = [...kinds].map(([kind, count]) =>
      el(
        "li", {},
        el(
          "button", { class: "dt-kind", type: "button", onclick: () => this.onKind(kind) },
          el("span", { class: "dt-count", text: count.toLocaleString() }),
          el("span", { class: "dt-kind-words" }, el("strong", { text: words(`kind_${kind}`) }), el("span", { class: "mk-faint", text: words(`meaning_${kind}`) })),
        ),
      ),
    );
    return el(
      "section", { class: "mk-card" },
      el("h3", { class: "mk-subtitle", text: words("findings") }),
      rows.length
        ? el("ul", { class: "dt-kinds" }, ...rows)
        : el("p", { class: "mk-faint", text: words(this.model.findings.length ? "all_settled" : "no_findings") }),
    );
  }

  #classes(byClass, counts, most) {
    const words = this.words;
    const rows = this.model.classes.map((name, number) => {
      const count = counts.get(name) ?? 0;
      const bar = el("span", { class: "dt-bar" }, el("span", { class: "dt-bar-full" }));
      bar.firstChild.style.width = `${(100 * count) / most}%`;
      const items = byClass.get(name) ?? [];
      const step = Math.max(1, items.length / STRIP);
      const strip = Array.from({ length: Math.min(STRIP, items.length) }, (_, place) => items[Math.floor(place * step)]);
      return el(
        "li", {},
        el(
          "button", { class: "dt-class-row", type: "button", "aria-label": words("class_head", { name, count }), onclick: () => this.onClass(name) },
          el("span", { class: "dt-class-name" }, el("kbd", { text: keyOf(number) }), el("span", { text: name })),
          bar,
          el("span", { class: "mk-number dt-class-count", text: count.toLocaleString() }),
          el("span", { class: "dt-strip" }, ...strip.map((item) => el("img", { src: this.model.thumbnail(item), alt: "", loading: "lazy" }))),
        ),
      );
    });
    return el(
      "section", { class: "mk-card" },
      el("h3", { class: "mk-subtitle", text: words("classes") }),
      el("ul", { class: "dt-classes-list" }, ...rows),
    );
  }
}

// The findings, one at a time and large enough to judge: one photo, two side by side, or a photo beside examples.

import { el, large, nameOf } from "./data_elements.js";

const OF_TWO = ["label_conflict", "exact_duplicate", "near_duplicate"];
const EXAMPLES = 6;

export class Judge {
  constructor(model, words, { onChange }) {
    this.model = model;
    this.words = words;
    this.onChange = onChange;
    this.kind = "";
    this.current = -1;
    this.side = 0;
    this.kinds = el("div", { class: "dt-chips", role: "group", "aria-label": words("kinds") });
    this.card = el("article", { class: "mk-card dt-finding", tabindex: "-1" });
    this.element = el("div", { class: "dt-judge" }, this.kinds, this.card);
  }

  get finding() {
    return this.model.findings[this.current] ?? null;
  }

  // The photo that the next key is about.
  get item() {
    const finding = this.finding;
    if (!finding) return null;
    const path = this.side === 1 && OF_TWO.includes(finding.kind) ? finding.other : finding.path;
    return this.model.byPath.get(path) ?? null;
  }

  open() {
    return this.model.findings.filter((each) => this.#isWanted(each) && !this.model.isSettled(each));
  }

  choose(kind) {
    this.kind = kind;
    this.current = this.open()[0]?.index ?? -1;
    this.side = 0;
    this.draw();
  }

  go(step) {
    const all = this.model.findings;
    for (let at = this.current + step; at >= 0 && at < all.length; at += step) {
      if (this.#isWanted(all[at]) && !this.model.isSettled(all[at])) {
        this.current = at;
        this.side = 0;
        this.draw();
        return true;
      }
    }
    return false;
  }

  // After a decision: stay if there is more to say here, else go on, from the end back to what was passed over.
  goOn() {
    if (this.finding && !this.model.isSettled(this.finding)) return this.draw();
    if (!this.go(1)) {
      this.current = this.open()[0]?.index ?? -1;
      this.side = 0;
      this.draw();
    }
    return undefined;
  }

  // Show the finding that a path belongs to, if there is an open one.
  find(path) {
    const own = this.model.findings.find((each) => !this.model.isSettled(each) && each.path === path);
    const found = own ?? this.model.findings.find((each) => !this.model.isSettled(each) && each.other === path);
    if (!found) return this.draw();
    if (!this.#isWanted(found)) this.kind = "";
    this.current = found.index;
    this.side = found.path === path ? 0 : 1;
    return this.draw();
  }

  swap() {
    if (this.finding && OF_TWO.includes(this.finding.kind)) {
      this.side = 1 - this.side;
      this.draw();
    }
  }

  draw() {
    if (this.current === -1) this.current = this.open()[0]?.index ?? -1;
    this.#drawKinds();
    this.#drawCard();
    this.onChange();
  }

  #isWanted(finding) {
    return this.kind === "" || finding.kind === this.kind;
  }

  #drawKinds() {
    const counts = new Map();
    for (const each of this.model.findings) {
      if (!this.model.isSettled(each)) counts.set(each.kind, (counts.get(each.kind) ?? 0) + 1);
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const chip = (kind, text, count) =>
      el(
        "button",
        { class: "dt-chip", type: "button", "aria-pressed": String(this.kind === kind), onclick: () => this.choose(kind) },
        el("span", { text }), el("span", { class: "dt-count", text: count.toLocaleString() }),
      );
    const focused = this.kinds.contains(document.activeElement);
    this.kinds.replaceChildren(
      chip("", this.words("all_kinds"), total),
      ...[...counts].map(([kind, count]) => chip(kind, this.words(`kind_${kind}`), count)),
    );
    if (focused) this.kinds.querySelector("[aria-pressed=true]")?.focus();
  }

  #drawCard() {
    const finding = this.finding;
    const words = this.words;
    if (!finding) {
      const text = words(this.model.scanned === null ? "not_scanned" : this.model.findings.length ? "all_settled" : "no_findings");
      this.card.replaceChildren(el("p", { class: "mk-empty", text }));
      return;
    }
    const open = this.open();
    const place = open.indexOf(finding) + 1;
    this.card.replaceChildren(
      el(
        "div", { class: "dt-finding-head" },
        el("h3", { class: "mk-subtitle", text: words(`kind_${finding.kind}`) }),
        el("span", { class: "mk-faint mk-number", text: place ? words("place", { place, total: open.length }) : words("settled") }),
      ),
      el("p", { class: "mk-lead", text: this.#story(finding) }),
      this.#pictures(finding),
    );
    this.#fetchAhead(open[place]);
  }

  #story(finding) {
    const item = this.model.byPath.get(finding.path);
    if (finding.kind === "label_error" && item) {
      const sure = Math.round(finding.score * 100);
      return this.words("story_label_error", { label: this.model.labelOf(item), other: finding.other, sure });
    }
    const meaning = this.words(`meaning_${finding.kind}`);
    return finding.detail ? this.words("story", { meaning, detail: finding.detail }) : meaning;
  }

  #pictures(finding) {
    const item = this.model.byPath.get(finding.path);
    if (!item) return el("p", { class: "mk-path", text: finding.path });
    const other = OF_TWO.includes(finding.kind) ? this.model.byPath.get(finding.other) : null;
    const box = el("div", { class: "dt-pair" }, this.#figure(item, 0, Boolean(other)));
    if (other) box.append(this.#figure(other, 1, true));
    else if (finding.kind === "label_error") box.append(this.#examples(finding, item));
    return box;
  }

  #figure(item, side, isPair) {
    const { model, words } = this;
    const label = model.labelOf(item);
    const chosen = isPair && this.side === side;
    const picture = large(model.picture(item), words("photo_of", { label }), words("kind_unreadable"));
    const size = item.width ? `${item.width} × ${item.height}` : "";
    const caption = el(
      "figcaption", {},
      el("strong", { class: "dt-label", text: label }),
      el("span", { class: "mk-path", text: item.path }),
      size ? el("span", { class: "mk-faint mk-number", text: size }) : null,
      model.isExcluded(item) ? el("span", { class: "dt-badge", text: words("excluded") }) : null,
      chosen ? el("span", { class: "dt-badge dt-badge-strong", text: words("keys_act_here") }) : null,
    );
    const figure = el("figure", { class: `dt-figure${chosen ? " dt-current" : ""}` }, picture, caption);
    if (isPair && !chosen) {
      caption.append(el("button", { class: "dt-button", type: "button", text: words("act_here"), onclick: () => this.swap() }));
      picture.addEventListener("click", () => this.swap());
    }
    return figure;
  }

  #examples(finding, item) {
    const label = this.model.labelOf(item);
    return el(
      "div", { class: "dt-examples" },
      ...[finding.other, label].filter((name) => this.model.classes.includes(name)).flatMap((name) => [
        el("p", { class: "dt-label", text: this.words("examples", { label: name }) }),
        el("div", { class: "dt-example-row" }, ...this.#pick(name, item).map((each) => this.#example(each))),
      ]),
    );
  }

  #example(item) {
    return el("img", { src: this.model.picture(item, 240), alt: nameOf(item.path), loading: "lazy" });
  }

  #pick(label, but) {
    const doubted = new Set(this.model.findings.filter((each) => each.kind.startsWith("label")).map((each) => each.path));
    const all = this.model.items.filter(
      (each) => each !== but && !each.status && !doubted.has(each.path) && !this.model.isExcluded(each) && this.model.labelOf(each) === label,
    );
    const step = Math.max(1, all.length / EXAMPLES);
    return Array.from({ length: Math.min(EXAMPLES, all.length) }, (_, number) => all[Math.floor(number * step)]);
  }

  #fetchAhead(finding) {
    for (const path of finding ? [finding.path, finding.other] : []) {
      const item = this.model.byPath.get(path);
      if (item && !item.status) new Image().src = this.model.picture(item);
    }
  }
}

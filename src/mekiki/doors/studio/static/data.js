// The workbench of the data page: <mk-photos data-photos=… data-words=…>. It has four views of one model, one bar of
// what can be done to the photo at hand, and the keys. What is shown is in the address, so that a reload shows it again.

import { Judge } from "./data_judge.js";
import { Model } from "./data_model.js";
import { Overview } from "./data_overview.js";
import { Photos } from "./data_photos.js";
import { el, isTyping, keyOf, makeWords, numberOf } from "./data_elements.js";

const VIEWS = ["overview", "judge", "photos", "decided"];

class Workbench extends HTMLElement {
  connectedCallback() {
    if (this.model) return;
    const words = (this.words = makeWords(JSON.parse(this.dataset.words)));
    const model = (this.model = new Model(this.dataset.photos));
    const onChange = () => this.#drawBar();
    this.judge = new Judge(model, words, { onChange });
    this.photos = new Photos(model, words, { onChange });
    this.overview = new Overview(model, words, {
      onClass: (name) => { this.photos.label = name; this.show("photos"); },
      onKind: (kind) => { this.judge.choose(kind); this.show("judge"); },
    });
    this.list = el("div", { class: "mk-card dt-decided" });
    this.tabs = el("nav", { class: "dt-tabs", "aria-label": words("views") });
    this.problem = el("div", { class: "mk-card", role: "alert", hidden: true });
    this.notes = el("p", { class: "mk-hint", hidden: true });
    this.body = el("div", { class: "dt-body" });
    this.live = el("p", { class: "dt-said", role: "status", "aria-live": "polite" });
    this.bar = el("section", { class: "dt-actions", "aria-label": words("actions") });
    this.buttons = el("div", { class: "dt-buttons" });
    this.bar.append(el("div", { class: "dt-row" }, this.buttons, this.live), (this.chips = el("div", { class: "dt-chips" })), el("p", { class: "dt-help mk-faint", text: words("keys") }));
    this.replaceChildren(this.problem, this.notes, this.tabs, this.body, this.bar);
    this.onkeys = (event) => this.#key(event);
    document.addEventListener("keydown", this.onkeys);
    model.addEventListener("change", () => this.#changed());
    model.addEventListener("fail", (event) => this.#fail(event.detail));
    model.addEventListener("well", () => { this.problem.hidden = true; });
    model.addEventListener("table", () => { this.photos.renew(); this.show(this.#asked("view")); });
    this.photos.label = this.#asked("class");
    this.judge.kind = this.#asked("kind");
    this.body.append(el("p", { class: "mk-empty", text: words("loading") }));
    model.then(() => model.load());
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onkeys);
    this.model?.stop();
  }

  // Called by the page when a scan ended.
  reload() {
    this.model.then(() => this.model.load());
  }

  show(view) {
    this.view = VIEWS.includes(view) ? view : "overview";
    const element = { overview: this.overview.element, judge: this.judge.element, photos: this.photos.element, decided: this.list }[this.view];
    this.body.replaceChildren(element);
    this.#changed();
    if (this.view === "judge" || this.view === "photos") this.tabs.scrollIntoView({ block: "start" });
    if (this.view === "photos") this.photos.grid.element.focus({ preventScroll: true });
  }

  #asked(name) {
    return new URLSearchParams(location.search).get(name) ?? "";
  }

  #remember() {
    const address = new URL(location.href);
    const values = { view: this.view === "overview" ? "" : this.view, class: this.photos.label, kind: this.judge.kind };
    for (const [name, value] of Object.entries(values)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  }

  #changed() {
    if (!this.view) return;
    const inside = this.body.contains(document.activeElement) ? document.activeElement : null;
    this.#drawTabs();
    if (this.view === "overview") this.overview.draw();
    if (this.view === "judge") this.judge.draw();
    if (this.view === "photos") this.photos.draw();
    if (this.view === "decided") this.#drawList();
    this.notes.textContent = this.model.decided.notes.join(" ");
    this.notes.hidden = !this.notes.textContent;
    if (inside && !inside.isConnected && this.view === "judge") this.judge.card.focus({ preventScroll: true });
    this.#drawBar();
  }

  #drawTabs() {
    const { model, words } = this;
    const counts = {
      judge: model.scanned === null ? null : model.findings.filter((each) => !model.isSettled(each)).length,
      photos: model.items.length,
      decided: model.decided.lines.length,
    };
    const focused = this.tabs.contains(document.activeElement);
    this.tabs.replaceChildren(
      ...VIEWS.map((view) =>
        el(
          "button", { class: "dt-tab", type: "button", "aria-current": view === this.view ? "true" : null, onclick: () => this.show(view) },
          el("span", { text: words(`view_${view}`) }),
          counts[view] === undefined || counts[view] === null ? null : el("span", { class: "dt-count", text: counts[view].toLocaleString() }),
        ),
      ),
    );
    if (focused) this.tabs.querySelector("[aria-current]").focus();
  }

  get item() {
    return this.view === "judge" ? this.judge.item : this.view === "photos" ? this.photos.item : null;
  }

  #drawBar() {
    const { model, words, item } = this;
    const acting = this.view === "judge" || this.view === "photos";
    this.bar.hidden = !acting && this.view !== "decided";
    this.chips.hidden = !acting;
    this.bar.lastChild.hidden = !acting;
    const focused = this.bar.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const button = (name, key, action, enabled = true) =>
      el("button", { class: "dt-button", type: "button", disabled: !enabled, "data-name": name, onclick: () => model.then(action) }, el("span", { text: words(name) }), el("kbd", { text: key }));
    const canKeep = this.view === "judge" ? Boolean(this.judge.finding) : Boolean(item);
    this.buttons.replaceChildren(
      ...(acting
        ? [
            button("previous", "p", () => this.#go(-1)),
            button("next", "n", () => this.#go(1)),
            button("exclude", "x", () => this.#exclude(), Boolean(item)),
            button("keep", "k", () => this.#keep(), canKeep),
          ]
        : []),
      button("undo", "u", () => this.#undo(), model.stack.length > 0),
    );
    const label = item ? model.labelOf(item) : null;
    const suggested = this.view === "judge" && this.judge.finding?.kind === "label_error" ? this.judge.finding.other : null;
    this.chips.replaceChildren(
      ...model.classes.map((name, number) =>
        el(
          "button",
          {
            class: `dt-chip${name === suggested ? " dt-suggested" : ""}`, type: "button", disabled: !item, "data-name": `class ${name}`,
            "aria-pressed": String(name === label), onclick: () => model.then(() => this.#relabel(name)),
          },
          el("kbd", { text: keyOf(number) }), el("span", { text: name }),
          name === suggested ? el("span", { class: "dt-hint", text: words("suggested") }) : null,
        ),
      ),
    );
    if (focused) [...this.bar.querySelectorAll("[data-name]")].find((each) => each.dataset.name === focused)?.focus();
    this.#remember();
  }

  #drawList() {
    const { model, words } = this;
    const rows = model.decided.lines.map((line, number) => {
      const [path, action, value, other, reason] = line;
      const text = words(`did_${action}`, { value, kind: value ? words(`kind_${value}`) : "", other });
      const photo = model.byPath.get(model.decided.shown[number]);
      return el(
        "li", { class: "dt-line" },
        photo ? el("img", { src: model.thumbnail(photo), alt: "", loading: "lazy" }) : el("span", { class: "dt-no-picture" }),
        el("span", { class: "dt-line-words" }, el("strong", { text }), el("span", { class: "mk-path", text: other && action === "keep" ? `${path} · ${other}` : path }), reason ? el("span", { class: "mk-faint", text: reason }) : null),
        el("button", { class: "dt-button", type: "button", "aria-label": words("take_back_of", { path, text }), text: words("take_back"), onclick: () => model.then(() => this.#takeBack(line)) }),
      );
    });
    this.list.replaceChildren(
      rows.length ? el("ul", { class: "dt-lines" }, ...rows.reverse()) : el("p", { class: "mk-empty", text: words("nothing_decided") }),
      el("p", { class: "mk-faint", text: words("where_decided") }),
    );
  }

  #go(step) {
    if (this.view === "judge") {
      if (!this.judge.go(step)) this.#say(this.words(step > 0 ? "no_next" : "no_previous"));
    } else this.photos.go(step);
  }

  async #exclude() {
    const item = this.item;
    if (!item) return;
    if (this.model.isExcluded(item)) return this.#say(this.words("is_excluded", { path: item.path }));
    await this.#act(item, "exclude", {}, this.words("said_exclude", { path: item.path }));
  }

  async #keep() {
    const finding = this.view === "judge" ? this.judge.finding : null;
    if (finding) {
      await this.model.decide(finding.path, "keep", { value: finding.kind, other: finding.other });
      this.judge.goOn();
      this.#say(this.words("said_keep_finding", { path: finding.path }));
    } else if (this.item) await this.#act(this.item, "keep", {}, this.words("said_keep", { path: this.item.path }));
  }

  async #relabel(name) {
    const item = this.item;
    if (!item || name === undefined) return;
    if (this.model.labelOf(item) === name) return this.#say(this.words("is_already", { label: name }));
    await this.#act(item, "relabel", { value: name }, this.words("said_relabel", { path: item.path, label: name }));
  }

  async #act(item, action, values, said) {
    const after = this.view === "photos" ? this.photos.after() : null;
    const done = await this.model.decide(item.path, action, values);
    if (this.view === "judge") this.judge.goOn();
    else if (after) this.photos.pick(after);
    this.#say(done ? said : this.words("said_before"));
  }

  async #undo() {
    const line = await this.model.undo();
    if (line === null) return this.#say(this.words("nothing_to_undo"));
    const [path, action] = line;
    const photo = this.model.byPath.has(path) ? path : "";
    if (this.view === "judge") this.judge.find(path);
    else if (this.view === "photos" && photo) this.photos.find(path);
    this.#say(this.words("said_undo", { path, action: this.words(`name_${action}`) }));
  }

  async #takeBack(line) {
    await this.model.takeBack(line);
    this.#say(this.words("said_undo", { path: line[0], action: this.words(`name_${line[1]}`) }));
  }

  #key(event) {
    if (event.defaultPrevented || isTyping(event) || this.view === "overview" || !this.view || !this.isConnected) return;
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    if (!isUndo && (event.ctrlKey || event.metaKey || event.altKey)) return;
    const action = isUndo ? () => this.#undo() : this.#actionOf(event);
    if (!action) return;
    event.preventDefault();
    this.model.then(action);
  }

  #actionOf(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "u") return () => this.#undo();
    if (this.view === "decided") return null;
    const inGrid = this.view === "photos" && this.photos.element.contains(event.target);
    const place = numberOf(key);
    if (place >= 0 && place < this.model.classes.length) return () => this.#relabel(this.model.classes[place]);
    if (key === "s" && this.view === "judge") return () => this.judge.swap();
    if (key === "ArrowDown" || key === "ArrowUp") return inGrid ? () => this.photos.goBeside(key === "ArrowDown" ? 1 : -1) : null;
    return {
      n: () => this.#go(1), ArrowRight: () => this.#go(1), p: () => this.#go(-1), ArrowLeft: () => this.#go(-1),
      x: () => this.#exclude(), k: () => this.#keep(),
    }[key];
  }

  #say(text) {
    this.live.textContent = text;
  }

  #fail(error) {
    const hint = error.hint ? this.words("hint", { hint: error.hint }) : "";
    this.problem.replaceChildren(el("p", { class: "mk-error", text: error.message }), el("p", { class: "mk-hint", text: hint }));
    this.problem.hidden = false;
    if (!this.view) this.body.replaceChildren();
    this.problem.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("mk-photos", Workbench);

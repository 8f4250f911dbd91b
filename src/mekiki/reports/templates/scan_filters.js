// The filters, what a click or key does, and the first drawing.
const kindButtons = [...document.querySelectorAll("[data-kind]")];
let group = -1;

const wantedKinds = () => new Set(kindButtons.filter((button) => button.ariaPressed === "true").map((button) => Number(button.dataset.kind)));
const number = (count) => count.toLocaleString("en");
const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

function filterFindings() {
  const kinds = wantedKinds();
  const words = folded(byId("search").value).split(/\s+/).filter(Boolean);
  const label = byId("class").value;
  const least = Number(byId("least").value);
  const amounts = kindButtons.map(() => 0);
  const fitting = inOrder(byId("sort").value).filter((finding) => {
    if (finding.score < least || (group >= 0 && finding.group !== group)) return false;
    if ((label && !finding.labels.includes(label)) || !words.every((word) => finding.text.includes(word))) return false;
    amounts[finding.kindNumber] += 1;
    return !kinds.size || kinds.has(finding.kindNumber);
  });
  kindButtons.forEach((button, index) => (button.querySelector(".count").textContent = number(amounts[index])));
  return fitting;
}
function update() {
  const start = byId("list").getBoundingClientRect().top;
  showFindings(filterFindings());
  if (start < 0) window.scrollBy({ top: start, behavior: "instant" });
  const all = shown.length === findings.length;
  byId("shown").textContent = all ? counted(findings.length, "finding") : `${number(shown.length)} of ${counted(findings.length, "finding")}`;
  byId("least-shown").textContent = Number(byId("least").value).toFixed(2);
  byId("nothing").hidden = shown.length > 0;
  const kinds = [...wantedKinds()];
  const kind = kinds.length === 1 ? data.kinds[kinds[0]] : null;
  byId("meaning").textContent = kind ? `${kind.title}: ${kind.meaning}. ${kind.score ? `Score: ${kind.score}.` : ""}` : "";
  byId("alone").replaceChildren();
  if (group >= 0) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "of one group ✕";
    button.setAttribute("aria-label", "Show the other groups again");
    button.addEventListener("click", () => showGroup(-1));
    byId("alone").append(button);
  }
  forgetBulk();
}
function showGroup(wanted) {
  group = wanted;
  update();
  if (wanted >= 0) byId("alone").firstElementChild.focus();
}

function forgetBulk() {
  byId("bulk").replaceChildren(new Option("choose…", ""));
  byId("apply").disabled = true;
}
function offerBulk() {
  const select = byId("bulk");
  if (select.options.length > 1) return;
  const counts = Object.entries(bulk).map(([name, plan]) => [name, plan(shown).length]);
  select.append(...counts.filter(([, count]) => count).map(([name, count]) => new Option(`${name} (${number(count)})`, name)));
}
function decided() {
  drawStates();
  forgetBulk();
  const lines = newLines().length;
  byId("save").disabled = byId("copy").disabled = !lines;
  byId("copy").textContent = lines ? `Copy ${counted(lines, "line")}` : "Copy lines";
  byId("decided").textContent = lines ? `${counted(lines, "new decision")}, not saved yet` : "No new decisions";
  byId("decisions").classList.toggle("some", lines > 0);
}

function exclude(finding, photo) {
  const out = ofPhoto.get(photo)?.action === "exclude";
  decidePhoto(photo, out ? "" : "exclude", "", reasonOf(finding, photo));
  decided();
}
function takeSuggestion(finding) {
  decidePhoto(finding.photos[0], suggestionTaken(finding) ? "" : "relabel", finding.other, reasonOf(finding, finding.photos[0]));
  decided();
}
function keep(finding) {
  decideKept(finding, !kept.has(finding));
  decided();
}
async function say(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => (button.textContent = before), 1500);
}
const findingOf = (element) => {
  const row = element.closest(".finding");
  return [...rows].find(([, each]) => each === row)?.[0];
};
list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const finding = button && findingOf(button);
  if (!finding) return;
  const item = button.closest("li");
  if (button.dataset.do === "exclude") exclude(finding, finding.photos[[...item.parentNode.children].indexOf(item)]);
  if (button.dataset.do === "keep") keep(finding);
  if (button.dataset.do === "take") takeSuggestion(finding);
  if (button.dataset.do === "group") showGroup(finding.group);
  if (button.dataset.do === "copy") copyText(asCsv(linesOf(finding))).then(() => say(button, "Copied"));
});
list.addEventListener("change", (event) => {
  const finding = findingOf(event.target);
  const item = event.target.closest("li");
  const photo = finding.photos[[...item.parentNode.children].indexOf(item)];
  decidePhoto(photo, event.target.value ? "relabel" : "", event.target.value, reasonOf(finding, photo));
  decided();
});
const offerAll = (event) => {
  const select = event.target.closest("select");
  if (!select || select.dataset.full) return;
  select.dataset.full = "yes";
  const chosen = select.value;
  const offered = new Set(Array.from(select.options, (option) => option.value));
  select.append(...data.classes.filter((label) => !offered.has(label)).map((label) => new Option(label, label)));
  select.value = chosen;
};
list.addEventListener("pointerdown", offerAll);
list.addEventListener("focusin", offerAll);

const page = () => Math.max(1, Math.floor(window.innerHeight / rowHeight) - 1);
const moves = {
  ArrowDown: (place) => place + 1,
  ArrowUp: (place) => place - 1,
  PageDown: (place) => place + page(),
  PageUp: (place) => place - page(),
  Home: () => 0,
  End: () => shown.length - 1,
};
list.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target;
  if (row === list && event.key === "ArrowDown") {
    goTo(Math.max(0, Math.ceil(-list.getBoundingClientRect().top / rowHeight)));
    event.preventDefault();
  }
  if (!row.classList.contains("finding")) return;
  const finding = findingOf(row);
  const photo = finding.photos[Number(event.key) - 1];
  if (moves[event.key]) goTo(moves[event.key](places.get(finding)));
  else if (photo) exclude(finding, photo);
  else if (event.key.toLowerCase() === "t" && row.querySelector("[data-do=take]")) takeSuggestion(finding);
  else if (event.key.toLowerCase() === "k") keep(finding);
  else if (event.key === "Enter" && finding.photos.length) row.querySelector("a.path").click();
  else return;
  event.preventDefault();
});

byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", update);
byId("filters").addEventListener("click", (event) => {
  const button = event.target.closest("[data-kind]");
  if (!button) return;
  button.ariaPressed = String(button.ariaPressed !== "true");
  update();
});
byId("everything").addEventListener("click", () => {
  byId("filters").reset();
  for (const button of kindButtons) button.ariaPressed = "false";
  showGroup(-1);
});
byId("sort").addEventListener("change", update);
for (const button of document.querySelectorAll("[data-class]")) {
  button.addEventListener("click", () => {
    byId("class").value = button.dataset.class;
    update();
    byId("list").scrollIntoView({ block: "start" });
  });
}
byId("bulk").addEventListener("pointerdown", offerBulk);
byId("bulk").addEventListener("focus", offerBulk);
byId("bulk").addEventListener("change", () => (byId("apply").disabled = !byId("bulk").value));
byId("apply").addEventListener("click", () => {
  for (const step of bulk[byId("bulk").value](shown)) step();
  decided();
});
byId("save").addEventListener("click", () => {
  saveDecisions();
  byId("decided").textContent = `${counted(newLines().length, "new decision")}, saved`;
});
byId("copy").addEventListener("click", () => copyText(asCsv(newLines())).then(() => say(byId("copy"), "Copied")));

document.querySelector(".layout").hidden = false;
byId("class").append(...data.classes.map((label) => new Option(label, label)));
update();
decided();
document.addEventListener("DOMContentLoaded", () => {
  takePictures();
  showFindings(shown);
});

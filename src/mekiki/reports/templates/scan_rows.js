// The list: only the rows near the window are in the page, each at its place in a box as high as all of them together.
const SPARE_ROWS = 4;
const MOST_PRINTED = 300;
const list = byId("findings");
const rows = new Map();
let shown = [];
let places = new Map();
let rowHeight = 0;
let printing = false;

const part = (name) => byId(name).content.firstElementChild.cloneNode(true);
const sizeOf = (photo) => (photo.width ? `${photo.width} × ${photo.height}` : "");
const labelOf = (photo) => {
  const decision = ofPhoto.get(photo);
  return decision?.action === "relabel" ? `${photo.label} → ${decision.value}` : photo.label;
};

function drawPicture(photo) {
  const figure = part("picture");
  const [link, gone] = [figure.querySelector("a"), figure.querySelector(".gone")];
  const source = pictureOf(photo);
  if (source) {
    const image = figure.querySelector("img");
    image.src = source;
    image.alt = `Photo ${photo.path}`;
    link.href = photo.href;
    gone.remove();
  } else {
    gone.textContent = photo.picture < 0 ? photo.note : "";
    link.remove();
  }
  return figure;
}
function drawWords(title, words) {
  const figure = part("picture");
  figure.querySelector("bdi").textContent = title;
  figure.querySelector("a").remove();
  figure.querySelector(".gone").textContent = words;
  return figure;
}
function drawSuggestion(finding) {
  const figure = drawWords(finding.other, "suggested label");
  const take = document.createElement("button");
  take.type = "button";
  take.dataset.do = "take";
  take.textContent = "Take it";
  if (finding.photos.length) figure.querySelector(".gone").append(take);
  return figure;
}
function drawPictures(finding) {
  const figures = finding.photos.map(drawPicture);
  if (finding.kind.name === "label_error") figures.push(drawSuggestion(finding));
  if (finding.kind.name === "imbalance") figures.push(drawWords(finding.path, "few photos"));
  return figures.length ? figures : [drawWords("no class", "left out")];
}

function drawFile(finding, photo) {
  const item = part("file");
  const link = item.querySelector("a");
  const cut = photo.path.lastIndexOf("/") + 1;
  const [folder, name] = link.children;
  [folder.textContent, name.textContent] = [photo.path.slice(0, cut), photo.path.slice(cut)];
  link.href = photo.href;
  link.title = photo.path;
  item.querySelector(".size").textContent = sizeOf(photo);
  item.querySelector("button").setAttribute("aria-label", `Exclude ${photo.path}`);
  const select = item.querySelector("select");
  select.setAttribute("aria-label", `Relabel ${photo.path}`);
  fillLabels(select, likelyLabels(finding, photo));
  return item;
}
const likelyLabels = (finding, photo) =>
  [...new Set(finding.kind.name === "label_error" ? [finding.other] : finding.photos.map((other) => other.label))].filter(
    (label) => label && label !== photo.label);
function fillLabels(select, labels) {
  select.replaceChildren(new Option("Relabel", ""), ...labels.map((label) => new Option(label, label)));
}
function drawPlainPath(finding) {
  const item = document.createElement("li");
  const path = document.createElement("bdi");
  path.textContent = finding.path;
  path.title = finding.path;
  item.append(path);
  return item;
}

function drawRow(finding) {
  const row = part("finding");
  const find = (selector) => row.querySelector(selector);
  row.setAttribute("aria-label", `${finding.kind.title}: ${[finding.path, finding.other].filter(Boolean).join(" and ")}`);
  row.setAttribute("aria-setsize", shown.length);
  find(".pictures").append(...drawPictures(finding));
  find(".head i").className = finding.kind.family;
  find(".kind").textContent = finding.kind.title;
  find(".kind").title = finding.kind.meaning;
  find(".score").title = finding.kind.score;
  find(".share").setAttribute("width", `${Math.min(100, Math.max(0, 100 * finding.score))}%`);
  find(".value").textContent = finding.score.toFixed(2);
  find(".detail").textContent = find(".detail").title = finding.detail;
  const size = members.get(finding.group)?.size ?? 0;
  if (size > 2) find(".group").textContent = `group of ${size} photos`;
  else find(".group").remove();
  find(".files").append(...(isOutside(finding) ? [drawPlainPath(finding)] : finding.photos.map((photo) => drawFile(finding, photo))));
  find("[data-do=keep]").textContent = finding.photos.length > 1 ? "Keep both" : "Keep";
  find("[data-do=keep]").title = "Nothing is wrong here: do not report it again";
  drawState(finding, row);
  return row;
}
function drawState(finding, row) {
  const press = (button, pressed) => button.setAttribute("aria-pressed", String(pressed));
  press(row.querySelector("[data-do=keep]"), kept.has(finding));
  row.querySelector("[data-do=copy]").hidden = !linesOf(finding).length;
  const take = row.querySelector("[data-do=take]");
  if (take) press(take, suggestionTaken(finding));
  finding.photos.forEach((photo, index) => {
    const decision = ofPhoto.get(photo);
    const figure = row.querySelectorAll("figure")[index];
    const item = row.querySelectorAll(".files li")[index];
    const caption = figure.querySelector("bdi");
    caption.textContent = caption.title = labelOf(photo) || "no label";
    caption.classList.toggle("differs", finding.kind.name === "label_conflict");
    figure.classList.toggle("out", decision?.action === "exclude");
    press(item.querySelector("button"), decision?.action === "exclude");
    const select = item.querySelector("select");
    const label = decision?.action === "relabel" ? decision.value : "";
    if (label && ![...select.options].some((option) => option.value === label)) select.add(new Option(label, label));
    select.value = label;
    select.classList.toggle("chosen", label !== "");
  });
}

function measure() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  rowHeight = parseFloat(getComputedStyle(list).getPropertyValue("--row")) * rem;
  list.style.height = printing ? "" : `${shown.length * rowHeight}px`;
}
function drawRows() {
  const top = -list.getBoundingClientRect().top;
  const first = printing ? 0 : Math.max(0, Math.floor(top / rowHeight) - SPARE_ROWS);
  const last = printing ? MOST_PRINTED : Math.ceil((top + window.innerHeight) / rowHeight) + SPARE_ROWS;
  const wanted = new Set(shown.slice(first, Math.max(first, last)));
  for (const [finding, row] of rows) {
    const held = row.contains(document.activeElement) && places.has(finding);
    if (wanted.has(finding) || (held && !printing)) continue;
    row.remove();
    rows.delete(finding);
  }
  for (const finding of wanted) if (!rows.has(finding)) rows.set(finding, drawRow(finding));
  let before = null;
  const inPlace = [...rows].sort(([a], [b]) => places.get(b) - places.get(a));
  for (const [finding, row] of inPlace) {
    const place = places.get(finding);
    row.style.top = printing ? "" : `${place * rowHeight}px`;
    row.setAttribute("aria-posinset", place + 1);
    const beside = [shown[place - 1], shown[place + 1]].some((other) => other?.group === finding.group);
    row.classList.toggle("joined", beside && finding.group >= 0);
    if (row.nextElementSibling !== before || row.parentNode !== list) list.insertBefore(row, before);
    before = row;
  }
}
function showFindings(found) {
  shown = found;
  places = new Map(found.map((finding, place) => [finding, place]));
  for (const row of rows.values()) row.remove();
  rows.clear();
  measure();
  drawRows();
}
function drawStates() {
  for (const [finding, row] of rows) drawState(finding, row);
}

function goTo(place) {
  const wanted = Math.max(0, Math.min(shown.length - 1, place));
  const above = byId("list").querySelector(".bar-of-list").offsetHeight;
  const below = getComputedStyle(byId("save").parentNode).position === "fixed" ? byId("save").parentNode.offsetHeight : 0;
  const start = list.getBoundingClientRect().top + window.scrollY + wanted * rowHeight;
  const low = start - above;
  const high = start + rowHeight - window.innerHeight + below;
  if (window.scrollY > low || window.scrollY < high) {
    window.scrollTo({ top: window.scrollY > low ? low : high, behavior: "instant" });
  }
  drawRows();
  rows.get(shown[wanted])?.focus({ preventScroll: true });
}

let asked = false;
function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    drawRows();
  });
}
window.addEventListener("scroll", drawSoon, { passive: true });
new ResizeObserver(() => {
  measure();
  drawRows();
}).observe(byId("list"));
window.addEventListener("resize", drawSoon);
function setPrinting(on) {
  printing = on;
  list.classList.toggle("printed", on);
  const cut = byId("cut");
  cut.hidden = !on || shown.length <= MOST_PRINTED;
  cut.textContent = `The first ${MOST_PRINTED} of ${shown.length} findings; findings.csv holds all of them.`;
  showFindings(shown);
}
window.addEventListener("beforeprint", () => setPrinting(true));
window.addEventListener("afterprint", () => setPrinting(false));

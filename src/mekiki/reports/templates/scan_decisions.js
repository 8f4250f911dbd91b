// What the owner decides here, as lines of decisions.csv. A photo has one decision wherever it is shown; keeping belongs to a finding.
const ofPhoto = new Map();
const kept = new Set();
let unsaved = false;

function decidePhoto(photo, action, value, reason) {
  if (action) ofPhoto.set(photo, { action, value, reason });
  else ofPhoto.delete(photo);
  unsaved = true;
}
function decideKept(finding, keep) {
  if (keep) kept.add(finding);
  else kept.delete(finding);
  unsaved = true;
}
const isPair = (finding) => ["label_conflict", "exact_duplicate", "near_duplicate"].includes(finding.kind.name);
const isCopies = (finding) => isPair(finding) && finding.kind.name !== "label_conflict" && finding.photos.length === 2;
const isOutside = (finding) => finding.photos.length === 0;
function reasonOf(finding, photo) {
  const words = finding.kind.name === "label_error" ? `label_error ${finding.score.toFixed(2)}` : finding.kind.name;
  const twin = finding.photos.find((other) => other !== photo);
  return twin ? `${words}: ${twin.path}` : words;
}
const photoLine = (photo) => {
  const { action, value, reason } = ofPhoto.get(photo);
  return [photo.path, action, value, "", reason];
};
const keptLine = (finding) => [finding.path, "keep", finding.kind.name, isPair(finding) ? finding.other : "", ""];
const suggestionTaken = (finding) => {
  const decision = ofPhoto.get(finding.photos[0]);
  return decision?.action === "relabel" && decision.value === finding.other;
};
function linesOf(finding) {
  const lines = finding.photos.filter((photo) => ofPhoto.has(photo)).map(photoLine);
  return kept.has(finding) ? [...lines, keptLine(finding)] : lines;
}
const newLines = () => [...Array.from(ofPhoto.keys(), photoLine), ...Array.from(kept, keptLine)];
function allLines() {
  const decided = new Set(Array.from(ofPhoto.keys(), (photo) => photo.path));
  const stands = ([path, action]) => !(decided.has(path) && (action === "exclude" || action === "relabel"));
  return [["path", "action", "value", "other", "reason"], ...data.decisions.filter(stands), ...newLines()];
}
const cell = (text) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asCsv = (lines) => lines.map((line) => line.map(cell).join(",") + "\n").join("");

function saveDecisions() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([asCsv(allLines())], { type: "text/csv" }));
  link.download = "decisions.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = false;
}
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
window.addEventListener("beforeunload", (event) => {
  if (unsaved && newLines().length) event.preventDefault();
});

// Copies that are shown, joined to groups; of each group the photo with most pixels stays that was not excluded already.
function copiesToExclude(shown) {
  const parent = new Map();
  const worth = (photo) => (ofPhoto.get(photo)?.action === "exclude" ? -1 : photo.width * photo.height);
  const top = (photo) => {
    let at = photo;
    while (parent.has(at)) at = parent.get(at);
    return at;
  };
  const reasons = new Map();
  for (const finding of shown.filter(isCopies)) {
    const [one, two] = finding.photos.map(top);
    for (const photo of finding.photos) if (!reasons.has(photo)) reasons.set(photo, finding);
    if (one !== two) {
      const better = worth(two) > worth(one) ? two : one;
      parent.set(better === one ? two : one, better);
    }
  }
  return [...reasons].filter(([photo]) => parent.has(photo));
}
const bulk = {
  "one copy of each group stays, the others are excluded": (shown) =>
    copiesToExclude(shown).map(([photo, finding]) => () => decidePhoto(photo, "exclude", "", reasonOf(finding, photo))),
  "exclude both photos of a label conflict": (shown) =>
    shown.filter((finding) => finding.kind.name === "label_conflict").flatMap((finding) =>
      finding.photos.map((photo) => () => decidePhoto(photo, "exclude", "", reasonOf(finding, photo)))),
  "take the suggested label": (shown) =>
    shown.filter((finding) => finding.kind.name === "label_error" && finding.photos.length).map((finding) => () =>
      decidePhoto(finding.photos[0], "relabel", finding.other, reasonOf(finding, finding.photos[0]))),
  "exclude the photo": (shown) =>
    shown.filter((finding) => finding.photos.length === 1).map((finding) => () =>
      decidePhoto(finding.photos[0], "exclude", "", reasonOf(finding, finding.photos[0]))),
  "keep: nothing is wrong": (shown) => shown.map((finding) => () => decideKept(finding, true)),
  "undo what was decided": (shown) =>
    shown.filter((finding) => linesOf(finding).length).map((finding) => () => {
      decideKept(finding, false);
      for (const photo of finding.photos) decidePhoto(photo, "");
    }),
};

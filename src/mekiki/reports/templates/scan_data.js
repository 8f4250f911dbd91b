// What the page holds: kinds, classes, photos and findings as they were written, and small pictures by number.
const byId = (name) => document.getElementById(name);
const data = JSON.parse(byId("data").textContent);
const folded = (text) => text.normalize("NFKC").toLowerCase();
const photos = data.photos.map(([path, label, width, height, picture, note, href]) => ({
  path, label, width, height, picture, note, href: href || data.base + path.split("/").map(encodeURIComponent).join("/"),
}));
const findings = data.findings.map(([kind, one, two, score, detail, path, other, group], number) => {
  const finding = { number, kind: data.kinds[kind], kindNumber: kind, score, detail, path, other, group };
  finding.place = one >= 0 ? one : photos.length;
  finding.photos = [one, two].filter((index) => index >= 0).map((index) => photos[index]);
  if (one >= 0) finding.path = photos[one].path;
  if (two >= 0) finding.other = photos[two].path;
  finding.labels = finding.photos.map((photo) => photo.label);
  if (finding.kind.name === "label_error") finding.labels.push(other);
  if (finding.kind.name === "imbalance") finding.labels.push(path);
  finding.text = folded([finding.path, finding.other, detail, ...finding.labels].join("\n"));
  return finding;
});
const members = new Map();
for (const finding of findings) {
  if (finding.group < 0) continue;
  if (!members.has(finding.group)) members.set(finding.group, new Set());
  for (const photo of finding.photos) members.get(finding.group).add(photo);
}

let blocks = [];
let loaded = false;
function pictureOf(photo) {
  if (photo.picture < 0 || !loaded) return "";
  const block = Math.floor(photo.picture / data.block);
  if (typeof blocks[block] !== "object") blocks[block] = blocks[block].split(" ");
  return "data:image/webp;base64," + blocks[block][photo.picture % data.block];
}
function takePictures() {
  const elements = document.querySelectorAll("[data-pictures]");
  blocks = Array.from(elements, (element) => element.dataset.pictures);
  for (const element of elements) element.remove();
  loaded = true;
}

const orders = {
  kind: () => {
    const best = new Map();
    const key = (finding) => finding.kindNumber + ":" + finding.group;
    for (const finding of findings) {
      if (finding.group >= 0) best.set(key(finding), Math.max(best.get(key(finding)) ?? 0, finding.score));
    }
    const strength = (finding) => (finding.group >= 0 ? best.get(key(finding)) : finding.score);
    return (a, b) => a.kindNumber - b.kindNumber || strength(b) - strength(a) || a.group - b.group || b.score - a.score || a.number - b.number;
  },
  score: () => (a, b) => b.score - a.score || a.kindNumber - b.kindNumber || a.number - b.number,
  path: () => (a, b) => a.place - b.place || a.kindNumber - b.kindNumber || a.number - b.number,
};
const sorted = {};
const inOrder = (name) => (sorted[name] ??= [...findings].sort(orders[name]()));

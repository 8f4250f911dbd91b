// Small things to build the data page of. Text is only ever set as text.

export function el(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function makeWords(texts) {
  return (name, values = {}) => {
    const text = texts[`data.${name}`] ?? name;
    return text.replace(/\{(\w+)(?::,)?\}/g, (place, key) => {
      const value = values[key];
      return typeof value === "number" ? value.toLocaleString() : value ?? place;
    });
  };
}

// One key a class: digits, then letters that mean nothing else.
const KEYS = "123456789abcdefghijlmoqrtvwyz";

export function keyOf(number) {
  return KEYS[number] ?? "";
}

export function numberOf(key) {
  return key.length === 1 ? KEYS.indexOf(key) : -1;
}

export function isTyping(event) {
  const target = event.target;
  return (
    event.isComposing ||
    (target instanceof Element && target.closest("input, textarea, select, [contenteditable], .q-menu, .q-dialog"))
  );
}

// A large picture; words in its place if it cannot be shown.
export function large(src, alt, instead) {
  const box = (text) => el("div", { class: "dt-large dt-cannot", role: "img", "aria-label": text, text });
  if (!src) return box(instead);
  const picture = el("img", { src, alt, class: "dt-large" });
  picture.addEventListener("error", () => picture.replaceWith(box(instead)));
  return picture;
}

export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

// What the server tells the scripts (JSON in the page's head), and what this browser remembers from visit to visit.
export const config = JSON.parse(document.getElementById("kslr-config").textContent);

export function recall(name) {
  try { return localStorage.getItem(`kslr.${name}`); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(`kslr.${name}`, value); } catch { /* private windows keep nothing */ }
}

// The names of a sign in all languages; an unknown sign is called by its id.
export const signNames = (id) => config.signs[id] || { kk: id, ru: id, en: id };

// Files that the browser saves: made here, or a transcript that the server writes in a format.
import { make } from "./dom.js";
import { language } from "./words.js";

// The date and the time of the clock on the wall, as a file's name can hold them: 2026-11-26 14.05.
export const localTime = () => new Date().toLocaleString("sv").slice(0, 16).replace(":", ".");

export function saveFile(content, type, name) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

// words: as the server gave them, or corrected; signs: the vocabulary's name; name: the file's, without its ending.
export async function saveTranscript(words, format, signs, name) {
  const query = new URLSearchParams({ format, language, signs });
  const reply = await fetch(`live/export?${query}`, { method: "POST", body: JSON.stringify({ words }) });
  if (reply.ok) saveFile(await reply.blob(), reply.headers.get("content-type"), `${name}.${format}`);
}

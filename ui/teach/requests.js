// Requests of the Teach page. What the server refuses is thrown as a Problem.
import { recall, remember } from "../shared/config.js";
import { Problem } from "../shared/dom.js";

export const SESSION = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // this tab's takes

// A vocabulary's key, which the browser that made it keeps: only who has it may change the vocabulary.
const keyOf = (vocabulary) => ({ "Kslr-Key": recall(`key.${vocabulary}`) || "" });

async function receive(path, options) {
  let reply;
  try { reply = await fetch(path, options); } catch { throw new Problem("video.failed"); }
  if (!reply.ok) throw new Problem("teach.failed");
  const found = await reply.json();
  if (found.error) throw new Problem(found.error, found.values);
  if (found.key) remember(`key.${found.name}`, found.key);
  return found;
}

export const address = (path, query) => `teach/${path}?${new URLSearchParams(query)}`;
export const request = (path, query = {}) => receive(address(path, query));
export const requestWithFile = (path, query, file) => receive(address(path, query), { method: "POST", body: file });
export const requestWithJson = (path, body) => (
  receive(`teach/${path}`, { method: "POST", headers: keyOf(body.vocabulary), body: JSON.stringify(body) }));
export const forgetTakes = () => navigator.sendBeacon("teach/change", JSON.stringify({ do: "drop", session: SESSION }));

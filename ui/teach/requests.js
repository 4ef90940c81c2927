// Requests of the Teach page. What the server refuses is thrown as a Problem.
import { Problem } from "../shared/dom.js";

export const SESSION = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // this tab's takes

async function receive(path, options) {
  let reply;
  try { reply = await fetch(path, options); } catch { throw new Problem("video.failed"); }
  if (!reply.ok) throw new Problem("teach.failed");
  const found = await reply.json();
  if (found.error) throw new Problem(found.error, found.values);
  return found;
}

export const address = (path, query) => `teach/${path}?${new URLSearchParams(query)}`;
export const request = (path, query = {}) => receive(address(path, query));
export const requestWithFile = (path, query, file) => receive(address(path, query), { method: "POST", body: file });
export const requestWithJson = (path, body) => receive(`teach/${path}`, { method: "POST", body: JSON.stringify(body) });
export const forgetTakes = () => navigator.sendBeacon("teach/change", JSON.stringify({ do: "drop", session: SESSION }));

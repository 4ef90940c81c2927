// Requests of the Studio. What the server refuses is thrown as a Problem.
import { Problem } from "../shared/dom.js";

async function receive(path, options) {
  let reply;
  try { reply = await fetch(path, options); } catch { throw new Problem("video.failed"); }
  if (!reply.ok) throw new Problem("studio.failed");
  const found = await reply.json();
  if (found.error) throw new Problem(found.error, found.values);
  return found;
}

export const fetchState = () => receive("studio/state");
export const change = (body) => receive("studio/change", { method: "POST", body: JSON.stringify(body) });
export const sendTake = (query, clip) => (
  receive(`studio/take?${new URLSearchParams({ ...query, name: clip.name })}`, { method: "POST", body: clip }));

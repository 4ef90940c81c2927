// Keeps the page on this device, where the browser can, and says when the server is out of reach: words need it.
import { wait } from "../shared/dom.js";
import { setWord } from "../shared/words.js";

const EVERY = 5_000, PATIENCE = 8_000, SETTLED = 2_000; // milliseconds
const state = { asking: false, alone: null };

// Any answer of the server is one; a proxy says that it has none.
async function isReachable() {
  try {
    const reply = await fetch("health", { cache: "no-store", signal: AbortSignal.timeout?.(PATIENCE) });
    return reply.status < 500;
  } catch { return false; }
}

// Says so until the server answers. A page that was opened without it lacks what the server knows, and opens again.
async function look(line) {
  if (state.asking) return;
  state.asking = true;
  while (!await isReachable()) {
    state.alone ??= true;
    setWord(line, "app.offline");
    await wait(EVERY);
  }
  const filmed = [...document.querySelectorAll("video")].some((video) => video.srcObject);
  if (state.alone && !filmed) location.reload(); // not while somebody signs
  state.alone = false;
  setWord(line, null);
  state.asking = false;
}

async function install() {
  if (!navigator.serviceWorker) return; // an old browser, or no https
  await navigator.serviceWorker.register(new URL("service.js", document.baseURI));
  const { active } = await navigator.serviceWorker.ready;
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  await wait(SETTLED); // more files come as the pages are built
  active.postMessage({ keep: performance.getEntriesByType("resource").map((one) => one.name) });
}

export function startOffline(line) {
  state.alone = null; // not known before the first answer
  look(line);
  for (const name of ["offline", "online"]) addEventListener(name, () => look(line));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(line); });
  install().catch(() => {}); // where it is refused, the page works as long as there is a network
}

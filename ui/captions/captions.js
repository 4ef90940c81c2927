// The caption page: the last words over a transparent ground, for OBS and the like. The address says whose words: the
// token stands behind the #, where no server logs it. ?language=, words= (how many), size= (of the letters, in
// hundredths of the height), align= (left, center, right) say how they are shown.
const MOST_WAIT = 10_000; // milliseconds between two tries to connect
const options = new URLSearchParams(location.search), token = location.hash.slice(1);
const box = document.querySelector("#captions");
const wanted = Math.max(1, Math.min(8, Number(options.get("words")) || 6));
const size = Math.max(2, Math.min(40, Number(options.get("size")) || 8));
let tries = 0;

document.body.style.fontSize = `${size}vh`;
document.body.dataset.align = options.get("align") || "center";

function show({ words, language }) {
  const code = ["kk", "ru", "en"].includes(options.get("language")) ? options.get("language") : language;
  document.documentElement.lang = code;
  box.textContent = words.slice(-wanted).map((word) => word[code]).join(" ");
}

function connect() {
  const socket = new WebSocket(new URL("captions/words", location.href).href.replace(/^http/, "ws"));
  socket.onopen = () => { tries = 0; socket.send(token); };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => setTimeout(connect, Math.min(MOST_WAIT, 500 * 2 ** tries++));
}

connect();

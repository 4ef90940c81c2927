// Gives the running words away, where somebody wants that: to programs that know this browser's token.
import { config, recall, remember } from "../shared/config.js";
import { language, onLanguage, setWord } from "../shared/words.js";

const SENT = 8, LOCAL = ["localhost", "127.0.0.1", "[::1]"];

const newToken = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))
  .replace(/[+/=]/g, (c) => ({ "+": "-", "/": "_" })[c] || "");

class Publisher {
  words = [];

  constructor(page) {
    this.find = (name) => page.querySelector(`#captions-${name}`);
    const { find } = this;
    if (!recall("captions.token")) remember("captions.token", newToken());
    this.token = recall("captions.token") || newToken();
    // A server that writes a file was started for it: its own machine's page gives the words without being asked.
    const writes = config.captions && LOCAL.includes(location.hostname);
    find("on").checked = recall("captions.on") === "1" || (writes && recall("captions.on") === null);
    if (writes) setWord(find("file"), "captions.file");
    find("on").addEventListener("change", () => {
      remember("captions.on", this.on ? "1" : "0");
      this.update();
      if (!this.on) this.post([]); // once: a page that gives nothing away says nothing
    });
    find("renew").addEventListener("click", () => this.renew());
    for (const name of ["page", "socket"]) find(name).addEventListener("focus", ({ target }) => target.select());
    document.addEventListener("kslr:words", ({ detail }) => { this.words = detail; this.send(); });
    onLanguage(() => this.send());
    addEventListener("pagehide", () => { if (this.on) navigator.sendBeacon(this.address, this.body([])); });
    this.update();
  }

  get on() { return this.find("on").checked; }
  get address() { return `captions/${this.token}`; }

  body(words) {
    const short = (text) => String(text).slice(0, 200);
    return JSON.stringify({ language, words: words.slice(-SENT).map(({ sign: { kk, ru, en }, emotion }) => (
      { kk: short(kk), ru: short(ru), en: short(en), emotion: emotion || null })) });
  }

  post(words) { fetch(this.address, { method: "POST", body: this.body(words) }).catch(() => {}); }
  send(words = this.words) { if (this.on) this.post(words); }

  renew() {
    this.send([]);
    remember("captions.token", this.token = newToken());
    this.update();
  }

  update() {
    const { find } = this, page = new URL(`captions#${this.token}`, document.baseURI).href;
    find("how").hidden = !this.on;
    find("page").value = page;
    find("socket").value = new URL("captions/words", document.baseURI).href.replace(/^http/, "ws");
    find("token").value = this.token;
    this.send();
  }
}

export const startPublishing = (page) => new Publisher(page);

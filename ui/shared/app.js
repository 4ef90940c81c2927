// What all pages share: the three languages, the pages, light and dark.
(() => {
  const config = window.KSLR_CONFIG;
  const LANGUAGES = Object.keys(config.languages);
  const kept = {
    get(name) { try { return localStorage.getItem(`kslr.${name}`); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(`kslr.${name}`, value); } catch { /* private windows keep nothing */ } },
  };

  function firstLanguage() {
    const asked = [new URLSearchParams(location.search).get("lang"), kept.get("language"), ...navigator.languages.map((l) => l.slice(0, 2))];
    return asked.find((language) => LANGUAGES.includes(language)) || config.language;
  }

  const kslr = (window.kslr = { config, language: firstLanguage() });

  kslr.text = (key, values = {}) => (config.words[key]?.[kslr.language] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  // Gives an element a word of the app, or none; it follows the language from then on.
  kslr.say = (element, key, values) => {
    if (values) element.dataset.values = JSON.stringify(values); else delete element.dataset.values;
    if (key) element.dataset.word = key; else { delete element.dataset.word; if (element.textContent) element.textContent = ""; }
    translate(element);
  };

  kslr.attributes = (texts) => Object.entries(texts).map(([language, text]) => `data-${language}="${kslr.escape(text)}"`).join(" ");
  kslr.escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  // An emotion as icon, word and colour; null is said too.
  kslr.emotion = (name) => {
    if (!name) return '<span class="emotion none" data-word="emotion.none"></span>';
    const { icon, colour, names } = config.emotions[name];
    return `<span class="emotion" style="--tint:${colour}">${icon}<span ${kslr.attributes(names)}></span></span>`;
  };

  kslr.camera = (id) => navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, ...(id ? { deviceId: { exact: id } } : { facingMode: "user" }) },
  });
  kslr.cameraProblem = (error) => {
    const known = { NotAllowedError: "live.denied", SecurityError: "live.denied", NotFoundError: "live.absent", OverconstrainedError: "live.absent" };
    return known[error.name] || "live.busy";
  };

  // Files by choosing or by dropping.
  kslr.dropzone = (zone, input, take) => {
    input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.toggle("over", kind === "dragover"); });
    }
    zone.addEventListener("drop", (event) => take([...event.dataTransfer.files]));
  };
  kslr.whenChanged = (element, then) => new MutationObserver(then).observe(element, { childList: true, subtree: true });

  function translate(element) {
    const { word, values, wordLabel } = element.dataset;
    const told = word ? kslr.text(word, values ? JSON.parse(values) : {}) : element.dataset[kslr.language];
    if (told !== undefined && element.textContent !== told) element.textContent = told;
    if (wordLabel) element.setAttribute("aria-label", kslr.text(wordLabel, element.dataset.labelValues ? JSON.parse(element.dataset.labelValues) : {}));
  }
  const SAID = "[data-word],[data-word-label],[data-kk]";
  const translateAll = (root) => { if (root.matches?.(SAID)) translate(root); root.querySelectorAll(SAID).forEach(translate); };

  kslr.setLanguage = (language) => {
    kslr.language = language;
    kept.set("language", language);
    document.documentElement.lang = language;
    document.querySelectorAll("[data-language]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.language === language));
    translateAll(document.body);
    title();
    document.dispatchEvent(new CustomEvent("kslr:language", { detail: language }));
  };

  function title() { document.title = `${kslr.text(`nav.${document.body.dataset.page}`)} · KSLR`; }

  kslr.show = (page) => {
    const shown = config.pages.includes(page) ? page : config.pages[0];
    document.body.dataset.page = shown;
    document.querySelectorAll("[data-goto]").forEach((link) => {
      if (link.dataset.goto === shown) { link.setAttribute("aria-current", "page"); link.scrollIntoView({ inline: "nearest", block: "nearest" }); } else link.removeAttribute("aria-current");
    });
    title();
    document.dispatchEvent(new CustomEvent("kslr:page", { detail: shown }));
  };

  function theme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.body.classList.toggle("dark", dark);
  }
  const wantsDark = () => (kept.get("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  kslr.header = (element) => {
    element.addEventListener("click", (event) => {
      const link = event.target.closest("[data-goto]"), button = event.target.closest("[data-language]");
      if (link) { event.preventDefault(); history.pushState(null, "", `${location.pathname}${location.search}#${link.dataset.goto}`); kslr.show(link.dataset.goto); }
      if (button) kslr.setLanguage(button.dataset.language);
      if (event.target.closest("#theme")) { const dark = document.documentElement.dataset.theme !== "dark"; kept.set("theme", dark ? "dark" : "light"); theme(dark); }
      if (event.target.closest(".skip")) { event.preventDefault(); document.querySelector(`#page-${document.body.dataset.page} button, #page-${document.body.dataset.page} input`)?.focus(); }
    });
    theme(wantsDark());
    kslr.setLanguage(kslr.language);
    kslr.show(location.hash.slice(1));
  };

  addEventListener("popstate", () => kslr.show(location.hash.slice(1)));
  addEventListener("hashchange", () => kslr.show(location.hash.slice(1)));
  document.documentElement.lang = kslr.language;

  // What appears later, from the server or from a script, is put into the chosen language when it appears.
  function begin() {
    document.body.dataset.page = config.pages[0];
    theme(wantsDark());
    translateAll(document.body);
    new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === "attributes" || target.matches?.(SAID)) translate(target);
        addedNodes.forEach((node) => node.nodeType === 1 && translateAll(node));
      }
    }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-word", "data-values", "data-kk"] });
  }
  if (document.body) begin(); else addEventListener("DOMContentLoaded", begin);
})();

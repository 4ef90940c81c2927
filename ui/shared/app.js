// The frame of all pages: languages, navigation, light and dark.
import { startOffline } from "../offline/offline.js";
import { config, recall, remember } from "./config.js";
import { language, setLanguage, text, watchWords } from "./words.js";

export const currentPage = () => document.body.dataset.page;
// Calls back with the name of each page that is opened, also with the one that is open already.
export function onPage(callback) {
  document.addEventListener("kslr:page", () => callback(currentPage()));
  callback(currentPage());
}

const setTitle = () => { document.title = `${text(`nav.${currentPage()}`)} · KSLR`; };
const isDark = () => document.documentElement.dataset.theme === "dark";

// The page that the address names.
function pageAsked() {
  const page = location.hash.slice(1);
  return config.pages.includes(page) ? page : config.pages[0];
}

// Moves the navigation alone: scrollIntoView would also let the next Tab begin here, behind the way to the content.
function showLink({ offsetLeft, offsetWidth, parentElement: nav }) {
  const left = offsetLeft - nav.offsetLeft, right = left + offsetWidth - nav.clientWidth;
  nav.scrollLeft = Math.min(left, Math.max(right, nav.scrollLeft));
}

function showPage() {
  const page = (document.body.dataset.page = pageAsked());
  document.querySelectorAll("[data-goto]").forEach((link) => {
    if (link.dataset.goto !== page) return link.removeAttribute("aria-current");
    link.setAttribute("aria-current", "page");
    return showLink(link);
  });
  setTitle();
  document.dispatchEvent(new Event("kslr:page"));
}

export function openPage(page) {
  history.pushState(null, "", `${location.pathname}${location.search}#${page}`);
  showPage();
}

function chooseLanguage(code) {
  setLanguage(code);
  document.querySelectorAll("[data-language]").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.language === code);
  });
  setTitle();
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.body.classList.toggle("dark", dark);
}

const theme = () => recall("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

// Starts the header.
export function start(element) {
  element.addEventListener("click", (event) => {
    const link = event.target.closest("a"), chosen = event.target.closest("[data-language]");
    if (link) event.preventDefault();
    if (link?.dataset.goto) openPage(link.dataset.goto);
    else if (link) document.querySelector(`#page-${currentPage()} :is(button, input)`)?.focus();
    if (chosen) chooseLanguage(chosen.dataset.language);
    if (event.target.closest("#theme")) {
      remember("theme", isDark() ? "light" : "dark");
      setTheme(!isDark());
    }
  });
  setTheme(theme() === "dark");
  chooseLanguage(language);
  showPage();
  startOffline(element.querySelector("#offline"));
}

addEventListener("popstate", showPage);
addEventListener("hashchange", showPage);
document.documentElement.lang = language;
document.body.dataset.page = pageAsked();
setTheme(theme() === "dark");
watchWords();

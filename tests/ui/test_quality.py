"""What holds for every page, with something on it: accessible, translated to the last word, narrow enough, usable by keyboard."""

import re

import pytest

from tests.ui.practice.test_page import drawn, open_page, saved, vocabulary  # noqa: F401
from ui.shared.frame import PAGES
from ui.shared.i18n import LANGUAGES, text

# Every piece of text that is shown, save what is said to be in a language of its own.
SHOWN = """(page) => {
  const found = [], walk = document.createTreeWalker(document.querySelector(`#page-${page}`), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement: parent, textContent: text } = walk.currentNode;
    if (!text.trim() || parent.closest("[lang]:not(html), script, style, [hidden]") || !parent.getClientRects().length) continue;
    found.push(text.trim());
  }
  const page_ = document.querySelector(`#page-${page}`);
  for (const one of page_.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    for (const name of ["aria-label", "title", "placeholder", "alt"])
      if (one.getAttribute(name) && !one.closest("[lang]:not(html)") && one.getClientRects().length)
        found.push(one.getAttribute(name));
  return found;
}"""
# The same in all languages: names of files, formats, vocabularies and measures, numbers, languages by their own names.
SAME = re.compile(r"[\W\d]*|[\W\d]*(kslr\d*|krsl\d*|drawn|k|wav|csv|json|srt|vtt|eaf|pose|npz|mp4|html|pdf|\w+_\w+)[\W\d]*", re.I)


def axe_problems(tab) -> list[tuple[str, str]]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(tab).response
    assert len(found["passes"]) > 20
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"] if one["impact"] in ("serious", "critical")]


def test_the_language_changes_every_visible_word(visit):
    tab = visit("live", "kk")
    bad = {}
    for page in PAGES:
        tab.click(f"nav [data-goto={page}]")
        tab.wait_for_timeout(500)
        seen = {}
        for language in LANGUAGES:
            tab.click(f"[data-language={language}]")
            assert tab.evaluate("document.documentElement.lang") == language
            tab.wait_for_timeout(200)
            seen[language] = tab.evaluate(SHOWN, page)
        assert len(seen["kk"]) > 3, page
        same = {text for one in ("kk", "ru") for text in seen[one] if not SAME.fullmatch(text) and text in seen["en"]}
        cyrillic = {text for text in seen["en"] if re.search("[а-яәғқңөұүһі]", text, re.I)}
        kazakh = {text for text in seen["ru"] if re.search("[әғқңөұүһі]", text, re.I)}
        if same | cyrillic | kazakh:
            bad[page] = same | cyrillic | kazakh
    assert bad == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_practised_page(visit, vocabulary, tmp_path, scheme):  # noqa: F811
    tab = open_page(visit, color_scheme=scheme)
    tab.set_input_files("#practice-file", str(saved(tmp_path / "higher.npz", drawn(up=0.7))))
    tab.wait_for_selector("#practice-result .practised")
    assert axe_problems(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_a_camera_runs(visit, still_camera, scheme):
    tab = visit("live", camera=still_camera, color_scheme=scheme)
    tab.click("#live-start")
    tab.wait_for_function("Number(document.querySelector('#live-stage').dataset.frames || 0) >= 3")
    assert axe_problems(tab) == []


# What opens the parts of a page that are folded at first.
OPENED = {
    "live": ["#live-mode", ".captions summary", "#captions-on", "#counter-edit"],
    "teach": ["#ten-box > summary"],
    "about": [".about > details summary", ".about .card > summary"],
    "classroom": ["#class-consent"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", list(OPENED))
def test_axe_finds_nothing_serious_in_what_is_folded_and_it_fits_a_small_phone(visit, page, scheme):
    tab = visit(page, "ru", viewport={"width": 360, "height": 740}, color_scheme=scheme)
    for selector in OPENED[page]:
        tab.locator(selector).first.click()
    tab.wait_for_timeout(500)
    assert axe_problems(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    small = tab.evaluate(
        "(page) => [...document.querySelectorAll(`#page-${page} :is(button, select)`)].filter((e) => e.getClientRects().length)"
        ".map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, height]) => height < 32)",
        page,
    )
    assert small == []


def test_the_counter_needs_no_mouse(visit):
    tab = visit("live", "en")
    tab.focus("#live-mode")
    tab.keyboard.press("Enter")
    tab.focus("#counter-text")
    tab.keyboard.type("One moment")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#counter-reply") == "One moment"
    tab.focus("#counter-full")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "counter-leave"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.id") == "counter-full"
    tab.focus("#counter-phrases button")
    tab.keyboard.press("Space")
    assert tab.inner_text("#counter-reply") == tab.inner_text("#counter-phrases button")


def test_a_browser_in_another_language_reads_english(chromium, server):
    context = chromium().new_context(locale="fr-FR")
    tab = context.new_page()
    tab.goto(server.url)
    tab.wait_for_selector("nav a[aria-current]")
    assert tab.inner_text("nav [data-goto=teach]") == "Teach"
    context.close()


@pytest.mark.parametrize(
    ("language", "found"),
    [("ru", ["1 слово", "3 слова", "12 слов", "21 слово"]), ("en", ["1 word", "3 words", "12 words", "21 words"])],
)
def test_words_agree_with_their_number_and_numbers_with_the_language(visit, language, found):
    tab = visit("live", language)
    told = tab.evaluate(
        """() => script("shared/words.js").then(({ text, number }) => (
          [[1, 3, 12, 21].map((n) => text("lexicon.count", { n })), number(1.5)]))"""
    )
    assert told == [found, "1,5" if language == "ru" else "1.5"]
    assert [text("lexicon.count", language, n=n) for n in (1, 3, 12, 21)] == found


def test_a_practised_page_fits_a_small_phone(visit, vocabulary, tmp_path):  # noqa: F811
    tab = open_page(visit, viewport={"width": 360, "height": 740})
    tab.set_input_files("#practice-file", str(saved(tmp_path / "higher.npz", drawn(up=0.7))))
    tab.wait_for_selector("#practice-result .practised")
    for language in LANGUAGES:
        tab.click(f"[data-language={language}]")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, language
        small = tab.evaluate(
            "[...document.querySelectorAll('#page-practice :is(button, select, a)')].filter((e) => e.getClientRects().length)"
            ".map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, height]) => height < 32)"
        )
        assert small == [], language


def test_practising_needs_no_mouse(visit, vocabulary):  # noqa: F811
    tab = open_page(visit)
    reached = []
    tab.focus("#practice-vocabulary")
    for _ in range(12):
        reached.append(tab.evaluate("document.activeElement.id || Object.keys(document.activeElement.dataset)[0]"))
        tab.keyboard.press("Tab")
    order = ["practice-vocabulary", "practice-word", "play", "speed", "mirror", "seekRange", "practice-sign", "practice-file"]
    assert [one for one in reached if one in order] == order
    button = "#practice-player [data-play]"
    tab.wait_for_selector(f"{button}[data-word='practice.pause']")
    tab.focus(button)
    tab.keyboard.press("Enter")
    assert tab.get_attribute(button, "data-word") == "practice.play"
    tab.focus("#practice-word")
    tab.keyboard.press("ArrowDown")
    assert tab.input_value("#practice-word") == "hold"
    # Another word's example plays as soon as it is there.
    tab.wait_for_selector(f"{button}[data-word='practice.pause']")
    tab.focus(button)
    tab.keyboard.press("Enter")
    assert tab.get_attribute(button, "data-word") == "practice.play"


@pytest.mark.parametrize("page", ["live", "video"])
def test_the_page_that_is_opened_first_has_its_vocabularies(visit, vocabulary, page):  # noqa: F811
    tab = visit(page)
    tab.wait_for_selector(f"select[data-vocabulary={page}] option[value={vocabulary}]", state="attached")
    assert tab.is_visible(f"select[data-vocabulary={page}]")

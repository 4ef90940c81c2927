import re
import subprocess
import sys
import time

import pytest

from ui.shared.frame import PAGES
from ui.shared.i18n import LANGUAGES

LETTERS = {"kk": "әғқңөұүі", "ru": "ыэёщ"}


EMPTY = "(all) => all.filter((e) => !e.textContent.trim()).map((e) => e.outerHTML)"
NAMES = {"KSLR", "KK", "RU", "EN", "English", "MP", "AVI", "MOV", "MKV", "WebM", "https", "localhost"}
FOCUS = "document.activeElement.id || document.activeElement.dataset.goto || document.activeElement.dataset.language"


def shown(tab) -> str:
    """All text that can be seen or is read aloud on the page that is shown."""
    return tab.evaluate(
        """() => [document.title, ...[...document.querySelectorAll('header, .page')]
          .filter((e) => getComputedStyle(e).display !== 'none').flatMap((root) =>
            [root.innerText, ...[...root.querySelectorAll('[aria-label],[title],[placeholder]')]
          .flatMap((e) => [e.ariaLabel, e.title, e.placeholder])])].filter(Boolean).join('\\n')"""
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_wholly_in_the_chosen_language(visit, page):
    tab = visit(page, "en")
    texts, named = {}, set()
    for language in LANGUAGES:
        tab.click(f"[data-language={language}]")
        tab.wait_for_function("(l) => document.documentElement.lang === l", arg=language)
        texts[language] = shown(tab)
        # People name vocabularies and words as they like, and need not give every language.
        named |= set(tab.eval_on_selector_all("#practice-word option", "(all) => all.map((one) => one.textContent)"))
        # Nothing is left empty, and no word's key or brace is shown.
        empty = tab.eval_on_selector_all("[data-word],[data-kk]", EMPTY)
        assert empty == []
        assert not re.search(r"\b(app|nav|live|video|about|hint|emotion)\.[a-z_]+\b|undefined|\{\w+\}", texts[language])
    named |= {one["name"] for one in tab.evaluate("fetch('vocabularies').then((reply) => reply.json())")}
    theirs = "|".join(re.escape(name) for name in sorted(named - {""}, key=len, reverse=True))
    texts = {language: re.sub(theirs, "", text) for language, text in texts.items()}
    # The names of the languages are their own; the cards' sentences are marked as English.
    own = "|".join(LANGUAGES.values())
    english = " ".join(tab.eval_on_selector_all("[lang=en]", "(all) => all.map((e) => e.innerText)"))
    cyrillic = re.sub(own, "", texts["en"])
    assert not re.search("[а-яА-ЯәғқңөұүһіӘҒҚҢӨҰҮҺІ]", cyrillic), re.findall("[а-яА-Я]+", cyrillic)
    assert re.search(f"[{LETTERS['kk']}]", texts["kk"])
    assert re.search(f"[{LETTERS['ru']}]", texts["ru"])
    assert not re.search("[әғқңөұүһі]", re.sub(own, "", texts["ru"]))
    for language in ("kk", "ru"):
        allowed = set(re.findall("[A-Za-z]+", english)) | NAMES
        left = set(re.findall("[A-Za-z]{2,}", texts[language])) - allowed
        assert not left, (language, left)


def test_the_language_comes_from_the_address_then_from_the_choice_before_then_from_the_browser(visit, server):
    tab = visit("about", "ru", locale="en-GB")
    assert tab.evaluate("document.documentElement.lang") == "ru"
    tab.goto(server.url + "#about")
    tab.wait_for_selector("nav a[aria-current]")
    assert tab.evaluate("document.documentElement.lang") == "ru"
    tab.evaluate("localStorage.clear()")
    tab.goto(server.url + "?x#about")
    tab.wait_for_selector("nav a[aria-current]")
    assert tab.evaluate("document.documentElement.lang") == "en"


def test_pages_have_addresses_and_going_back_works(visit):
    tab = visit("live")
    tab.click("nav [data-goto=about]")
    assert tab.is_visible("#page-about section")
    assert not tab.is_visible("#page-live section")
    assert tab.url.endswith("#about")
    tab.go_back()
    tab.wait_for_selector("#page-live section")
    assert not tab.is_visible("#page-about section")


def test_nothing_is_wider_than_a_small_phone(visit):
    tab = visit("live", viewport={"width": 360, "height": 740})
    for page in PAGES:
        tab.click(f"nav [data-goto={page}]")
        for language in LANGUAGES:
            tab.click(f"[data-language={language}]")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 360, (page, language)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = visit("live", color_scheme=scheme)
    for page in PAGES:
        tab.click(f"nav [data-goto={page}]")
        found = axe.Axe().run(tab).response
        assert len(found["passes"]) > 20
        bad = [(v["id"], v["nodes"][0]["html"]) for v in found["violations"] if v["impact"] in ("serious", "critical")]
        assert bad == [], page


def test_light_and_dark(visit):
    tab = visit("about", color_scheme="dark")
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.click("#theme")
    light = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150
    assert sum(map(int, re.findall(r"\d+", light)[:3])) > 600


def test_all_can_be_done_from_the_keyboard(visit):
    tab = visit("live")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(25):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate(FOCUS))
    assert {"kk", "ru", "en", "theme", "live", "video", "about", "live-start", "live-mirror", "live-copy"} <= reached


def test_the_server_is_healthy_and_shows_nothing_else(server):
    import urllib.error
    import urllib.request

    assert server.health()["status"] == "ok"
    for path in ("results/x/y", "results/x/%2e%2e", "gradio_api/file=/etc/passwd", f"gradio_api/file={__file__}"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(server.url + path)
        assert error.value.code in (403, 404), path


def test_who_posted_pictures_and_went_away_is_noticed_without_being_asked_for(astronaut):
    from fastapi.testclient import TestClient

    from fusion.interpreter import Models
    from tests.pictures import message
    from ui.server.assembly import build_server
    from ui.server.resources import Limits
    from ui.server.services import Services

    services = Services(Models.load(), Limits(sessions=1, idle_seconds=0.2))
    with TestClient(build_server(services)) as client:
        assert client.post("/live/frame?session=0123456789abcdef", content=message(astronaut, 0.0)).status_code == 200
        end = time.monotonic() + 60
        while len(services.sessions) and time.monotonic() < end:
            time.sleep(0.05)
        assert len(services.sessions) == 0
    assert services.stopping.is_set()


def test_the_app_is_light_to_import():
    code = "import sys, ui.server.launch; print({'gradio', 'mediapipe', 'tensorflow', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

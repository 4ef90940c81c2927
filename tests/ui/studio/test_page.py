"""The Studio in a real browser, in the order in which people use it: plan, consent, takes, withdrawal."""

import re
from pathlib import Path

import pytest

from fusion.dataset.checking import check_dataset
from fusion.dataset.store import DataSet
from tests.drawn import pictures
from tests.ui.conftest import write_camera
from tests.ui.test_quality import SAME, SHOWN, axe_problems
from ui.shared.i18n import LANGUAGES, words
from ui.studio.page import page_html

PLAN = "#studio-plan:not([hidden])"
PEOPLE = "#studio-people:not([hidden])"


@pytest.fixture(scope="module")
def waving_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn person rests, waves and rests, over and over; Chromium plays thirty pictures a second."""
    rest = [next(iter(pictures("wave")))] * 20
    shown = [picture for picture in [*rest, *pictures("wave"), *rest] for _ in range(2)]
    return write_camera(tmp_path_factory.mktemp("cameras") / "wave.mjpeg", shown)


def make_plan(tab) -> None:
    """A plan of two words and one affect, two times."""
    tab.wait_for_selector(PLAN)
    tab.fill("#studio-name", "Сынақ")
    tab.check("[name=studio-words][value=pasted]")
    tab.fill("#studio-pasted", "Бұлғау; Махать; Wave\nСу")
    for emotion in ("neutral", "sad", "angry"):
        tab.uncheck(f"[name=studio-emotions][value={emotion}]")
    tab.fill("#studio-repetitions", "2")
    assert tab.inner_text("#studio-size") == "Takes for each signer: 4, about 1 minutes."
    tab.click("#studio-plan button.main")
    tab.wait_for_selector(PEOPLE)


def add_signer(tab, tier: str) -> str:
    """Somebody who agrees; gives the pseudonym."""
    if not tab.is_visible("#studio-consent"):
        tab.click("#studio-new")
    tab.check(f"[name=studio-tier][value={tier}]")
    tab.check("#studio-agreed")
    name = tab.input_value("#studio-pseudonym")
    tab.click("#studio-consent button.main")
    tab.wait_for_selector("#studio-booth:not([hidden])")
    return name


def check_screen(tab, page: str = "studio") -> None:
    """Nothing serious for axe, nothing too wide for a small phone, and each language shown to the last word."""
    assert axe_problems(tab) == []
    size = tab.viewport_size
    tab.set_viewport_size({"width": 360, "height": 740})
    seen = {}
    for language in (*LANGUAGES, "en"):
        tab.click(f"[data-language={language}]")
        tab.wait_for_timeout(200)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, language
        seen[language] = tab.evaluate(SHOWN, page)
    cyrillic = [one for one in seen["en"] if re.search("[а-яәғқңөұүһі]", one.replace("Сынақ", ""), re.I)]
    same = [one for one in seen["kk"] if not SAME.fullmatch(one) and one in seen["en"] and not re.fullmatch(r"S\d\d|CC.*", one)]
    assert (cyrillic, same) == ([], [])
    tab.set_viewport_size(size)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plan_is_readable_by_everybody(visit, place, scheme):
    if (place / "project.json").exists():
        pytest.skip("the plan is made already")
    tab = visit("studio", "en", color_scheme=scheme)
    tab.wait_for_selector(PLAN)
    check_screen(tab)


def test_a_plan_and_consent_come_before_the_camera(visit, place):
    tab = visit("studio", "en")
    make_plan(tab)
    # Without a yes nobody goes on; another text must be agreed to anew.
    tab.check("#studio-agreed")
    tab.check("[name=studio-tier][value=video]")
    assert not tab.is_checked("#studio-agreed")
    assert "In the video you can be recognised." in tab.inner_text("#studio-text")
    assert "CC-BY-4.0" in tab.inner_text("#studio-text")
    tab.click("#studio-consent button.main")
    assert tab.is_visible("#studio-consent")
    assert not DataSet(place).people().signers
    check_screen(tab)
    assert add_signer(tab, "faces") == "S01"
    check_screen(tab)
    assert tab.inner_text("#studio-part span") == "Kept: 0 of 4"
    assert tab.evaluate("document.querySelector('#studio-stage video').srcObject") is None
    tab.click("#studio-back")
    tab.wait_for_selector("#studio-signers [data-enter=S01]")
    check_screen(tab)
    (signer,) = DataSet(place).people().signers
    assert (signer.tier, signer.language) == ("faces", "en")


def test_the_consent_is_read_aloud_where_there_is_a_voice(visit, place):
    tab = visit("studio", "ru")
    tab.wait_for_selector(PEOPLE)
    tab.click("#studio-new")
    assert not tab.is_visible("#studio-aloud")  # this browser has none
    tab.evaluate(
        """() => { window.heard = []; const voice = { lang: 'ru-RU', name: 'one' };
        speechSynthesis.getVoices = () => [voice]; speechSynthesis.speak = (said) => heard.push(said.text);
        window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
        speechSynthesis.dispatchEvent(new Event('voiceschanged')); }"""
    )
    tab.click("#studio-aloud")
    assert "\n".join(tab.evaluate("heard")) == "\n".join(tab.locator("#studio-text p").all_inner_texts())
    tab.click("[data-language=kk]")
    assert not tab.is_visible("#studio-aloud")


def test_takes_are_recorded_without_a_hand_on_the_keyboard(visit, place, waving_camera):
    tab = visit("studio", "en", camera=waving_camera)
    tab.wait_for_selector(PEOPLE)
    tab.click("[data-enter=S01]")
    tab.click("#studio-go")
    tab.wait_for_selector("#studio-stage[data-state=signing]")
    tab.wait_for_selector("#studio-takes li.fine", timeout=400_000)
    tab.click("#studio-go")
    tab.wait_for_function("![...document.querySelectorAll('#studio-takes li')].some((one) => !one.className)", timeout=400_000)
    assert tab.evaluate("document.querySelector('#studio-stage video').srcObject") is None
    data = DataSet(place)
    kept = len(data.rows())
    assert kept >= 1
    assert check_dataset(data) == []
    assert all(set(row.files) == {"landmarks", "pose", "faces"} for row in data.rows())
    # A closed tab loses nothing; the last take can be undone from the new one.
    tab.reload()
    tab.wait_for_selector(PEOPLE)
    assert tab.inner_text("#studio-signers .part span") == f"Kept: {kept} of 4"
    tab.click("[data-enter=S01]")
    tab.click("#studio-undo")
    tab.wait_for_function("document.querySelector('#studio-doing').dataset.word === 'studio.undone'")
    assert len(DataSet(place).rows()) == kept - 1


def test_hands_are_up_or_down(visit):
    tab = visit("studio", "en")
    depth = tab.evaluate(
        """async () => { const { handDepth } = await script('studio/hands.js');
        const pose = Array.from({ length: 25 }, () => [0, 0, 1]); pose[11] = [600, 400, 1]; pose[12] = [400, 400, 1];
        const hand = (y) => [[500, y]];
        return [handDepth({ pose: null }, 4 / 3), handDepth({ pose }, 4 / 3),
                handDepth({ pose, left_hand: hand(300) }, 4 / 3),
                handDepth({ pose, left_hand: hand(900), right_hand: hand(800) }, 4 / 3)]; }"""
    )
    assert depth[0] is None
    assert depth[1] == float("inf")
    assert depth[2] < 0
    assert depth[3] == pytest.approx(1500 / 1000, abs=0.01)


def test_the_order_of_prompts_is_whole(visit):
    tab = visit("studio", "en")
    found = tab.evaluate(
        """async () => { const { missingPrompts, cell } = await script('studio/prompts.js');
        const project = { words: [{ id: 'a' }, { id: 'b' }], emotions: ['sad', 'happy'], repetitions: 2 };
        return missingPrompts(project, new Map([[cell('a', 'sad'), 2], [cell('b', 'happy'), 1]])); }"""
    )
    cells = [(one["sign"], one["emotion"], one["round"]) for one in found]
    assert cells[:2] == [("b", "sad", 0), ("a", "happy", 0)]
    assert sorted(cells[2:]) == [("a", "happy", 1), ("b", "happy", 1), ("b", "sad", 1)]


def test_withdrawing_asks_and_deletes(visit, place):
    tab = visit("studio", "en")
    tab.wait_for_selector(PEOPLE)
    tab.focus("[data-withdraw=S01]")
    tab.keyboard.press("Enter")
    assert "Delete S01" in tab.inner_text("#studio-suretext")
    assert axe_problems(tab) == []
    tab.keyboard.press("Enter")  # No has the focus
    assert not tab.is_visible("#studio-sure")
    assert DataSet(place).people().signers
    tab.click("[data-withdraw=S01]")
    tab.click("#studio-yes")
    tab.wait_for_function("document.querySelector('#studio-said').dataset.word === 'studio.withdrawn'")
    data = DataSet(place)
    assert (data.people().signers, data.rows()) == ((), ())
    assert not [path for path in place.rglob("*") if "S01" in path.name]


def test_every_word_of_the_page_is_there():
    used = set(re.findall(r'data-word(?:-label)?="([\w.]+)"', page_html()))
    assert {key for key in used if key.startswith("studio.")}
    assert used <= set(words())
    scripts = (Path(__file__).resolve().parents[3] / "ui/studio").glob("*.js")
    named = {key for path in scripts for key in re.findall(r'"((?:studio|take|teach)\.[a-z_]+)"', path.read_text())}
    assert named <= set(words())

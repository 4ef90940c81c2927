import time

import pytest

from ui.shared.i18n import LANGUAGES, text

ENTRY = {
    "word": {
        "sign": {"id": "su", "kk": "Су", "ru": "Вода", "en": "Water", "latin": "su"},
        "sign_probability": 0.9,
        "start": 1.0,
        "end": 2.0,
        "alternatives": [
            {"id": one, "probability": 0.1}
            for one in ("su", "it", "men", "bet", "adam", "jaksy", "jaman", "suyq", "ystyq", "katty", "ulken")
        ],
        "emotion": None,
        "emotion_probabilities": {},
    },
    "at": 0,
}


def open_counter(visit, language: str = "en", **options):
    tab = visit("live", language, **options)
    tab.click("#live-mode")
    tab.wait_for_selector("#counter-reply", state="visible")
    return tab


def read_word(tab) -> None:
    """The page with a word in its transcript."""
    tab.evaluate("(entry) => sessionStorage.setItem('kslr.conversation', JSON.stringify([entry]))", ENTRY)
    tab.reload()
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    tab.wait_for_selector("#live-words .pencil")


def test_start_see_the_words_sign_and_be_answered(visit, signing_camera, record_property):
    """A new user's whole way at a counter, timed."""
    began = time.monotonic()
    tab = visit("live", "en", camera=signing_camera)
    tab.wait_for_selector("#lexicon-words li")
    assert tab.inner_text("#lexicon-count") == "24 words"
    assert "Water" in tab.locator("#lexicon-words li").all_inner_texts()
    seen = time.monotonic()
    tab.click("#live-start")
    tab.wait_for_selector("#live-words .pencil")
    signed = time.monotonic()
    tab.click("#live-mode")
    tab.fill("#counter-text", "Please wait here")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#counter-reply") == "Please wait here"
    answered = time.monotonic()
    # Both sides stand in the transcript, in their order.
    assert tab.locator("#live-words li.answer b").inner_text() == "Please wait here"
    assert tab.locator("#live-words .pencil").count() >= 1
    size = tab.evaluate("parseFloat(getComputedStyle(document.querySelector('#counter-reply p')).fontSize)")
    assert size >= 60
    for name, moment in (("words_seen", seen), ("signed", signed), ("answered", answered)):
        record_property(name, round(moment - began, 1))
    print(f"words seen {seen - began:.1f} s, signed {signed - began:.1f} s, answered {answered - began:.1f} s")


def test_phrases_by_venue_are_pressed_edited_and_kept_in_the_browser(visit):
    tab = open_counter(visit, "ru")
    assert tab.locator("#counter-phrases button").count() == 6
    tab.select_option("#counter-venue", "bank")
    tab.locator("#counter-phrases button").nth(2).click()
    assert tab.inner_text("#counter-reply") == text("counter.bank_amount", "ru")
    tab.click("#counter-edit")
    tab.fill("#counter-lines", "Подождите\n\n  Спасибо  \n" + "<b>х</b>")
    tab.click("#counter-own [type=submit]")
    assert tab.locator("#counter-phrases button").all_inner_texts() == ["Подождите", "Спасибо", "<b>х</b>"]
    tab.reload()
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    # The mode, the venue, the phrases and what was answered are there again.
    assert tab.input_value("#counter-venue") == "bank"
    assert tab.locator("#counter-phrases button").all_inner_texts() == ["Подождите", "Спасибо", "<b>х</b>"]
    assert tab.inner_text("#counter-reply") == text("counter.bank_amount", "ru")
    assert tab.locator("#live-words li.answer").count() == 1
    # Another language and another venue have their own.
    tab.click("[data-language=kk]")
    assert tab.locator("#counter-phrases button").first.inner_text() == text("counter.bank_which", "kk")
    tab.click("[data-language=ru]")
    tab.click("#counter-edit")
    tab.click("#counter-reset")
    assert tab.locator("#counter-phrases button").first.inner_text() == text("counter.bank_which", "ru")


def test_the_answer_is_turned_round_changes_sides_and_fills_the_screen(visit):
    tab = open_counter(visit)
    tab.fill("#counter-text", "Yes")
    tab.click("#counter-form [type=submit]")
    tab.click("#counter-turn")
    assert tab.evaluate("getComputedStyle(document.querySelector('#counter-reply')).transform") == "matrix(-1, 0, 0, -1, 0, 0)"
    left = "document.querySelector('#counter-panel').getBoundingClientRect().left"
    camera = "document.querySelector('#live-stage').getBoundingClientRect().left"
    assert tab.evaluate(left) > tab.evaluate(camera)
    tab.click("#counter-swap")
    assert tab.evaluate(left) < tab.evaluate(camera)
    tab.click("#counter-full")
    box = tab.locator("#counter-screen").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, tab.viewport_size["width"])
    assert tab.evaluate("document.activeElement.id") == "counter-leave"
    tab.keyboard.press("Escape")
    assert not tab.is_visible("#counter-leave")
    tab.click("#counter-wipe")
    assert tab.inner_text("#counter-reply") == text("counter.empty", "en")


def test_nothing_of_an_answer_leaves_the_browser_and_both_sides_are_saved(visit):
    tab = open_counter(visit)
    read_word(tab)
    sent = []
    tab.on("request", lambda request: sent.append(request.url))
    tab.fill("#counter-text", "A secret")
    tab.keyboard.press("Enter")
    with tab.expect_download() as saving:
        tab.click("#live-both")
    lines = saving.value.path().read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["Signed: Water", "Answer: A secret"]
    assert [url for url in sent if not url.startswith("blob:")] == []
    tab.click("#live-clear")
    assert tab.evaluate("sessionStorage.getItem('kslr.conversation')") == "[]"
    # Another tab has a conversation of its own.
    other = tab.context.new_page()
    other.goto(tab.url)
    other.wait_for_selector("#page-live [data-started]", state="attached")
    assert other.locator("#live-words li.answer").count() == 0


def test_a_word_is_corrected_by_one_of_ten_by_typing_and_by_any_text(visit):
    tab = visit("live", "en")
    read_word(tab)
    tab.click("#live-words .pencil")
    assert tab.locator("#live-words [data-choose]").count() == 10
    tab.fill("#live-words [data-typed] input", "собака")  # a word of the vocabulary, in any language
    tab.keyboard.press("Enter")
    assert tab.inner_text("#live-now .big") == "Dog"
    tab.click("#live-words .pencil")
    tab.fill("#live-words [data-typed] input", "Tea, please")
    tab.click("#live-words [data-typed] [type=submit]")
    assert tab.inner_text("#live-now .big") == "Tea, please"
    with tab.expect_download() as saving:
        tab.click("#live-downloads [data-format=csv]")
    assert "Tea, please" in saving.value.path().read_text()
    # The sign itself is taught.
    tab.click("#live-words .pencil")
    tab.fill("#live-words [data-typed] input", "Шай")
    tab.click("#live-words [data-teach-sign]")
    tab.wait_for_selector("#teach-heading", state="visible")
    assert [tab.input_value(f"#teach-{code}") for code in LANGUAGES] == ["Шай"] * 3


def test_speech_is_offered_only_where_it_stays_on_the_device(visit, server, chromium):
    plain = open_counter(visit)
    plain.wait_for_timeout(300)
    assert not plain.is_visible("#counter-speak")  # this browser has no recogniser on the device
    # One that has it, in the one language.
    context = chromium().new_context()
    context.add_init_script(
        """window.asked = [];
        window.SpeechRecognition = class {
          get processLocally() { return this.local; }
          set processLocally(value) { this.local = value; }
          static async available(options) {
            asked.push(options);
            return options.langs[0] === "ru-RU" ? "available" : "downloadable";
          }
          start() {
            if (!this.processLocally) throw new Error("cloud");
            setTimeout(() => {
              this.onresult({ results: [Object.assign([{ transcript: "Добрый день" }], { isFinal: true })] });
              this.onend();
            }, 50);
          }
          stop() { this.onend(); }
        };"""
    )
    tab = context.new_page()
    tab.goto(f"{server.url}?lang=ru#live")
    tab.click("#live-mode")
    tab.click("#counter-speak")
    tab.wait_for_function("document.querySelector('#counter-reply').textContent === 'Добрый день'")
    assert tab.get_attribute("#counter-speak", "data-word") == "counter.speak"
    tab.click("[data-language=en]")
    tab.wait_for_selector("#counter-speak", state="hidden")
    assert tab.evaluate("asked.every((one) => one.processLocally === true)")
    context.close()


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_words_are_found_by_typing_in_any_language(visit, language):
    tab = visit("live", language)
    tab.wait_for_selector("#lexicon-words li")
    tab.fill("#lexicon-search", "вода")
    assert tab.locator("#lexicon-words li").count() == 1
    tab.fill("#lexicon-search", "nothing of the kind")
    assert tab.inner_text("#lexicon-note") == text("lexicon.none", language)
    # As it was left at the last visit.
    tab.click("#live-lexicon summary")
    tab.reload()
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    assert tab.evaluate("document.querySelector('#live-lexicon').open") is False

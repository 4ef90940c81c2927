import json
import re

WORDS = [
    {"kk": "Су", "ru": "Вода", "en": "Water", "emotion": "happy"},
    {"kk": "Ит", "ru": "Собака", "en": "Dog", "emotion": None},
]


def read_words(tab) -> None:
    """The Live page with two words in its transcript."""
    words = [{"sign": {"id": w["en"].lower(), "latin": w["en"], **{c: w[c] for c in ("kk", "ru", "en")}}} for w in WORDS]
    more = {"sign_probability": 0.9, "start": 0.0, "end": 1.0, "alternatives": [], "emotion_probabilities": {}}
    entries = [{"word": {**word, **more, "emotion": w["emotion"]}, "at": 0} for word, w in zip(words, WORDS, strict=True)]
    tab.evaluate("(entries) => sessionStorage.setItem('kslr.conversation', JSON.stringify(entries))", entries)
    tab.reload()
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    tab.click(".captions summary")


def test_words_of_the_live_page_stand_on_the_caption_page(visit, server):
    tab = visit("live", "en")
    read_words(tab)
    assert not tab.is_visible("#captions-page")  # off until somebody wants it
    tab.check("#captions-on")
    address = tab.input_value("#captions-page")
    assert re.fullmatch(rf"{re.escape(server.url)}captions#[\w-]{{32}}", address)
    page = tab.context.new_page()
    page.goto(address)
    page.wait_for_function("document.querySelector('#captions').textContent === 'Water Dog'")
    ground = "[document.documentElement, document.body].map((one) => getComputedStyle(one).backgroundColor)"
    assert page.evaluate(ground) == ["rgba(0, 0, 0, 0)"] * 2
    # In the page's language, or in the one that the address asks for; as many words as it asks for.
    tab.click("[data-language=kk]")
    page.wait_for_function("document.querySelector('#captions').textContent === 'Су Ит'")
    page.goto(address.replace("captions#", "captions?language=ru&words=1&align=left#"))
    page.wait_for_function("document.querySelector('#captions').textContent === 'Собака'")
    # A word that is taken out, or corrected, is so everywhere.
    tab.locator("#live-words .pencil").last.click()
    tab.click("#live-words [data-remove]")
    page.wait_for_function("document.querySelector('#captions').textContent === 'Вода'")
    # A new address ends the old one, and so does switching it off.
    tab.click("#captions-renew")
    page.wait_for_function("document.querySelector('#captions').textContent === ''")
    assert tab.input_value("#captions-page") != address
    tab.reload()
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    assert tab.is_checked("#captions-on")
    tab.click(".captions summary")
    tab.uncheck("#captions-on")
    assert not tab.is_visible("#captions-page")


def test_a_page_that_gives_nothing_away_says_nothing(visit):
    tab = visit("live", "en")
    told = []
    tab.on("request", lambda one: told.append(json.loads(one.post_data)["words"]) if one.method == "POST" else None)
    read_words(tab)
    tab.click("[data-language=ru]")
    tab.wait_for_load_state("networkidle")
    assert told == []
    for act in (tab.check, tab.uncheck):
        with tab.expect_request("**/captions/*"):
            act("#captions-on")
    assert [len(words) for words in told] == [2, 0]


def test_the_socket_tells_programs_what_is_documented(visit, server):
    tab = visit("live", "en")
    read_words(tab)
    tab.check("#captions-on")
    told = tab.evaluate(
        """() => new Promise((done) => {
          const value = (name) => document.querySelector(`#captions-${name}`).value;
          const socket = new WebSocket(value("socket"));
          socket.onopen = () => socket.send(value("token"));
          socket.onmessage = ({ data }) => { if (JSON.parse(data).words.length) { done(data); socket.close(); } };
        })"""
    )
    assert json.loads(told) == {"words": WORDS, "language": "en", "text": "Water Dog"}

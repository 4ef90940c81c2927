"""Ten words in five minutes: which words are offered, and what is said where there is no camera."""

from ui.shared.i18n import text


def test_words_without_recordings_are_offered_first_and_a_camera_is_needed(visit):
    tab = visit("teach", "en")
    tab.click("#ten-box > summary")
    tab.wait_for_selector("#ten-words [aria-pressed=true]")
    words = tab.locator("#ten-words [aria-pressed=true]").all_inner_texts()
    assert len(words) == 10
    assert set(words[:6]) == {"Gesture", "Dance", "Chest", "Rooster", "Taxi", "Rude"}
    assert tab.locator("#ten-words button").count() == 30
    assert tab.inner_text("#ten-progress") == "10 words chosen"
    tab.click("#ten-words [data-pick=taxi]")
    assert tab.inner_text("#ten-progress") == "9 words chosen"
    refused = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
    tab.evaluate(f"() => {{ {refused}; }}")
    tab.click("#ten-start")
    tab.wait_for_function("document.querySelector('#ten-doing').dataset.word === 'live.absent'")
    assert tab.inner_text("#ten-doing") == text("live.absent", "en")
    # It can be begun again, and a vocabulary is there for it.
    assert tab.get_attribute("#ten-start", "data-word") == "teach.ten_start"
    assert tab.input_value("#teach-vocabulary") == "My words"

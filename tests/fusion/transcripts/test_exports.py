import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.faces import EMOTIONS
from fusion.appearance import EMOTION_NAMES
from fusion.observation import TaggedWord
from fusion.transcripts.exports import from_csv, from_json, to_csv, to_json, to_text
from fusion.transcripts.subtitles import from_subtitles, to_subtitles
from kslr.core.errors import InputError
from kslr.vocabulary import kslr30

PROBABILITIES = dict.fromkeys(EMOTIONS, 0.02) | {"happy": 0.88}


@pytest.fixture
def words() -> list[TaggedWord]:
    vocabulary = kslr30()
    ranked = (("rakhmet", 0.91), ("su", 0.03), ("it", 0.02), ("bet", 0.02), ("men", 0.01))
    return [
        TaggedWord(vocabulary["rakhmet"], 0.91, 0.5, 1.75, ranked, "happy", PROBABILITIES),
        TaggedWord(vocabulary["su"], 0.55, 2.0, 3.0, (("su", 0.55), *ranked[2:]), None, {}),
    ]


def test_json_has_the_agreed_shape(words):
    document = json.loads(to_json(words, source="a.mp4", duration=3.5, vocabulary="kslr30"))
    assert list(document) == ["source", "duration", "vocabulary", "words"]
    first, second = document["words"]
    assert list(first) == ["start", "end", "sign", "sign_probability", "alternatives", "emotion", "emotion_probabilities", "cues"]
    assert first["sign"] == {"id": "rakhmet", "kk": "Рақмет", "latin": "rakhmet", "en": "Thank you", "ru": "Спасибо"}
    assert first["emotion_probabilities"]["happy"] == 0.88
    assert len(first["alternatives"]) == 5
    assert second["emotion"] is None
    assert second["emotion_probabilities"] == {}


@pytest.mark.parametrize(("language", "word"), [("kk", "Рақмет"), ("ru", "Спасибо"), ("en", "Thank you")])
def test_text_says_word_and_affect(words, language, word):
    first, second = to_text(words, language).splitlines()
    assert f"{word} 0.91 · {EMOTION_NAMES['happy'][language]} 0.88" in first
    assert "·" not in second


def test_a_raised_brow_with_surprise_is_shown_as_a_question(words):
    surprised = replace(words[0], emotion="surprise", cues={"brow_raise": 0.9})
    assert "surprise 0.02 · question?" in to_text([surprised], "en")
    assert "удивление 0.02 · вопрос?" in to_text([surprised], "ru")
    assert "question" not in to_text([replace(surprised, cues={"brow_raise": 0.1})], "en")
    assert "question" not in to_text([replace(surprised, emotion="happy")], "en")
    assert from_json(to_json([surprised], source="a", duration=1, vocabulary="kslr30")) == [surprised]
    assert from_subtitles(to_subtitles([surprised]), kslr30())[0][3] == "surprise"


def test_a_corrected_word_says_so_and_keeps_no_probability_of_the_recogniser(words):
    corrected = replace(words[0], sign=words[1].sign, sign_probability=1.0, corrected=True)
    assert "Water · corrected · happy 0.88" in to_text([corrected], "en")
    document = json.loads(to_json([corrected], source="a", duration=1, vocabulary="kslr30"))
    assert (document["words"][0]["corrected"], document["words"][0]["sign_probability"]) == (True, None)
    assert from_json(json.dumps(document)) == [corrected]
    # The Live page sends the chosen alternative's probability along; it is not the word's.
    document["words"][0]["sign_probability"] = 0.03
    assert from_json(json.dumps(document)) == [corrected]
    assert from_csv(to_csv([corrected])) == [replace(corrected, alternatives=())]
    assert from_subtitles(to_subtitles([corrected], "vtt", "ru"), kslr30(), "ru") == [(0.5, 1.75, "su", "happy")]
    document["words"][0] |= {"corrected": False, "sign_probability": None}
    with pytest.raises(InputError, match="no probability"):
        from_json(json.dumps(document))


def test_no_words_is_an_empty_transcript():
    assert to_text([]) == ""


def test_json_comes_back_as_it_was(words):
    assert from_json(to_json(words, source="a.mp4", duration=3.5, vocabulary="kslr30")) == words


def test_csv_comes_back_with_the_word_as_its_only_alternative(words):
    back = from_csv(to_csv(words))
    assert back == [replace(word, alternatives=word.alternatives[:1]) for word in words]


@pytest.mark.parametrize("kind", ["srt", "vtt"])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_subtitles_come_back(words, kind, language):
    back = from_subtitles(to_subtitles(words, kind, language), kslr30(), language)
    assert back == [(0.5, 1.75, "rakhmet", "happy"), (2.0, 3.0, "su", None)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"words": [{}]}', '{"words": 3}'])
def test_what_is_no_transcript_is_refused(text):
    with pytest.raises(InputError):
        from_json(text)


def test_foreign_tables_and_subtitles_are_refused():
    with pytest.raises(InputError):
        from_csv("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a word"):
        from_subtitles("1\n00:00:00,000 --> 00:00:01,000\nhello there\n", kslr30())


spans = st.lists(st.tuples(st.floats(0, 36000), st.floats(0.01, 10), st.sampled_from([None, *EMOTIONS])), max_size=8)


@given(spans)
def test_any_times_survive_subtitles_to_the_millisecond(spans):
    spans = sorted(spans, key=lambda span: span[0])
    made = [TaggedWord(kslr30()["su"], 0.5, s, s + d, (("su", 0.5),), e, PROBABILITIES if e else {}) for s, d, e in spans]
    for kind in ("srt", "vtt"):
        back = from_subtitles(to_subtitles(made, kind), kslr30())
        for word, (start, end, _, emotion) in zip(made, back, strict=True):
            assert start == pytest.approx(word.start, abs=2e-3)
            assert end == pytest.approx(word.end, abs=2e-3)
            assert emotion == word.emotion

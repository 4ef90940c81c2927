import json

import pytest

from emotion.faces import EMOTIONS
from fusion.exports import to_json, to_text
from fusion.tagged import TaggedWord
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
    assert list(first) == ["start", "end", "sign", "sign_probability", "alternatives", "emotion", "emotion_probabilities"]
    assert first["sign"] == {"id": "rakhmet", "kk": "Рақмет", "latin": "rakhmet", "en": "Thank you", "ru": "Спасибо"}
    assert first["emotion_probabilities"]["happy"] == 0.88
    assert len(first["alternatives"]) == 5
    assert second["emotion"] is None
    assert second["emotion_probabilities"] == {}


@pytest.mark.parametrize(("language", "word"), [("kk", "Рақмет"), ("ru", "Спасибо"), ("en", "Thank you")])
def test_text_says_word_and_affect(words, language, word):
    first, second = to_text(words, language).splitlines()
    assert f"{word} 0.91 · happy 0.88" in first
    assert "·" not in second


def test_no_words_is_an_empty_transcript():
    assert to_text([]) == ""

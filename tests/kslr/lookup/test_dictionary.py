import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import Card, card_path, read_card, write_card
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.lookup.comparison import LookUpRule, read_parts
from kslr.lookup.dictionary import TASK, SignDictionary, is_dictionary, load_dictionaries, shipped_dictionaries
from kslr.recordings import cut_signs
from kslr.teaching.naming import is_plain_text, is_word_id
from kslr.training.clips import stack_windows
from tests.takes import PATHS, take


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


def as_bytes(words: object) -> np.ndarray:
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def write_dictionary(folder: Path, encoder: SignEncoder, **changes) -> Path:
    """A dictionary of made-up signs, one recording each."""
    rule = {"shown": [[0, 1], [0.15, 1]], "asked": [[0, 1]], "still": 0.4, "both": True, "crowding": 1.0}
    windows = [stack_windows(cut_signs(take(word))) for word in PATHS]
    rows = [encoder.embed(read_parts(one, LookUpRule.from_card({"rule": rule}).shown, 0.4)) for one in windows]
    label = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    words = [{"id": w, "ru": f"{w} ru", "en": f"{w} en", "latin": w, "kk": "қол", "recordings": 1} for w in PATHS]
    del words[-1]["kk"]
    extra = {"encoder": encoder.card.weights["sha256"], "rule": rule}
    card = Card("signs", TASK, (), {}, (), "", {}, {}, "", "", {}, extra)
    arrays = {"embeddings": np.concatenate(rows), "label": label, "crowding": np.zeros(len(label), np.float32)}
    arrays["words"] = as_bytes(changes.pop("words", words))
    return write_card(folder, replace(card, extra=extra | changes.pop("extra", {})), None, arrays | changes)


def test_the_word_that_is_signed_is_nearest_and_never_said(encoder, tmp_path):
    dictionary = SignDictionary(write_dictionary(tmp_path, encoder), encoder)
    for word in PATHS:
        sign = cut_signs(take(word, number=3))[0]
        found = dictionary.look_up(sign)
        assert (found.start, found.end) == (sign.start, sign.end)
        assert found.nearest[0][0].id == word
        assert all(a >= b for (_, a), (_, b) in pairwise(found.nearest))
        assert found.nearest[0][1] <= 1.001
    assert len(found.nearest) == len(PATHS)  # fewer words than ten
    assert len(SignDictionary(tmp_path / "signs.json", encoder, count=2).look_up(sign).nearest) == 2
    assert (dictionary.nearness(np.zeros((0, 30, 1662))) == -1).all()


def test_a_word_without_a_kazakh_name_is_shown_in_russian(encoder, tmp_path):
    signs = SignDictionary(write_dictionary(tmp_path, encoder), encoder).vocabulary.signs
    assert [sign.kk for sign in signs] == ["қол", "қол", "wipe ru"]


def test_another_encoder_is_told(encoder, tmp_path):
    path = write_dictionary(tmp_path, encoder, extra={"encoder": "0" * 64})
    with pytest.raises(InputError, match="made with another encoder") as caught:
        SignDictionary(path, encoder)
    assert caught.value.code == "other-encoder"


@pytest.mark.parametrize(
    "changes",
    [
        {"label": np.array([0, 1, 1, 1, 2, 2, 2])},
        {"embeddings": np.zeros((6, 8), np.float32)},
        {"words": []},
        {"words": [{"id": "one"}]},
        {"words": 7},
        {"extra": {"rule": {}}},
    ],
)
def test_parts_that_do_not_fit_are_told(encoder, tmp_path, changes):
    with pytest.raises(InputError):
        SignDictionary(write_dictionary(tmp_path, encoder, **changes), encoder)


def test_only_a_dictionary_is_one(tmp_path):
    assert not is_dictionary(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="Choose a dictionary") as caught:
        SignDictionary("kslr30")
    assert caught.value.code == "other-task"


def test_the_shipped_words_can_be_told_apart_and_shown(encoder):
    (dictionary,) = load_dictionaries(encoder).values()
    assert [card.name for card in shipped_dictionaries()] == [dictionary.card.name] == ["rsl"]
    signs = dictionary.vocabulary.signs
    assert len(signs) > 400
    for number, sign in enumerate(signs):
        assert is_word_id(sign.id)
        assert all(is_plain_text(text) and text for text in (sign.kk, sign.latin, sign.en, sign.ru))
        # Each by one of its names, so that all names are tried and it takes seconds.
        text = (sign.id, sign.ru.upper(), sign.kk, sign.en)[number % 4]
        assert number in dictionary.matching(text)


def test_the_shipped_card_keeps_embeddings_alone():
    card, weights = read_card("rsl")
    assert weights == b""
    assert card.extra["encoder"] == read_card("sign_encoder")[0].weights["sha256"]
    with np.load(card_path("rsl").with_name(card.arrays["file"])) as arrays:
        assert set(arrays.files) == {"embeddings", "label", "crowding", "words"}
        assert arrays["embeddings"].shape[1] == SignEncoder().values
        assert np.allclose(np.linalg.norm(arrays["embeddings"].astype(float), axis=1), 1, atol=0.01)

import numpy as np
import pytest

from kslr.core.cards import MODELS
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.lookup.comparison import LookUpRule
from kslr.lookup.dictionary import SignDictionary
from kslr.recordings import cut_signs
from kslr.training.clips import stack_windows
from kslr.training.ship.rsl import CANDIDATES, Embedder, add_report, measure_rule, try_rules, write_dictionary
from kslr.training.ship.rsl_clips import Clips, dictionary_words, shared_words
from kslr.training.verification.people import FIRST
from tests.takes import take

# Words of the pack as which made-up signs are taken, by two signers.
WORDS = {"вода": "circle", "дом": "pump", "друг": "wipe"}


@pytest.fixture(scope="module")
def clips() -> Clips:
    windows = [stack_windows(cut_signs(take(path, number))) for number in (0, 3) for path in WORDS.values()]
    return Clips(windows, np.array([*WORDS, *WORDS]), np.array([FIRST] * 3 + ["another"] * 3))


def test_words_have_names_in_their_languages():
    water, home = dictionary_words(["вода", "ребенок"])
    assert water == {"id": "voda", "ru": "вода", "en": "water", "latin": "su", "kk": "су"}
    assert (home["id"], home["ru"]) == ("rebyonok", "ребёнок")
    ids = [word["id"] for word in dictionary_words(["брат", "брать"])]
    assert len(set(ids)) == 2
    with pytest.raises(InputError, match="no translation of небоскрёб"):
        dictionary_words(["небоскрёб"])


def test_words_of_both_signers_are_halved(clips):
    choosing, reporting = shared_words(clips)
    assert sorted(choosing + reporting) == sorted(WORDS)
    assert len(choosing) == 1


def test_the_best_rule_is_written_and_measured(clips, tmp_path):
    encoder = SignEncoder()
    embedder = Embedder(encoder, clips)
    tried = try_rules(embedder, list(WORDS))
    assert len(tried) == len(CANDIDATES)
    assert tried[0][0] == [1, 1, 1]
    rule = tried[0][1]
    write_dictionary(embedder, encoder, clips, rule, {"choosing": measure_rule(embedder, ["вода"], rule)}, tmp_path)
    for path in MODELS.glob("sign_encoder.*"):
        (tmp_path / path.name).symlink_to(path)  # where the maker finds it
    found = add_report(encoder, clips, tmp_path)
    assert 0 < found["core_milliseconds"] < 1000
    assert found["reporting"]["mrr"] == 1.0
    dictionary = SignDictionary(tmp_path / "rsl.json", encoder)
    assert dictionary.card.figures["reporting"]["places"] == [1, 1]
    assert dictionary.card.figures["choosing"]["words"] == 1
    assert dictionary.rule == rule
    assert {sign.ru: sign.trained_on["rsl"] for sign in dictionary.vocabulary.signs} == dict.fromkeys(WORDS, 1)
    assert sorted(path.name for path in tmp_path.glob("rsl*")) == ["rsl.json", "rsl.npz"]


def test_recordings_near_the_bank_are_less_near(clips):
    embedder = Embedder(SignEncoder(), clips)
    rows, clip, none = embedder.show(
        LookUpRule(crowding=0.0),
    )
    _, _, crowding = embedder.show(LookUpRule(crowding=1.0))
    assert len(rows) == len(clip) == len(crowding)
    assert (none == 0).all()
    near = np.sort(rows @ SignEncoder().bank.T, axis=1)[:, -5:].mean(axis=1)
    assert np.array_equal(np.argsort(crowding), np.argsort(near))

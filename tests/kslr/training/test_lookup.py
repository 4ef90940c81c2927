import json

import pytest

from kslr.core.errors import InputError
from kslr.lookup.dictionary import SignDictionary
from kslr.recordings import save_recording
from kslr.training.lookup import evaluate_dictionary, lookup_page
from tests.kslr.lookup.test_dictionary import write_dictionary
from tests.takes import PATHS, take


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory) -> SignDictionary:
    from kslr.encoder import SignEncoder

    encoder = SignEncoder()
    return SignDictionary(write_dictionary(tmp_path_factory.mktemp("signs"), encoder), encoder)


@pytest.fixture
def clips(tmp_path):
    """Clips of each word under its Russian name, one under a name that nobody knows."""
    names = {**{word: f"{word.upper()} RU" for word in PATHS}, "other": "nobody knows it"}
    for word, name in names.items():
        (tmp_path / name).mkdir()
        save_recording(tmp_path / name / "clip.npz", take(word if word in PATHS else "pump", number=5))
    return tmp_path


def test_places_of_all_nearest_words_are_reported_with_intervals(dictionary, clips):
    report = evaluate_dictionary(clips, dictionary)
    assert report["samples"] == 4
    assert report["top10_accuracy"] == 0.75
    assert report["mrr"] == pytest.approx(0.75)
    assert report["accuracy"] == 0.75
    low, high = report["mrr_interval"]
    assert 0 <= low <= 0.75 <= high <= 1
    assert report["unknown_labels"] == {"nobody knows it": 1}
    assert (report["known"]["samples"], report["known"]["mrr"]) == (3, 1.0)
    row = next(row for row in report["clips"] if row["sign"] == "nobody knows it")
    assert row["place"] is None
    assert row["nearest"][0]["id"] == "pump"
    assert "PUMP RU" in lookup_page(json.loads(json.dumps(report)))


def test_a_clip_without_signs_is_not_found(dictionary, clips):
    still = take("pump", lost=1.0, rests=0.0)
    save_recording(clips / "PUMP RU" / "clip.npz", still)
    row = next(row for row in evaluate_dictionary(clips, dictionary)["clips"] if row["sign"] == "PUMP RU")
    assert (row["place"], row["answer"], row["nearest"]) == (len(PATHS), None, [])


def test_folders_of_no_known_word_are_named(dictionary, tmp_path):
    (tmp_path / "table").mkdir()
    save_recording(tmp_path / "table" / "clip.npz", take("pump"))
    with pytest.raises(InputError, match="table \\(1 clips\\)"):
        evaluate_dictionary(tmp_path, dictionary)

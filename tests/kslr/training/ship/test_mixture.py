from pathlib import Path

import pytest

from kslr.recordings import save_recording
from kslr.training.ship.mixture import false_alarms, is_ours, read_word_clips, word_recordings
from kslr.vocabulary import kslr30
from tests.kslr.test_recordings import signing


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    save_recording(tmp_path / "su--voda.npz", signing())
    save_recording(tmp_path / "taxi--taksi.npz", signing(5))
    save_recording(tmp_path / "unknown--word.npz", signing())
    return tmp_path


def test_clips_of_our_words_give_signs_and_idle_parts(clips: Path) -> None:
    found = read_word_clips(clips)
    assert [c.word for c in found] == ["su", "taxi"]
    assert all(c.signs.shape[1:] == (30, 1662) for c in found)


def test_words_come_from_clips_and_packs(clips: Path, shared_data: Path) -> None:
    data = word_recordings(read_word_clips(clips), shared_data)
    counts = {(data.names[c], s) for c, s in zip(data.label, data.source, strict=True)}
    assert ("su", "rsl") in counts
    assert ("su", "ksl30_by_meaning") in counts
    assert ("sau_bolynyz", "qazsign7_hands") in counts
    assert ("telefon", "rsl_dictionary") in counts
    # The second dictionary's "я" may be the letter, and the first one's clips are those of the folder.
    assert ("men", "rsl_dictionary") not in counts
    assert ("bet", "rsl_dictionary") not in counts
    assert set(data.names) <= {s.id for s in kslr30().signs}


def test_words_that_may_mean_one_of_ours_are_no_other_signs() -> None:
    assert all(is_ours(word) for word in ("hello", "Thank_You", "I", "te amo", "salemetsiz_be"))
    assert not any(is_ours(word) for word in ("window", "hellos", ""))


def test_false_alarms_are_windows_of_people_who_do_not_sign(shared_data: Path) -> None:
    from kslr.training.streams.material import load_material

    parts = load_material(shared_data, ["ksl30_by_meaning"])["validation"]
    found = false_alarms(parts, 1.0, seed=0)
    assert found.windows.shape[1:] == (30, 1662)
    assert len(found.windows) == len(found.source)
    assert set(found.source) <= {part.source for part in parts}
    assert 1.0 <= found.minutes < 3.0

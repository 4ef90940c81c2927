from pathlib import Path

import numpy as np
import pytest

from kslr.recordings import save_recording
from kslr.training.ship.mixture import false_alarms, foreign_signs, read_word_clips, word_recordings
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
    assert len(found[0].idle) >= 2


def test_words_come_from_clips_and_packs(clips: Path, shared_data: Path) -> None:
    data = word_recordings(read_word_clips(clips), shared_data)
    counts = {(data.names[c], s) for c, s in zip(data.label, data.source, strict=True)}
    assert ("su", "rsl") in counts
    assert ("su", "ksl30_by_meaning") in counts
    assert ("sau_bolynyz", "qazsign7_hands") in counts
    assert set(data.names) <= {s.id for s in kslr30().signs}


def test_foreign_signs_never_mean_one_of_ours(shared_data: Path) -> None:
    others = foreign_signs(shared_data, 40, seed=0)
    assert len(others) == 160
    spoken = {others.names[i].lower() for i in np.unique(others.label)}
    assert not spoken & {"hello", "thanks", "i", "me", "water", "good", "bad", "salemetsiz_be", "goodbye"}
    assert np.isfinite(others.x[-1]).any()


def test_false_alarms_are_windows_of_people_who_do_not_sign(shared_data: Path) -> None:
    from kslr.training.streams.material import load_material

    parts = load_material(shared_data, ["ksl30_by_meaning"])["validation"]
    found = false_alarms(parts, 1.0, seed=0)
    assert found.windows.shape[1:] == (30, 1662)
    assert len(found.windows) == len(found.source)
    assert set(found.source) <= {part.source for part in parts}
    assert 1.0 <= found.minutes < 3.0


def test_recorders_can_be_left_out_of_foreign_signs(shared_data: Path) -> None:
    every = foreign_signs(shared_data, 400, seed=0)
    gone = str(every.source[every.source != "holistic59"][0])
    assert gone not in foreign_signs(shared_data, 400, seed=0, without=[gone]).source

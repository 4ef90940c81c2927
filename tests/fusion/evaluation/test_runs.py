from pathlib import Path

import pytest

from fusion.evaluation.manifest import Clip
from fusion.evaluation.runs import answer_clip, answer_clips
from fusion.interpreter import Models
from tests.clips import write


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def test_a_clip_without_signs_still_tells_the_face(models, astronaut, tmp_path):
    clip = Clip(write(tmp_path / "a.mp4", [astronaut] * 12, fps=10), None, "happy", "A")
    made = answer_clip(clip, models)
    assert made.sign is None
    assert made.words == 0
    assert made.emotion is not None
    assert made.problem is None
    assert 0.8 < made.seconds < 1.5


def test_what_cannot_be_read_is_an_answer_with_a_problem(models, tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    seen = []
    made = answer_clips(
        [Clip(tmp_path / "bad.mp4", "su", "happy", "A"), Clip(Path("missing.mp4"), "su", None, "B")],
        models,
        progress=lambda name, fraction: seen.append((name, fraction)),
    )
    assert [bool(a.problem) for a in made] == [True, True]
    assert [a.sign for a in made] == [None, None]
    assert seen == [("bad.mp4", 0.0), ("missing.mp4", 0.5)]


def test_a_real_clip_has_its_word_and_its_delay(models, shared_data):
    made = answer_clip(Clip(shared_data / "media/rsl/su--voda.mp4", "su", None, "A"), models)
    assert made.problem is None
    assert made.words >= 1
    assert made.ranked[0][0] == made.sign
    assert made.delay is not None
    assert -0.5 < made.delay < 2.0

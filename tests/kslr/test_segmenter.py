"""The learned segmenter on a drawn signer, on joined streams, and against what could go wrong with its weights."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import shipped
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.segmenter import RATE, LearnedSegmenter, SignTagger, Steps
from kslr.training.segmentation import decisions, matches, segment_f1
from tests.signers import signer


@pytest.fixture(scope="module")
def tagger() -> SignTagger:
    return SignTagger()


@pytest.mark.parametrize("fps", [10, 15, 25, 30])
def test_two_signs_are_two_segments_at_every_frame_rate(fps: int, tagger: SignTagger) -> None:
    ups = ((1.0, 2.4), (4.0, 5.5))
    stream = [signer(t, ups) for t in np.arange(0, 7, 1 / fps)]
    found, decided = decisions(LearnedSegmenter(tagger), stream)
    assert len(found) == 2
    assert len(matches(np.array(ups), found, 0.5)) == 2
    assert (decided - found[:, 1] < 0.5).all()


def test_nothing_happens_while_nobody_moves(tagger: SignTagger) -> None:
    segmenter = LearnedSegmenter(tagger)
    for t in np.arange(0, 60, 0.1):
        assert segmenter.push(signer(float(t), ups=())) is None
        assert not segmenter.signing
    assert segmenter.flush() is None
    assert len(segmenter._frames) < 10  # nothing piles up


def test_a_sign_that_the_file_cuts_off_is_kept(tagger: SignTagger) -> None:
    segmenter = LearnedSegmenter(tagger)
    assert not any(segmenter.push(signer(float(t))) for t in np.arange(0, 2, 1 / 15))
    assert segmenter.signing
    so_far = segmenter.provisional()
    assert so_far is not None
    last = segmenter.flush()
    assert last is not None
    assert last.end == pytest.approx(so_far.end)
    assert not segmenter.signing


def test_a_pause_or_a_step_back_in_time_begins_again(tagger: SignTagger) -> None:
    for jump in (30.0, -1.0):
        segmenter = LearnedSegmenter(tagger)
        for t in np.arange(0, 2, 1 / 15):
            segmenter.push(signer(float(t)))
        ended = segmenter.push(signer(2.0 + jump, ups=()))
        assert ended is not None
        assert ended.end < 2.0
        assert not segmenter.signing


def test_hands_that_are_never_found_sign_nothing(tagger: SignTagger) -> None:
    found, _ = decisions(LearnedSegmenter(tagger), [signer(float(t), hand=False) for t in np.arange(0, 5, 1 / 15)])
    assert len(found) == 0


def test_steps_are_even_and_of_the_body() -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.09, 80))
    near, far = Steps(), Steps()
    rows = [step for t in times for step in near.push(signer(float(t)))]
    assert np.allclose(np.diff([t for t, _ in rows]), 1 / RATE)

    def smaller(one: Landmarks) -> Landmarks:
        pose, hand = one.pose.copy(), one.right_hand
        pose[:, :2] = pose[:, :2] * 0.5 + 0.2
        if hand is not None:
            hand = np.concatenate([hand[:, :2] * 0.5 + 0.2, hand[:, 2:]], axis=1)
        return Landmarks(one.seconds, pose=pose, right_hand=hand)

    again = [step for t in times for step in far.push(smaller(signer(float(t))))]
    assert np.allclose(np.stack([r for _, r in rows]), np.stack([r for _, r in again]), atol=1e-3)


def test_it_finds_signs_in_streams_of_recorders_never_seen(shared_data: Path, tagger: SignTagger) -> None:
    from kslr.training.streams import joined_streams, load_parts

    parts = load_parts(shared_data / "signs", ("ksl30_by_meaning",))["test"]
    counts = np.zeros(3, int)
    for stream in joined_streams(parts, 8, seed=5, direct=0.3):
        found, _ = decisions(LearnedSegmenter(tagger), stream.landmarks())
        counts += (len(stream.spans), len(found), len(matches(stream.spans, found)))
    assert segment_f1(*counts.tolist()) > 0.7


def test_foreign_and_damaged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not of sign segments"):
        SignTagger("emotion")
    card = shipped("segmenter")
    for suffix in (".json", ".tflite"):
        shutil.copy(card.with_suffix(suffix), tmp_path / f"segmenter{suffix}")
    (tmp_path / "segmenter.tflite").write_bytes(b"x" * 100)
    with pytest.raises(InputError):
        SignTagger(tmp_path / "segmenter.json")
    assert json.loads(card.read_text())["task"] == "sign segments"

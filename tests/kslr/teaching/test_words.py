from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import FACE, HANDS, POSE, RIGHT_HAND
from kslr.recognizer import SignRecognizer
from kslr.teaching.vocabularies import TaughtVocabulary, save_vocabulary
from kslr.teaching.words import build_verifier, check_words, forget, new_vocabulary, teach
from kslr.training.datasets import load_pack
from kslr.vocabulary import Sign


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


def gesture(kind: int, n: int, seed: int = 0) -> np.ndarray:
    """(n, 30, 1662): a right hand on a path of its own, before a body."""
    generator, t = np.random.default_rng(seed + kind), np.linspace(0, 1, 30)
    shape = np.random.default_rng(100 + kind).normal(0, 0.03, (21, 3))
    out = np.full((n, 30, 1662), np.nan, np.float32)
    body = np.random.default_rng(1).uniform(0.4, 0.6, (33, 4))
    body[11, :2], body[12, :2], body[0, :2] = (0.62, 0.6), (0.38, 0.6), (0.5, 0.35)
    for i in range(n):
        path = np.stack(
            [0.4 + 0.15 * np.sin(2 * np.pi * t * (1 + kind % 3)), 0.6 - 0.2 * np.cos(np.pi * t * (1 + kind // 3)), 0 * t], -1
        )
        hand = path[:, None] + shape + generator.normal(0, 0.004, (30, 21, 3)) + generator.normal(0, 0.01, 3)
        out[i, :, POSE] = body.reshape(-1)
        out[i, :, RIGHT_HAND] = hand.reshape(30, -1)
    return out


@pytest.fixture(scope="module")
def taught(encoder: SignEncoder) -> TaughtVocabulary:
    vocabulary = new_vocabulary("mine", encoder)
    for kind in range(4):
        sign = Sign(f"w{kind}", f"сөз{kind}", f"w{kind}", f"word {kind}", f"слово{kind}")
        vocabulary = teach(vocabulary, sign, gesture(kind, 4), encoder, [f"{kind}-{i}.mp4" for i in range(4)])
    return vocabulary


def test_taught_words_are_recognised_from_the_file(taught: TaughtVocabulary, tmp_path: Path) -> None:
    recognizer = SignRecognizer(save_vocabulary(tmp_path / "mine.npz", taught))
    for kind in range(4):
        predictions = recognizer.recognize_windows(gesture(kind, 3, seed=50))
        assert [p.ranked[0][0] for p in predictions] == [f"w{kind}"] * 3
    assert recognizer.vocabulary["w1"].kk == "сөз1"
    assert recognizer.vocabulary["w1"].trained_on == {"taught": 4}
    assert recognizer.recognize_windows(np.zeros((1, 30, 1662)))[0].rejected


def test_a_gesture_that_was_not_taught_is_no_word(taught: TaughtVocabulary, encoder: SignEncoder) -> None:
    verifier = build_verifier(forget(taught, "w3"), encoder)
    known, other = (verifier.probabilities(encoder.embed(gesture(kind, 3, seed=50))) for kind in (1, 3))
    assert (known[:, 1] > 0.8).all()
    assert (other[:, :-1].max(axis=1) < known[:, 1].min()).all()


def test_one_word_is_a_vocabulary(taught: TaughtVocabulary, encoder: SignEncoder, tmp_path: Path) -> None:
    one = forget(forget(forget(taught, "w1"), "w2"), "w3")
    recognizer = SignRecognizer(save_vocabulary(tmp_path / "one.npz", one))
    assert {p.sign_id for p in recognizer.recognize_windows(gesture(0, 3, seed=50))} == {"w0"}
    assert not any(p.sign_id for p in recognizer.recognize_windows(gesture(4, 3, seed=50)))
    assert check_words(one, encoder)["per_word"]["w0"]["recordings"] == 4
    with pytest.raises(InputError, match="no words"):
        build_verifier(forget(one, "w0"), encoder)


def test_the_face_changes_nothing(encoder: SignEncoder) -> None:
    bare = gesture(2, 2)
    faced = bare.copy()
    faced[..., FACE] = np.random.default_rng(0).uniform(0.4, 0.5, (2, 30, 1404))
    assert np.array_equal(encoder.embed(bare), encoder.embed(faced))


def test_checking_asks_what_was_left_out(taught: TaughtVocabulary, encoder: SignEncoder) -> None:
    report = check_words(taught, encoder)
    assert report["accuracy"] >= 0.9
    assert report["per_word"]["w0"]["recordings"] == 4
    # Two names for one gesture cannot be told apart, and the check_words must say so.
    twin = teach(taught, Sign("twin", "егіз", "twin", "twin", "близнец"), gesture(0, 4, seed=7), encoder)
    confused = check_words(twin, encoder)
    assert {"w0", "twin"} & set(confused["weak"])
    assert any({pair["right"], pair["answered"]} == {"w0", "twin"} for pair in confused["confused"])


def test_forgetting_keeps_the_others(taught: TaughtVocabulary, encoder: SignEncoder) -> None:
    less = forget(taught, "w1")
    assert [s.id for s in less.signs] == ["w0", "w2", "w3"]
    assert len(less.provenance) == 12
    assert not any(name.startswith("1-") for name in less.provenance)
    z = encoder.embed(gesture(3, 2, seed=9))
    assert (build_verifier(less, encoder).probabilities(z).argmax(axis=1) == 2).all()
    with pytest.raises(InputError, match="no word"):
        forget(less, "w1")


def test_more_recordings_of_a_word_are_added_to_it(taught: TaughtVocabulary, encoder: SignEncoder) -> None:
    more = teach(taught, taught.signs[2], gesture(2, 1, seed=3), encoder, ["new.mp4"])
    assert more.recordings_of("w2") == 5
    assert len(more.signs) == 4
    assert more.provenance[-1] == "new.mp4"


def test_what_cannot_be_taught_is_told(taught: TaughtVocabulary, encoder: SignEncoder, tmp_path: Path) -> None:
    blank = gesture(0, 1)
    blank[..., HANDS] = np.nan
    with pytest.raises(InputError, match="shows no hands"):
        teach(taught, Sign("x", "x", "x", "x", "x"), blank, encoder)
    with pytest.raises(InputError, match="shape"):
        teach(taught, Sign("x", "x", "x", "x", "x"), blank[0], encoder)
    alien = TaughtVocabulary("alien", "0" * 64)
    with pytest.raises(InputError, match="another encoder"):
        teach(alien, Sign("x", "x", "x", "x", "x"), gesture(0, 1), encoder)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    for name in ("bad.npz", "other.npz", "missing.npz"):
        with pytest.raises(InputError):
            SignRecognizer(tmp_path / name)


def test_the_recording_nearest_to_the_others_is_kept_to_be_shown(encoder: SignEncoder) -> None:
    odd, common = gesture(5, 1), gesture(1, 4)
    face = np.random.default_rng(0).uniform(0.4, 0.5, (5, 30, 1404))
    windows = np.concatenate([odd, common])
    windows[..., FACE] = face
    sign, blank = Sign("w", "w", "w", "w", "w"), new_vocabulary("one", encoder)
    bare = teach(blank, sign, windows, encoder, seconds=[9, 1, 2, 3, 4]).exemplars["w"]
    assert bare.recording != 0
    assert bare.seconds == bare.recording
    assert bare.window.dtype == np.float16
    assert not bare.face
    assert np.allclose(bare.window[:, RIGHT_HAND], windows[bare.recording][:, RIGHT_HAND], atol=1e-3)
    assert teach(blank, sign, windows, encoder, face=True).exemplars["w"].face
    assert not teach(blank, sign, windows, encoder, exemplar=False).exemplars
    # The first of two words goes: the other's exemplar is still a recording of its own.
    two = teach(teach(blank, sign, windows, encoder), replace(sign, id="v"), gesture(2, 3), encoder)
    left = forget(two, "w").exemplars
    assert list(left) == ["v"]
    assert left["v"].recording == two.exemplars["v"].recording - 5
    # A better recording takes the place of the odd one it had to make do with.
    first = teach(blank, sign, odd, encoder)
    assert first.exemplars["w"].recording == 0
    assert teach(first, sign, common, encoder).exemplars["w"].recording > 0


def test_twenty_words_from_five_recordings_are_read_again(shared_data: Path, encoder: SignEncoder) -> None:
    data = load_pack("holistic59", shared_data).sample_classes(20, 1)
    vocabulary = new_vocabulary("twenty", encoder)
    for c, name in enumerate(data.names):
        vocabulary = teach(vocabulary, Sign(name, name, name, name, name), data.x[data.label == c][:5], encoder)
    verifier = build_verifier(vocabulary, encoder)
    test = np.concatenate([np.flatnonzero(data.label == c)[-5:] for c in range(20)])
    right = verifier.probabilities(encoder.embed(data.x[test]))[:, :20].argmax(axis=1) == data.label[test]
    assert right.mean() > 0.85

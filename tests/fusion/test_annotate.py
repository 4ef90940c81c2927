from dataclasses import replace

import av
import numpy as np
import pytest

from fusion.annotate import READING_SECONDS, AnnotatedVideo, annotate, best_codec, draw_skeleton, draw_subtitle
from fusion.appearance import EMOTION_COLOURS, PART_COLOURS
from fusion.interpreter import Interpreter, Models
from fusion.observation import Observation
from fusion.tagged import TaggedWord
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.video import Frame, VideoFile
from kslr.vocabulary import kslr30

SIZE = (240, 320, 3)


def share(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    """How much of a picture has exactly a colour."""
    return float((picture == colour).all(axis=-1).mean())


def word(emotion: str | None = "happy", start: float = 0.0, end: float = 1.0, sign: str = "su") -> TaggedWord:
    return TaggedWord(kslr30()[sign], 0.9, start, end, ((sign, 0.9),), emotion, {emotion: 0.8} if emotion else {})


def nothing(seconds: float, signing: bool = False, words: tuple = ()) -> Observation:
    return Observation(
        seconds=seconds, landmarks=Landmarks(seconds), crop=None, emotion=None, words=words, signing=signing, hint="nobody"
    )


@pytest.fixture(scope="module")
def seen(astronaut) -> Observation:
    with Interpreter(Models.load()).session() as session:
        for i in range(3):
            observation = session.push(Frame(astronaut, i / 10))
    return observation


def test_what_was_seen_is_drawn_where_it_is(astronaut, seen):
    picture = annotate(astronaut, seen, word(), "kk")
    assert picture.shape == astronaut.shape
    assert not np.array_equal(picture, astronaut)
    assert share(picture, PART_COLOURS["pose"]) > 0.0005
    # The face is at the middle above; its mesh and box are there and nowhere else.
    changed = (picture != astronaut).any(axis=-1)
    assert changed[60:220, 160:300].mean() > 0.02
    assert changed[200:400, 420:].mean() < 0.01
    assert share(picture[400:], EMOTION_COLOURS["happy"]) > 0.02
    assert picture[:40, :120].astype(int).sum() < astronaut[:40, :120].astype(int).sum()


def test_the_picture_given_is_left_as_it_was(astronaut, seen):
    before = astronaut.copy()
    annotate(astronaut, seen, word())
    assert np.array_equal(astronaut, before)


def test_absent_parts_are_not_drawn():
    picture = np.zeros(SIZE, np.uint8)
    draw_skeleton(picture, Landmarks(0.0))
    assert not picture.any()
    for part in ("left_hand", "right_hand"):
        picture = np.zeros(SIZE, np.uint8)
        points = np.random.default_rng(0).random((21, 3)).astype(np.float32)
        draw_skeleton(picture, Landmarks(0.0, **{part: points}))
        assert share(picture, PART_COLOURS[part]) > 0.001
        other = "right_hand" if part == "left_hand" else "left_hand"
        assert share(picture, PART_COLOURS[other]) == 0


def test_points_far_outside_do_no_harm():
    picture = np.zeros(SIZE, np.uint8)
    far = np.full((33, 4), 900.0, np.float32)
    far[11] = (-700, 0.5, 0, 1)
    draw_skeleton(picture, Landmarks(0.0, pose=far))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("size", [(240, 320), (90, 64), (640, 360), (1080, 1920)])
def test_long_and_short_words_fit_every_picture(language, size):
    for sign in ("men_seni_suyemin", "sau_bolynyz", "it"):
        picture = np.zeros((*size, 3), np.uint8)
        draw_subtitle(picture, word("surprise", sign=sign), language)
        assert share(picture, EMOTION_COLOURS["surprise"]) > 0.005
        # The band ends before the picture does, or fills it; no letter is cut at the right.
        assert not (picture[:, -1] == (16, 20, 28)).all(axis=-1).any()


def test_languages_and_emotions_look_different():
    pictures = []
    for language, emotion in (("kk", "happy"), ("ru", "happy"), ("kk", "sad"), ("kk", None)):
        picture = np.zeros(SIZE, np.uint8)
        draw_subtitle(picture, word(emotion), language)
        pictures.append(picture.tobytes())
    assert len(set(pictures)) == 4


def test_a_video_keeps_every_frames_own_time(tmp_path):
    times = [0.0, 0.04, 0.2, 0.21, 1.0, 1.5]
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        for seconds in times:
            video.add(Frame(np.full(SIZE, 80, np.uint8), seconds), nothing(seconds))
    with VideoFile(tmp_path / "out.mp4") as back:
        found = [frame.seconds for frame in back]
        assert back.size == (320, 240)
    assert found == pytest.approx(times, abs=0.002)


def test_a_word_stands_under_its_own_sign_though_it_is_known_only_after_it(tmp_path):
    told = word(start=0.5, end=1.0)
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        for i in range(40):
            seconds = i / 10
            words = (told,) if i == 11 else ()
            video.add(Frame(np.zeros(SIZE, np.uint8), seconds), nothing(seconds, signing=4 <= i < 11, words=words))
    colour = np.array(EMOTION_COLOURS["happy"])
    with VideoFile(tmp_path / "out.mp4") as back:
        under = [frame.seconds for frame in back if (np.abs(frame.rgb.astype(int) - colour).max(axis=-1) < 40).mean() > 0.02]
    assert min(under) == pytest.approx(0.5, abs=0.11)
    assert max(under) == pytest.approx(1.0 + READING_SECONDS, abs=0.11)


def test_the_last_word_of_a_clip_is_told_too(tmp_path):
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        for i in range(10):
            video.add(Frame(np.zeros(SIZE, np.uint8), i / 10), nothing(i / 10, signing=True))
        video.tell([word("sad", start=0.2, end=0.9)])
    with VideoFile(tmp_path / "out.mp4") as back:
        last = list(back)[-1]
    assert (np.abs(last.rgb.astype(int) - EMOTION_COLOURS["sad"]).max(axis=-1) < 40).mean() > 0.02


def test_odd_sizes_and_changing_sizes_and_standing_clocks_are_written(tmp_path):
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        for i, size in enumerate([(241, 321), (241, 321), (100, 100)]):
            video.add(Frame(np.zeros((*size, 3), np.uint8), 0.0), replace(nothing(0.0), words=()))
            assert i < 3
    with VideoFile(tmp_path / "out.mp4") as back:
        assert back.size == (320, 240)
        assert len(list(back)) == 3


def test_memory_is_bounded_when_a_sign_never_ends(tmp_path):
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        for i in range(100):
            video.add(Frame(np.zeros((64, 64, 3), np.uint8), i / 10), nothing(i / 10, signing=True))
            assert len(video._held) < 60


def test_browsers_play_what_is_written(tmp_path):
    assert best_codec()[0] == "libx264"
    with AnnotatedVideo(tmp_path / "out.mp4") as video:
        video.add(Frame(np.zeros(SIZE, np.uint8), 0.0), nothing(0.0))
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    # The index stands in front, so that playing starts before all is there.
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("path", ["/proc/none/out.mp4", "/dev/full"])
def test_an_unwritable_place_is_told(path):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    with pytest.raises(InputError, match="cannot be written"), AnnotatedVideo(path) as video:  # noqa: PT012
        for i in range(60):
            video.add(Frame(noise, i / 10), nothing(i / 10))


def test_nothing_is_written_without_frames(tmp_path):
    with AnnotatedVideo(tmp_path / "out.mp4"):
        pass
    assert not (tmp_path / "out.mp4").exists()

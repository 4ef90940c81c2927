from dataclasses import replace

import av
import numpy as np
import pytest

from fusion.annotated_video import READING_SECONDS, AnnotatedVideo, best_codec
from fusion.appearance import EMOTION_COLOURS
from fusion.observation import Observation, TaggedWord
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.video import Frame, VideoFile
from kslr.vocabulary import kslr30

SIZE = (240, 320, 3)


def word(emotion: str | None = "happy", start: float = 0.0, end: float = 1.0, sign: str = "su") -> TaggedWord:
    return TaggedWord(kslr30()[sign], 0.9, start, end, ((sign, 0.9),), emotion, {emotion: 0.8} if emotion else {})


def nothing(seconds: float, signing: bool = False, words: tuple = ()) -> Observation:
    return Observation(
        seconds=seconds, landmarks=Landmarks(seconds), crop=None, emotion=None, words=words, signing=signing, hint="nobody"
    )


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
        video.add_words([word("sad", start=0.2, end=0.9)])
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

"""Files, good and broken, as timed frames."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.camera import Camera
from kslr.core.errors import InputError
from kslr.video import Frame, VideoFile, open_source
from tests import clips


def read(path: Path, **limits: float) -> tuple[VideoFile, list[Frame]]:
    with VideoFile(path, **limits) as video:
        return video, list(video)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_frames_come_in_their_order_with_their_times(tmp_path: Path, astronaut: np.ndarray, name: str, codec: str):
    pictures = list(clips.shaken(astronaut, 12))
    video, frames = read(clips.write(tmp_path / name, pictures, fps=25, codec=codec))
    assert len(frames) == 12
    np.testing.assert_allclose([frame.seconds for frame in frames], np.arange(12) / 25, atol=1e-3)
    assert video.duration == pytest.approx(12 / 25, abs=0.05)
    assert video.size == (320, 240)
    assert not video.truncated
    for frame, picture in zip(frames, pictures, strict=True):
        assert frame.rgb.shape == (240, 320, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.flags.c_contiguous
        # The very picture, in RGB, as well as a codec keeps it: no neighbour is as near.
        assert np.abs(frame.rgb.astype(int) - picture).mean() < 8


def test_colours_are_red_green_blue(tmp_path: Path):
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    _, frames = read(clips.write(tmp_path / "red.mp4", [red]))
    r, g, b = frames[0].rgb.reshape(-1, 3).mean(axis=0)
    assert r > 180
    assert max(g, b) < 30


def test_a_varying_rate_keeps_its_times(tmp_path: Path, astronaut: np.ndarray):
    times = [0.0, 0.04, 0.2, 0.5, 0.51, 0.9]
    _, frames = read(clips.varying(tmp_path / "phone.mp4", astronaut, times))
    np.testing.assert_allclose([frame.seconds for frame in frames], times, atol=1e-3)


def test_the_first_frame_is_at_zero(tmp_path: Path, astronaut: np.ndarray):
    _, frames = read(clips.varying(tmp_path / "late.mkv", astronaut, [3.0, 3.1, 3.4]))
    np.testing.assert_allclose([frame.seconds for frame in frames], [0, 0.1, 0.4], atol=2e-3)


def test_a_browsers_recording_has_no_duration_until_it_was_read(tmp_path: Path, astronaut: np.ndarray):
    with VideoFile(clips.webm_without_duration(tmp_path / "browser.webm", astronaut, 20)) as video:
        assert video.duration is None
        frames = list(video)
        assert not video.truncated
        assert video.duration == pytest.approx(frames[-1].seconds + 1 / 25, abs=0.02)
    np.testing.assert_allclose([frame.seconds for frame in frames], np.arange(20) / 25, atol=2e-3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_recording_is_upright(tmp_path: Path, astronaut: np.ndarray, degrees: int):
    video, frames = read(clips.turned(tmp_path / "phone.mp4", astronaut, degrees))
    upright = (240, 320) if degrees % 180 else (320, 240)
    assert video.size == upright
    expected = next(clips.shaken(astronaut, 5, upright))
    assert frames[0].rgb.shape == expected.shape
    assert frames[0].rgb.flags.c_contiguous
    assert np.abs(frames[0].rgb.astype(int) - expected).mean() < 8


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [((640, 360), 320, (320, 180)), ((360, 640), 320, (180, 320)), ((100, 60), 320, (100, 60)), ((642, 16), 64, (64, 2))],
)
def test_large_pictures_get_smaller_and_small_ones_stay(
    tmp_path: Path, astronaut: np.ndarray, size: tuple[int, int], max_side: int, expected: tuple[int, int]
):
    path = clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 2, size))
    video, frames = read(path, max_side=max_side)
    assert video.size == expected
    assert {frame.rgb.shape for frame in frames} == {(expected[1], expected[0], 3)}


def test_pixels_that_are_not_square_become_square(tmp_path: Path, astronaut: np.ndarray):
    path = clips.write(tmp_path / "dvd.mp4", clips.shaken(astronaut, 2, (240, 240)), pixel_aspect=Fraction(4, 3))
    video, frames = read(path)
    assert video.size == (320, 240)
    assert frames[0].rgb.shape == (240, 320, 3)


def test_a_picture_that_changes_its_shape_is_fitted_in(tmp_path: Path, astronaut: np.ndarray):
    # Two recordings joined: MPEG streams may be, and browsers switch like this when a phone is turned.
    parts = [
        clips.write(tmp_path / f"{n}.ts", clips.shaken(astronaut, 3, size)) for n, size in enumerate([(320, 240), (240, 320)])
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    _, frames = read(joined)
    assert len(frames) == 6
    assert {frame.rgb.shape for frame in frames} == {(240, 320, 3)}
    assert (np.diff([frame.seconds for frame in frames]) > 0).all()
    last = frames[-1].rgb
    assert last[:, :60].max() < 20
    assert last[:, -60:].max() < 20
    assert last[:, 80:240].mean() > 60
    assert np.median(frames[0].rgb[:, :60]) > 20


def test_very_large_pictures_are_read(tmp_path: Path):
    video, frames = read(clips.large(tmp_path / "poster.avi", (8000, 4500)))
    assert video.size == (640, 360)
    assert len(frames) == 1


def refused(path: Path, **limits: float) -> str:
    """The message with which a file is refused."""
    with pytest.raises(InputError) as caught:
        read(path, **limits)
    message = str(caught.value)
    assert str(path) in message
    assert message.count(". ") >= 1  # what is wrong, then what to do
    assert message.endswith(".")
    return message


def test_a_missing_file(tmp_path: Path):
    assert "does not exist" in refused(tmp_path / "nowhere.mp4")


def test_a_folder(tmp_path: Path):
    assert "folder" in refused(tmp_path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: clips.empty(folder / "a.mp4"), "is empty"),
        (lambda folder: clips.text(folder / "a.mp4"), "not a video"),
        (lambda folder: clips.audio_only(folder / "a.mp4"), "sound only"),
        (lambda folder: clips.audio_only(folder / "a.wav"), "sound only"),
        (lambda folder: clips.without_frames(folder / "a.mp4"), "no pictures"),
        (lambda folder: clips.without_frames(folder / "a.mkv"), "not a video"),
        (lambda folder: clips.large(folder / "a.avi", (9000, 64)), "9000×64"),
    ],
    ids=["empty", "text", "audio in mp4", "audio in wav", "zero frames in mp4", "zero frames in mkv", "huge"],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, make: Callable[[Path], Path], says: str):
    assert says in refused(make(tmp_path))


def test_a_very_long_file_is_refused_by_its_header(tmp_path: Path, astronaut: np.ndarray):
    assert "4 hours" in refused(clips.varying(tmp_path / "lecture.mkv", astronaut, [0, 5 * 3600]))


@pytest.mark.parametrize(
    ("name", "jump"),
    [("tv.ts", 5.5 * 3600), ("camera.m2ts", 8 * 3600), ("meeting.ts", 2 * 3600), ("pause.ts", 600), ("back.ts", -3600)],
)
def test_a_clock_that_jumps_loses_nothing(tmp_path: Path, astronaut: np.ndarray, name: str, jump: float):
    start = max(0.0, -jump)
    times = [start + i / 10 for i in range(10)] + [start + 1 + jump + i / 10 for i in range(15)]
    if jump < 0:  # Muxers refuse times that go back: two recordings, one after the other.
        parts = [clips.varying(tmp_path / f"{i}.ts", astronaut, part) for i, part in enumerate((times[:10], times[10:]))]
        path = tmp_path / name
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
    else:
        path = clips.varying(tmp_path / name, astronaut, times)
    video, frames = read(path)
    assert len(frames) == 25
    assert all(0 < b.seconds - a.seconds < 1.5 for a, b in pairwise(frames))
    assert frames[-1].seconds < 4
    assert video.duration == pytest.approx(frames[-1].seconds, abs=1.5)
    assert not video.truncated


@pytest.mark.parametrize(
    ("name", "start"), [("late.mkv", 100), ("later.mkv", 5 * 3600), ("late.webm", 5 * 3600), ("late.ts", 5 * 3600)]
)
def test_a_clock_that_does_not_begin_at_zero(tmp_path: Path, astronaut: np.ndarray, name: str, start: float):
    codec = "libvpx" if name.endswith("webm") else "libx264"
    times = [start + i / 10 for i in range(15)]
    video, frames = read(clips.write(tmp_path / name, clips.shaken(astronaut, 15), times=times, codec=codec))
    assert (len(frames), frames[0].seconds) == (15, 0.0)
    assert frames[-1].seconds == pytest.approx(1.4, abs=0.02)
    assert video.duration == pytest.approx(1.5, abs=0.2)
    assert not video.truncated


def test_a_long_pause_between_pictures_is_kept(tmp_path: Path, astronaut: np.ndarray):
    assert [round(frame.seconds) for frame in read(clips.varying(tmp_path / "a.mkv", astronaut, [0, 1, 31, 32]))[1]] == [
        0,
        1,
        31,
        32,
    ]


def test_a_file_called_7_is_a_file(tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 3)).rename(tmp_path / "7")
    monkeypatch.chdir(tmp_path)
    with open_source("7") as video:
        assert len(list(video)) == 3
    assert type(open_source("8")) is Camera


def test_a_very_long_file_without_duration_is_noticed_on_the_way(tmp_path: Path, astronaut: np.ndarray):
    path = clips.webm_without_duration(tmp_path / "browser.webm", astronaut, 20)
    with VideoFile(path, longest=0.5) as video, pytest.raises(InputError, match="longer than"):
        list(video)


def test_the_limits_are_arguments(tmp_path: Path, astronaut: np.ndarray):
    path = clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 5))
    assert "320×240" in refused(path, largest=300)
    assert "longer" in refused(path, longest=0.1)
    assert len(read(path, largest=320, longest=1.0)[1]) == 5


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path: Path, astronaut: np.ndarray, name: str):
    video, frames = read(clips.truncated(tmp_path / name, astronaut, frames=60))
    assert 10 < len(frames) < 60
    assert video.truncated
    np.testing.assert_allclose([f.seconds for f in frames[:10]], np.arange(10) / 25, atol=1e-3)


@pytest.mark.parametrize("make", [clips.beheaded, lambda path, picture: clips.truncated(path, picture, keep=0.05)])
def test_a_truncated_file_without_any_picture_is_refused(tmp_path: Path, astronaut: np.ndarray, make: Callable):
    assert "Choose a video" in (message := refused(make(tmp_path / "a.mp4", astronaut))) or "damaged" in message


def test_a_damaged_middle_is_left_out(tmp_path: Path, astronaut: np.ndarray):
    path = clips.write(tmp_path / "a.avi", clips.shaken(astronaut, 30), codec="mjpeg")
    content = bytearray(path.read_bytes())
    third = content.index(b"00dc", content.index(b"00dc", content.index(b"00dc") + 4) + 4) + 8
    content[third : third + 600] = bytes(600)
    path.write_bytes(content)
    _, frames = read(path)
    assert 28 <= len(frames) <= 30
    assert frames[-1].seconds == pytest.approx(29 / 25, abs=0.05)


def test_a_list_of_other_files_is_no_video(tmp_path: Path, astronaut: np.ndarray):
    clips.write(tmp_path / "real.ts", clips.shaken(astronaut, 3))
    playlist = tmp_path / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nreal.ts\n#EXT-X-ENDLIST\n")
    assert "not a video" in refused(playlist)
    playlist.write_text("ffconcat version 1.0\nfile real.ts\n")
    assert "not a video" in refused(playlist)


def test_a_name_with_a_colon_is_a_file(tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 3)).rename(tmp_path / "https:қол белгісі.mp4")
    assert len(read(Path("https:қол белгісі.mp4"))[1]) == 3


def test_nothing_is_said_on_stderr_about_broken_files(tmp_path: Path, astronaut: np.ndarray, capfd: pytest.CaptureFixture[str]):
    read(clips.truncated(tmp_path / "a.mp4", astronaut))
    refused(clips.text(tmp_path / "b.mp4"))
    assert capfd.readouterr().err == ""


def test_it_must_be_open(tmp_path: Path, astronaut: np.ndarray):
    path = clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 3))
    video = VideoFile(path)
    with pytest.raises(RuntimeError, match="with statement"):
        next(video)
    for _ in range(2):  # and may be opened again
        with video:
            assert len(list(video)) == 3
            assert list(video) == []
    with pytest.raises(RuntimeError, match="with statement"):
        next(video)


@pytest.mark.parametrize(
    ("source", "kind"), [(0, Camera), ("1", Camera), ("clip.mp4", VideoFile), (Path("0"), VideoFile), ("٣", VideoFile)]
)
def test_a_number_is_a_camera_and_all_else_a_file(source: str | Path | int, kind: type):
    assert type(open_source(source)) is kind


def test_a_real_clip(shared_data: Path):
    video, frames = read(shared_data / "media/rsl/su--voda.mp4")
    assert (video.size, len(frames)) == ((640, 360), 225)
    assert video.duration == pytest.approx(7.5)
    assert frames[-1].seconds == pytest.approx(224 / 30, abs=0.01)

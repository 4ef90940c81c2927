from pathlib import Path

import av
import pytest

from fusion.interpreter import Models
from fusion.transcripts.exports import from_json
from kslr.core.errors import InputError
from kslr.teaching.naming import WordNames
from kslr.teaching.takes import Take, judge
from kslr.video import VideoFile
from tests import clips
from tests.takes import take
from ui.server.resources import Limits
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.uploads import Step
from ui.video.translation import Translation, translate_upload, video_refusal


@pytest.fixture(scope="module")
def services():
    made = Services(Models.load(), Limits(upload_megabytes=1, video_minutes=1))
    yield made
    made.close()


def test_a_clip_ends_in_words_and_files(services, still_clip):
    *steps, last = translate_upload(still_clip, "ғарышкер.mp4", "ru", services)
    assert isinstance(last, Translation)
    assert all(isinstance(step, Step) for step in steps)
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert last.name == "ғарышкер.mp4"
    assert last.words == ()
    assert last.seen.with_face > 20
    assert last.emotions.shape == (len(last.times), 7)
    assert set(last.files) == {"mp4", "txt", "json", "csv", "srt", "vtt", "eaf"}
    assert from_json(last.files["json"].read_text()) == []
    with av.open(str(last.files["mp4"])) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == last.seen.frames


def test_a_vocabulary_is_chosen_and_named_in_the_files(services, still_clip, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    for word in ("circle", "pump"):
        one = take(word)
        services.vocabularies.teach("mine", WordNames(word, word, word, word), [Take(one, judge(one))])
    *_, last = translate_upload(still_clip, "a.mp4", "kk", services, "mine")
    assert last.vocabulary == "mine"
    assert '"vocabulary": "mine"' in last.files["json"].read_text()
    with pytest.raises(Refusal) as refused:
        list(translate_upload(still_clip, "a.mp4", "kk", services, "nobody's"))
    assert refused.value.key == "teach.bad_name"


def test_stopping_in_the_middle_leaves_nothing_open(services, still_clip):
    steps = translate_upload(still_clip, "a.mp4", "kk", services)
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def bad_files(folder: Path) -> dict[str, Path]:
    text, empty, long_name = folder / "text.mp4", folder / "empty.mp4", folder / "notes.pdf"
    text.write_text("This is no video at all.\n" * 50)
    empty.write_bytes(b"")
    long_name.write_bytes(b"%PDF")
    large = folder / "large.mp4"
    large.write_bytes(bytes(1_100_000))
    return {
        "video.unreadable": text,
        "video.empty": empty,
        "video.format": long_name,
        "video.large": large,
        "video.no_picture": clips.audio_only(folder / "sound.mp4"),
    }


@pytest.mark.parametrize("key", ["video.unreadable", "video.empty", "video.format", "video.large", "video.no_picture"])
def test_bad_files_are_told_in_the_apps_words(services, tmp_path, key):
    path = bad_files(tmp_path)[key]
    with pytest.raises(Refusal) as refused:
        list(translate_upload(path, path.name, "kk", services))
    assert refused.value.key == key


def test_a_long_video_is_told(services, tmp_path, astronaut):
    path = clips.varying(tmp_path / "long.mp4", astronaut, [0.0, 1.0, 61.0, 62.0])
    with pytest.raises(Refusal) as refused:
        list(translate_upload(path, path.name, "kk", services))
    assert refused.value.key == "video.long"
    assert refused.value.values["minutes"] == 1


def test_a_truncated_video_gives_what_there_is(services, tmp_path, astronaut):
    path = clips.truncated(tmp_path / "cut.mkv", astronaut)
    *_, last = translate_upload(path, path.name, "kk", services)
    assert last.seen.frames > 5


def test_the_refusal_follows_the_code_of_the_error(tmp_path):
    for key, path in bad_files(tmp_path).items():
        if key in ("video.format", "video.large"):
            continue
        with pytest.raises(InputError) as error, VideoFile(path):
            pass
        assert video_refusal(error.value, 1, 1).key == key

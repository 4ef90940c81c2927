import pytest

from fusion.observation import TaggedWord
from fusion.transcripts.elan import read_eaf
from fusion.transcripts.exports import from_csv, from_json
from fusion.transcripts.formats import DOWNLOADS, Format, Transcript
from fusion.transcripts.subtitles import from_subtitles
from kslr.vocabulary import kslr30

WORDS = [TaggedWord(kslr30()["su"], 0.9, 1.0, 2.0, (("su", 0.9),), "happy", {"happy": 0.7})]


def content(kind: str) -> bytes:
    return Format(kind).serialize(Transcript(WORDS, "a.mp4", 3.0, "kslr30", "ru"))


def test_every_format_is_read_back(tmp_path):
    assert from_json(content("json").decode())[0].sign.kk == "Су"
    assert from_csv(content("csv").decode())[0].start == 1.0
    for kind in ("srt", "vtt"):
        assert from_subtitles(content(kind).decode(), kslr30(), "ru")[0][:3] == (1.0, 2.0, "su")
    (tmp_path / "words.eaf").write_bytes(content("eaf"))
    assert read_eaf(tmp_path / "words.eaf")[0][2] == "Вода"
    assert "Вода" in content("text").decode()


@pytest.mark.parametrize("format", DOWNLOADS.values())
def test_nothing_signed_is_a_file_too(format):
    assert isinstance(format.serialize(Transcript([], "", 0.0, "")), bytes)


def test_an_unknown_format_is_an_error():
    with pytest.raises(ValueError, match="exe"):
        Format("exe")


def test_each_download_has_its_extension_and_media_type():
    assert {extension: format.media_type.partition(";")[0] for extension, format in DOWNLOADS.items()} == {
        "txt": "text/plain",
        "json": "application/json",
        "csv": "text/csv",
        "srt": "application/x-subrip",
        "vtt": "text/vtt",
        "eaf": "text/xml",
    }

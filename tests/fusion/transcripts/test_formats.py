import pytest

from fusion.tagged import TaggedWord
from fusion.transcripts.elan import read_eaf
from fusion.transcripts.exports import from_csv, from_json, from_subtitles
from fusion.transcripts.formats import FORMATS, written
from kslr.vocabulary import kslr30

WORDS = [TaggedWord(kslr30()["su"], 0.9, 1.0, 2.0, (("su", 0.9),), "happy", {"happy": 0.7})]


def content(kind: str) -> bytes:
    return written(kind, WORDS, source="a.mp4", duration=3.0, vocabulary="kslr30", language="ru")


def test_every_format_is_read_back(tmp_path):
    assert from_json(content("json").decode())[0].sign.kk == "Су"
    assert from_csv(content("csv").decode())[0].start == 1.0
    for kind in ("srt", "vtt"):
        assert from_subtitles(content(kind).decode(), kslr30(), "ru")[0][:3] == (1.0, 2.0, "su")
    (tmp_path / "words.eaf").write_bytes(content("eaf"))
    assert read_eaf(tmp_path / "words.eaf")[0][2] == "Вода"
    assert "Вода" in content("txt").decode()


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_signed_is_a_file_too(kind):
    assert isinstance(written(kind, [], source="", duration=0.0, vocabulary="", language="kk"), bytes)


def test_an_unknown_format_is_an_error():
    with pytest.raises(KeyError):
        written("exe", [], source="", duration=0.0, vocabulary="", language="kk")

import xml.etree.ElementTree as ElementTree

import pytest

from fusion.observation import TaggedWord
from fusion.transcripts.elan import read_eaf, to_eaf
from kslr.core.errors import InputError
from kslr.vocabulary import kslr30


@pytest.fixture
def words() -> list[TaggedWord]:
    signs = kslr30()
    return [
        TaggedWord(signs["rakhmet"], 0.91, 0.5, 1.75, (("rakhmet", 0.91), ("su", 0.05)), "happy", {"happy": 0.8}),
        TaggedWord(signs["su"], 0.5, 2.0, 3.0, (("su", 0.5),), None, {}),
    ]


def test_what_is_written_is_read(tmp_path, words):
    (tmp_path / "a.eaf").write_bytes(to_eaf(words))
    assert read_eaf(tmp_path / "a.eaf") == [(0.5, 1.75, "Рақмет", "happy", 0.91), (2.0, 3.0, "Су", None, 0.5)]


def test_the_file_has_elans_tiers_and_its_video(tmp_path, words):
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "a.eaf").write_bytes(to_eaf(words, media=tmp_path / "clip.mp4", language="ru"))
    root = ElementTree.parse(tmp_path / "a.eaf").getroot()
    assert root.tag == "ANNOTATION_DOCUMENT"
    assert [tier.get("TIER_ID") for tier in root.iter("TIER")] == ["sign", "emotion", "confidence", "alternatives"]
    assert next(root.iter("MEDIA_DESCRIPTOR")).get("MEDIA_URL").endswith("clip.mp4")
    assert "Спасибо" in [value.text for value in root.iter("ANNOTATION_VALUE")]


def test_no_words_is_a_file_without_annotations(tmp_path):
    (tmp_path / "a.eaf").write_bytes(to_eaf([]))
    assert read_eaf(tmp_path / "a.eaf") == []


@pytest.mark.parametrize("content", ["", "no xml", "<a/>", "<ANNOTATION_DOCUMENT></ANNOTATION_DOCUMENT>"])
def test_what_is_no_elan_file_is_refused(tmp_path, content):
    (tmp_path / "a.eaf").write_text(content)
    with pytest.raises(InputError):
        read_eaf(tmp_path / "a.eaf")

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from urllib.parse import unquote

import pytest
from pympi.Elan import Eaf

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


def test_words_of_an_upload_are_linked_by_name_alone(tmp_path, words):
    (tmp_path / "a.eaf").write_bytes(to_eaf(words, media="Сабақ 1.mp4", language="ru"))
    media = next(ElementTree.parse(tmp_path / "a.eaf").getroot().iter("MEDIA_DESCRIPTOR"))
    assert media.get("MEDIA_URL") == media.get("RELATIVE_MEDIA_URL")
    assert unquote(media.get("MEDIA_URL")) == "./Сабақ 1.mp4"
    assert media.get("MIME_TYPE") == "video/mp4"
    assert "радость" in (tmp_path / "a.eaf").read_text(encoding="utf-8")


def test_a_corrected_word_has_no_confidence(tmp_path, words):
    (tmp_path / "a.eaf").write_bytes(to_eaf([replace(words[0], corrected=True)], language="kk"))
    assert "түзетілді" in (tmp_path / "a.eaf").read_text(encoding="utf-8")
    assert read_eaf(tmp_path / "a.eaf") == [(0.5, 1.75, "Рақмет", "happy", None)]


def test_what_elan_saves_keeps_its_ids(tmp_path, words):
    """ELAN counts on from lastUsedAnnotationId when somebody adds an annotation and saves."""
    (tmp_path / "a.eaf").write_bytes(to_eaf(words))
    eaf = Eaf(str(tmp_path / "a.eaf"))
    last = dict(eaf.properties)
    used = [int(key[1:]) for tier in eaf.tiers.values() for key in tier[0]]
    assert len(used) == len(set(used)) == 8
    assert int(last["lastUsedAnnotationId"]) == max(used)
    eaf.add_annotation("sign", 4000, 5000, "Су")
    eaf.to_file(str(tmp_path / "b.eaf"))
    again = [int(key[1:]) for tier in Eaf(str(tmp_path / "b.eaf")).tiers.values() for key in tier[0]]
    assert len(again) == len(set(again)) == 9


def test_no_words_is_a_file_without_annotations(tmp_path):
    (tmp_path / "a.eaf").write_bytes(to_eaf([]))
    assert read_eaf(tmp_path / "a.eaf") == []


@pytest.mark.parametrize("content", ["", "no xml", "<a/>", "<ANNOTATION_DOCUMENT></ANNOTATION_DOCUMENT>"])
def test_what_is_no_elan_file_is_refused(tmp_path, content):
    (tmp_path / "a.eaf").write_text(content)
    with pytest.raises(InputError):
        read_eaf(tmp_path / "a.eaf")

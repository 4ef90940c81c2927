import json
from dataclasses import replace

import pytest

from fusion.dataset.checking import check_dataset
from fusion.dataset.merging import merge_datasets
from fusion.dataset.store import DataSet
from kslr.core.errors import InputError
from kslr.recordings import load_recording, save_recording
from kslr.vocabulary import Sign
from tests.datasets import DAY, add_signer, fill, new_dataset, studio_take


def two_places(tmp_path):
    """Two data sets, each with its own S01."""
    made = []
    for number, name in enumerate(("almaty", "astana")):
        data = new_dataset(tmp_path / name, name)
        add_signer(data, "S01", "video")
        fill(data, "S01", 3 * number)
        made.append(data)
    return made


def test_people_with_one_pseudonym_stay_two(tmp_path):
    one, other = two_places(tmp_path)
    merged, report = merge_datasets([one, other], tmp_path / "all", DAY)
    assert (report.added, report.twice, report.damaged) == (12, [], [])
    assert report.renamed == [("astana", "S01", "S01-2")]
    assert {row.signer for row in merged.rows()} == {"S01", "S01-2"}
    assert sum(row.signer == "S01-2" for row in merged.rows()) == 6
    assert all((merged.folder / name).is_file() for row in merged.rows() for name in row.files.values())
    assert check_dataset(merged) == []
    assert len(one.rows()) == len(other.rows()) == 6  # as they were


def test_a_copy_adds_nothing_and_its_people_stay_one(tmp_path):
    one, other = two_places(tmp_path)
    both, _ = merge_datasets([one, other], tmp_path / "both", DAY)
    merged, report = merge_datasets([both, one], tmp_path / "all", DAY)
    assert report.added == 12
    assert len(report.twice) == 6
    assert [signer.pseudonym for signer in merged.people().signers] == ["S01", "S01-2"]


def test_the_same_recording_under_another_name_is_found(tmp_path):
    one, other = two_places(tmp_path)
    add_signer(other, "S02")
    row = other.add_take("S02", "wipe", "happy", studio_take("circle", 0))
    found = [one.what for one in check_dataset(other) if one.code == "twice"]
    assert found == []
    _, report = merge_datasets([one, other], tmp_path / "all", DAY)
    assert report.twice == [("astana", row.landmarks)]


def test_what_was_changed_after_recording_is_left_out(tmp_path):
    one, other = two_places(tmp_path)
    row, gone = other.rows()[0], other.rows()[1]
    recording = load_recording(other.folder / row.landmarks)
    save_recording(other.folder / row.landmarks, replace(recording, x=recording.x * 1.01))
    (other.folder / gone.pose).unlink()
    codes = {(finding.code, finding.what) for finding in check_dataset(other)}
    assert codes == {("changed", row.landmarks), ("missing", gone.pose)}
    _, report = merge_datasets([one, other], tmp_path / "all", DAY)
    assert report.damaged == [("astana", row.landmarks), ("astana", gone.landmarks)]
    assert report.added == 10


def test_who_withdrew_in_one_place_is_in_no_merge(tmp_path):
    one, other = two_places(tmp_path)
    both, _ = merge_datasets([one, other], tmp_path / "both", DAY)
    both.withdraw("S01-2")
    merged, report = merge_datasets([both, other], tmp_path / "all", DAY)
    assert {row.signer for row in merged.rows()} == {"S01"}
    assert report.withdrawn == 6
    assert merged.people().withdrawn == both.people().withdrawn


def test_the_narrower_consent_holds(tmp_path):
    one, other = two_places(tmp_path)
    both, _ = merge_datasets([one, other], tmp_path / "both", DAY)
    people = both.people()
    both.replace_people(replace(people, signers=tuple(replace(who, tier="landmarks") for who in people.signers)))
    merged, _ = merge_datasets([one, both], tmp_path / "all", DAY)
    assert {who.tier for who in merged.people().signers} == {"landmarks"}
    assert {kind for row in merged.rows() for kind in row.files} == {"landmarks", "pose"}
    assert check_dataset(merged) == []


def test_licences_and_words_must_agree(tmp_path):
    one, other = new_dataset(tmp_path / "a"), new_dataset(tmp_path / "b", licence="private")
    with pytest.raises(InputError) as error:
        merge_datasets([one, other], tmp_path / "all", DAY)
    assert error.value.code == "licence"
    assert merge_datasets([one, other], tmp_path / "all", DAY, licence="private")[0].project.licence == "private"
    project = replace(other.project, licence="CC-BY-4.0", words=(Sign("circle", "Дөңгелек", "x", "x", "x"),))
    (other.folder / "project.json").write_text(json.dumps(project.as_dict()))
    with pytest.raises(InputError) as error:
        merge_datasets([one, DataSet(other.folder)], tmp_path / "again", DAY)
    assert error.value.code == "words"


def test_consent_that_does_not_cover_a_file_is_found(tmp_path):
    one, _ = two_places(tmp_path)
    text = (one.folder / "signers.json").read_text().replace('"tier": "video"', '"tier": "landmarks"')
    (one.folder / "signers.json").write_text(text)
    (one.folder / "pose" / "circle" / "left.pose").write_bytes(b"left")
    found = check_dataset(one)
    assert {finding.code for finding in found} == {"beyond-consent", "unlisted"}
    assert sum(finding.code == "beyond-consent" for finding in found) == 12

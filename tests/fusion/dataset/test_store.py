import hashlib
import subprocess
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.dataset import store
from fusion.dataset.checking import check_dataset
from fusion.dataset.folder import SUMS, DataFolder
from fusion.dataset.rows import MANIFEST, is_own_path, read_rows, rows_bytes
from fusion.dataset.store import DataSet, create_dataset
from fusion.dataset.takes import read_faces
from fusion.evaluation.manifest import read_manifest
from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.posefile import read_pose
from kslr.recordings import load_recording
from tests.datasets import add_signer, new_dataset, short_take, studio_take


@pytest.fixture
def data(tmp_path) -> DataSet:
    made = new_dataset(tmp_path / "data")
    for name, tier in (("S01", "landmarks"), ("S02", "faces"), ("S03", "video")):
        add_signer(made, name, tier)
    return made


def test_consent_decides_what_is_kept(data):
    for name, kinds in (("S01", {"landmarks", "pose"}), ("S02", {"landmarks", "pose", "faces"}), ("S03", None)):
        row = data.add_take(name, "circle", "happy", studio_take("circle", int(name[1:])), b"video", ".webm")
        assert set(row.files) == (kinds or {"landmarks", "pose", "faces", "video"})
        assert row.clip == (row.video or row.landmarks)
        assert all((data.folder / path).is_file() for path in row.files.values())
    files = {path.relative_to(data.folder).parts[0] for path in data.folder.glob("*/*/*S01*")}
    assert files == {"landmarks", "pose"}
    assert check_dataset(data) == []


def test_a_take_comes_back_as_it_was(data):
    take = studio_take("pump", 5)
    row = data.add_take("S03", "pump", "neutral", take, b"a video", ".webm")
    recording = load_recording(data.folder / row.landmarks)
    assert (recording.x[0] == take.recording.x[0]).sum() + (recording.x[0] != recording.x[0]).sum() == 1662
    assert len(read_pose(data.folder / row.pose)) > 20
    assert (read_faces(data.folder / row.faces).images == take.faces.images).all()
    assert (data.folder / row.video).read_bytes() == b"a video"
    assert row.start == pytest.approx(take.sign.start, abs=1e-3)
    assert recording.seconds[0] >= take.sign.start - 0.81
    assert data.rows() == read_rows(data.folder / MANIFEST) == (row,)
    assert rows_bytes(data.rows()) == (data.folder / MANIFEST).read_bytes()


def test_evaluations_read_the_manifest(data):
    row = data.add_take("S02", "wipe", "happy", studio_take("wipe", 1))
    (clip,) = read_manifest(data.folder / MANIFEST)
    assert (clip.path, clip.sign, clip.emotion, clip.signer) == (data.folder / row.landmarks, "wipe", "happy", "S02")
    assert (clip.start, clip.end) == (row.start, row.end)


def test_sha256sum_reads_the_checksums(data):
    data.add_take("S02", "wipe", "happy", studio_take("wipe", 1))
    done = subprocess.run(["sha256sum", "-c", SUMS], cwd=data.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count(": OK") == 3


def test_what_is_not_planned_is_refused(data):
    for sign, emotion in (("su", "happy"), ("circle", "angry")):
        with pytest.raises(InputError) as error:
            data.add_take("S01", sign, emotion, studio_take("circle"))
        assert error.value.code == "plan"
    with pytest.raises(InputError) as error:
        data.add_take("S09", "circle", "happy", studio_take("circle"))
    assert error.value.code == "no-signer"
    with pytest.raises(InputError) as error:
        add_signer(data, "s01")
    assert error.value.code == "taken"
    with pytest.raises(InputError) as error:
        create_dataset(data.folder, data.project)
    assert error.value.code == "not-empty"
    with pytest.raises(InputError) as error:
        DataSet(data.folder / "landmarks")
    assert error.value.code == "no-dataset"
    assert data.rows() == ()


def test_the_last_take_is_undone(data):
    first = data.add_take("S03", "circle", "happy", studio_take("circle", 1), b"video")
    last = data.add_take("S03", "circle", "happy", studio_take("circle", 2), b"video")
    assert data.remove_take(last.take) == last
    assert data.rows() == (first,)
    assert not any((data.folder / path).exists() for path in last.files.values())
    assert check_dataset(data) == []
    with pytest.raises(InputError) as error:
        data.remove_take(last.take)
    assert error.value.code == "no-take"


def test_withdrawing_leaves_nothing(data):
    for name in ("S01", "S03"):
        data.add_take(name, "circle", "happy", studio_take("circle", int(name[1:])), b"video")
    key = data.people()["S03"].key
    (data.folder / "test.csv").write_text("clip,sign,emotion,signer\nvideo/circle/S03.webm,circle,happy,S03\n")
    assert data.withdraw("S03") == 1
    left = [path for path in data.folder.rglob("*") if path.is_file()]
    assert not [path for path in left if "S03" in path.name or b"S03" in path.read_bytes()]
    assert [one.pseudonym for one in data.people().signers] == ["S01", "S02"]
    assert data.people().withdrawn == (key,)
    assert check_dataset(data) == []
    with pytest.raises(InputError) as error:
        data.withdraw("S03")
    assert error.value.code == "no-signer"


def test_a_narrower_consent_deletes_what_it_no_longer_covers(data):
    row = data.add_take("S03", "circle", "happy", studio_take("circle", 1), b"video")
    people = data.people()
    narrower = tuple(replace(one, tier="landmarks") for one in people.signers)
    data.replace_people(replace(people, signers=narrower))
    assert data.rows()[0].files.keys() == {"landmarks", "pose"}
    assert data.rows()[0].clip == row.landmarks
    assert not (data.folder / row.video).exists()
    assert check_dataset(data) == []


@pytest.mark.parametrize("fails", range(7))
def test_a_cut_at_any_moment_leaves_whole_takes_alone(data, monkeypatch, fails):
    kept = data.add_take("S03", "circle", "happy", studio_take("circle", 1), b"video")
    count = iter(range(100))

    def cut(path, content, durable=False):
        if next(count) == fails:
            raise KeyboardInterrupt  # as hard as a test can: nothing after it is written
        write_file(path, content, durable)

    monkeypatch.setattr(store, "write_file", cut)
    # What a power cut leaves: nothing is cleaned up either.
    monkeypatch.setattr(store.Path, "unlink", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        data.add_take("S03", "pump", "neutral", studio_take("pump", 2), b"video")
    monkeypatch.undo()
    again = DataSet(data.folder)
    rows = again.rows()
    assert rows[0] == kept
    again.sweep()
    assert check_dataset(again) == []
    assert len(rows) == (2 if fails == 6 else 1)  # the sixth file is the manifest, after which only the datasheet is written


def test_takes_that_came_while_the_page_was_open_elsewhere_are_not_lost(data):
    other = DataSet(data.folder)
    data.add_take("S01", "circle", "happy", studio_take("circle", 1))
    other.add_take("S02", "circle", "happy", studio_take("circle", 2))
    add_signer(other, "S04")
    assert len(data.rows()) == 2
    assert len(data.people().signers) == 4


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 3)), st.tuples(st.sampled_from(["undo", "withdraw"]), st.integers(1, 3))
        ),
        max_size=8,
    )
)
def test_whatever_is_done_the_folder_is_whole(tmp_path_factory, steps):
    data = new_dataset(tmp_path_factory.mktemp("made") / "data")
    expected: list[tuple[str, str]] = []
    for number, (what, who) in enumerate(steps):
        name = f"S0{who}"
        if name not in [one.pseudonym for one in data.people().signers]:
            add_signer(data, name, ("landmarks", "faces", "video")[who - 1])
        if what == "add":
            expected.append((name, data.add_take(name, "circle", "happy", short_take(number), b"video").take))
        elif what == "undo" and expected:
            data.remove_take(expected.pop()[1])
        elif what == "withdraw":
            data.withdraw(name)
            expected = [one for one in expected if one[0] != name]
    assert [(row.signer, row.take) for row in data.rows()] == expected
    assert data.sweep() == 0
    assert [one.code for one in check_dataset(data) if one.code != "no-hands"] == []
    listed = {name for row in data.rows() for name in row.files.values()}
    assert set(data.sums()) == listed
    assert all(hashlib.sha256((data.folder / name).read_bytes()).hexdigest() == digest for name, digest in data.sums().items())


@given(st.text(max_size=40))
def test_no_path_leads_out(name):
    for kind in ("landmarks", "pose", "faces", "video"):
        if is_own_path(kind, f"{kind}/{name}"):
            parts = f"{kind}/{name}".split("/")
            assert len(parts) == 3
            assert ".." not in parts
            assert all(part and not part.startswith(".") for part in parts)


def test_a_manifest_that_leads_out_is_refused(data, tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"mine")
    row = data.add_take("S01", "circle", "happy", studio_take("circle", 1))
    text = (data.folder / MANIFEST).read_text().replace(row.landmarks, "landmarks/../../mine.npz")
    (data.folder / MANIFEST).write_text(text)
    for change in (data.rows, data.sweep, lambda: data.remove_take(row.take), lambda: data.withdraw("S01")):
        with pytest.raises(InputError):
            change()
    assert (tmp_path / "mine.npz").read_bytes() == b"mine"


def test_a_link_is_not_followed(data, tmp_path):
    row = data.add_take("S01", "circle", "happy", studio_take("circle", 1))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "b.npz").write_bytes(b"mine")
    (data.folder / "landmarks" / "pump").symlink_to(tmp_path / "mine")
    text = (data.folder / MANIFEST).read_text().replace(row.landmarks, "landmarks/pump/b.npz")
    (data.folder / MANIFEST).write_text(text)
    assert {one.code for one in check_dataset(DataFolder(data.folder))} >= {"missing"}
    with pytest.raises(InputError):
        data.withdraw("S01")
    assert (tmp_path / "mine" / "b.npz").is_file()

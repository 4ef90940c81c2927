from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.posefile import read_pose, write_pose


def recording(frames: int = 6, rate: float = 25.0, aspect: float = 16 / 9, seed: int = 0) -> list[Landmarks]:
    generator = np.random.default_rng(seed)
    made = []
    for i in range(frames):
        pose = generator.uniform(0.1, 0.9, (33, 4)).astype(np.float32)
        face = generator.uniform(0.1, 0.9, (468, 3)).astype(np.float32)
        hand = generator.uniform(0.1, 0.9, (21, 3)).astype(np.float32)
        made.append(Landmarks(i / rate, pose, face, None, hand if i % 3 else None, aspect))
    return made


@given(st.integers(1, 12), st.sampled_from([4 / 3, 16 / 9, 9 / 16]), st.integers(0, 99))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path, frames, aspect, seed):
    made = recording(frames, aspect=aspect, seed=seed)
    write_pose(tmp_path / "a.pose", made)
    read = read_pose(tmp_path / "a.pose")
    assert len(read) == frames
    for one, other in zip(made, read, strict=True):
        np.testing.assert_allclose(one.values(), other.values(), atol=2e-3)
        assert one.seconds == pytest.approx(other.seconds, abs=1e-3)
        assert one.aspect == pytest.approx(other.aspect, abs=2e-3)


def test_the_face_can_be_left_out(tmp_path):
    write_pose(tmp_path / "a.pose", recording(), face=False)
    read = read_pose(tmp_path / "a.pose")
    assert all(frame.face is None for frame in read)
    assert all(frame.pose is not None for frame in read)
    write_pose(tmp_path / "b.pose", recording())
    assert (tmp_path / "a.pose").stat().st_size < (tmp_path / "b.pose").stat().st_size / 4


def test_a_slower_rate_keeps_the_duration(tmp_path):
    write_pose(tmp_path / "a.pose", recording(51, rate=25), rate=10)
    assert len(read_pose(tmp_path / "a.pose")) == 21


@pytest.mark.parametrize("content", [b"", b"text", bytes(range(256)) * 20])
def test_what_is_no_pose_file_is_refused(tmp_path, content):
    (tmp_path / "a.pose").write_bytes(content)
    with pytest.raises(InputError):
        read_pose(tmp_path / "a.pose")


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_never_crash(tmp_path, data):
    path = tmp_path / "a.pose"
    if not path.exists():
        write_pose(path, recording(3))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(400, len(content) - 1)))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.pose").write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with suppress(InputError):
        read_pose(tmp_path / "bad.pose")


def test_nothing_to_write_and_nothing_to_read(tmp_path):
    with pytest.raises(InputError):
        write_pose(tmp_path / "a.pose", [])
    with pytest.raises(InputError):
        read_pose(tmp_path / "missing.pose")


def several(path, people: int, seen: int, face: int = 468):
    """A recording of one person, with other people's empty rows around it, and a face of so many points."""
    from pose_format import Pose

    made = recording()
    write_pose(path, made)
    pose = Pose.read(path.read_bytes())
    body = pose.body
    shape = (body.data.shape[0], people, *body.data.shape[2:])
    data, confidence = np.zeros(shape, np.float32), np.zeros(shape[:3], np.float32)
    data[:, seen], confidence[:, seen] = body.data.filled(0)[:, 0], body.confidence[:, 0]
    if face != 468:
        names = [component.name for component in pose.header.components]
        at = names.index("FACE_LANDMARKS")
        component = pose.header.components[at]
        end = sum(len(one.points) for one in pose.header.components[: at + 1])
        component.points = [f"P{i}" for i in range(face)]
        component.limbs, component.colors = [], [(0, 0, 0)]
        extra = max(0, face - 468)
        data = np.insert(data, [end] * extra, 0.5, axis=2) if extra else np.delete(data, range(end - 468 + face, end), axis=2)
        confidence = (
            np.insert(confidence, [end] * extra, 1, axis=2)
            if extra
            else np.delete(confidence, range(end - 468 + face, end), axis=2)
        )
    mask = np.repeat(confidence[..., None] == 0, data.shape[-1], axis=-1)
    body.data, body.confidence = np.ma.masked_array(data, mask), confidence
    with path.open("wb") as file:
        pose.write(file)
    return made


@pytest.mark.parametrize(("people", "seen"), [(1, 0), (2, 1), (3, 1), (5, 4)])
def test_of_several_people_the_one_who_is_seen_is_read(tmp_path, people, seen):
    made = several(tmp_path / "a.pose", people, seen)
    for one, other in zip(made, read_pose(tmp_path / "a.pose"), strict=True):
        np.testing.assert_allclose(one.values(), other.values(), atol=2e-3)


def test_a_face_with_irises_is_a_face(tmp_path):
    made = several(tmp_path / "a.pose", 2, 1, face=478)
    for one, other in zip(made, read_pose(tmp_path / "a.pose"), strict=True):
        np.testing.assert_allclose(one.values(), other.values(), atol=2e-3)


def test_a_face_with_other_points_is_left_out_with_a_note(tmp_path, caplog):
    several(tmp_path / "a.pose", 1, 0, face=128)
    read = read_pose(tmp_path / "a.pose")
    assert all(frame.face is None and frame.pose is not None for frame in read)
    assert "FACE_LANDMARKS" in caplog.text


def change(path, how) -> None:
    """Writes a recording whose pose was changed."""
    from pose_format import Pose

    write_pose(path, recording())
    pose = Pose.read(path.read_bytes())
    how(pose)
    with path.open("wb") as file:
        pose.write(file)


def nobody(pose) -> None:
    pose.body.data, pose.body.confidence = pose.body.data[:, :0], pose.body.confidence[:, :0]


def no_frames(pose) -> None:
    pose.body.data, pose.body.confidence = pose.body.data[:0], pose.body.confidence[:0]


def flat(pose) -> None:
    for component in pose.header.components:
        component.format = "XYC"
    pose.body.data = pose.body.data[..., :2]


def still(pose) -> None:
    pose.body.fps = 0


def no_picture(pose) -> None:
    pose.header.dimensions.width = 0


@pytest.mark.parametrize("how", [nobody, no_frames, flat, still, no_picture])
def test_pose_files_of_other_tools_that_hold_nothing_of_use_are_refused(tmp_path, how):
    change(tmp_path / "a.pose", how)
    with pytest.raises(InputError, match="Export it"):
        read_pose(tmp_path / "a.pose")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_points_without_a_place_are_absent(tmp_path, value):
    def spoil(pose) -> None:
        filled = pose.body.data.filled(0)
        filled[0] = value
        pose.body.data = np.ma.masked_array(filled, pose.body.data.mask)

    change(tmp_path / "a.pose", spoil)
    first, second, *_ = read_pose(tmp_path / "a.pose")
    assert first.pose is None
    assert first.face is None
    assert second.pose is not None
    assert np.isfinite(second.vector()).all()


def test_a_fourth_value_of_a_point_is_no_harm(tmp_path):
    def widen(pose) -> None:
        for component in pose.header.components:
            component.format = "XYZWC"
        pose.body.data = np.ma.concatenate([pose.body.data, pose.body.data[..., :1]], axis=-1)

    change(tmp_path / "a.pose", widen)
    for one, other in zip(recording(), read_pose(tmp_path / "a.pose"), strict=True):
        np.testing.assert_allclose(one.values(), other.values(), atol=2e-3)

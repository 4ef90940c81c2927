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

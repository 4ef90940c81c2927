from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import VALUES
from kslr.training.datasets import SignData, join_datasets, load_npz, load_pack, load_signs, load_tree, sign_data
from kslr.training.packs import fit_frames


def hands_only(n: int = 6, frames: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 0.9, (n, frames, 126)).astype(np.float32)


def test_frame_layouts_land_where_the_raw_contract_has_them() -> None:
    x = hands_only(4)
    x[:, 5, :63] = 0
    data = sign_data(x, ["a", "b", "a", "b"])
    assert data.x.shape == (4, 30, VALUES)
    assert np.array_equal(data.x[..., 1599:], x[..., 63:])
    assert np.isnan(data.x[:, 5, 1536:1599]).all()
    assert np.isnan(data.x[..., :1536]).all()
    assert data.names == ("a", "b")


def test_xy_hands_get_depth_zero() -> None:
    x = np.full((2, 30, 84), 0.5, np.float32)
    x[..., 1::2] = 0.25
    data = sign_data(x, ["a", "b"])
    assert np.allclose(data.x[0, 0, 1536:1542], [0.5, 0.25, 0, 0.5, 0.25, 0])


def test_long_recordings_are_resampled_and_short_ones_padded() -> None:
    ramp = np.tile(np.linspace(0.1, 0.7, 61, dtype=np.float32)[None, :, None], (1, 1, 126))
    out = fit_frames(ramp, 30)
    assert np.allclose(out[0, :, 0], np.linspace(0.1, 0.7, 30), atol=1e-5)
    short = fit_frames(ramp[:, :7], 30)
    assert np.array_equal(short[0, :7], ramp[0, :7])
    assert not short[0, 7:].any()
    assert np.array_equal(fit_frames(ramp, 61, np.array([3]))[0, :3], ramp[0, :3])


def test_an_absent_hand_is_not_interpolated_from_zero() -> None:
    x = np.full((1, 60, 126), 0.5, np.float32)
    x[0, 20:40, :63] = 0
    values = np.unique(fit_frames(x, 30))
    assert set(values.tolist()) == {0.0, 0.5}


def test_npz_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(
        path,
        x=hands_only(4),
        label=np.array([1, 0, 1, 0]),
        signer=np.array(["p", "p", "q", "q"]),
        length=np.array([30, 10, 30, 30]),
    )
    data = load_signs(path)
    assert isinstance(data, SignData)
    assert data.names == ("0", "1")
    assert data.label.tolist() == [1, 0, 1, 0]
    assert data.signer.tolist() == ["p", "p", "q", "q"]
    assert np.isnan(data.x[1, 10:]).all()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((2, 30, 126))}, "label"),
        ({"x": np.zeros((2, 30, 100)), "label": ["a", "b"]}, "84, 126, 258 or 1662"),
        ({"x": np.zeros((2, 126)), "label": ["a", "b"]}, "one label a sample"),
        ({"x": np.zeros((3, 30, 126)), "label": ["a", "b"]}, "one label a sample"),
        ({"x": np.zeros((2, 30, 126)), "label": ["a", "a"]}, "one class"),
    ],
)
def test_arrays_that_do_not_fit_are_told(tmp_path: Path, arrays: dict, said: str) -> None:
    np.savez(tmp_path / "bad.npz", **{k: np.asarray(v) for k, v in arrays.items()})
    with pytest.raises(InputError, match=said):
        load_npz(tmp_path / "bad.npz")


def test_pickles_and_garbage_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "pickle.npz", x=np.array([{"a": 1}], dtype=object), label=np.array(["a"]))
    (tmp_path / "garbage.npz").write_bytes(b"not a zip")
    for name in ("pickle.npz", "garbage.npz"):
        with pytest.raises(InputError):
            load_npz(tmp_path / name)
    with pytest.raises(InputError, match="no pack"):
        load_signs("no_such_data")


def test_the_tutorial_tree_is_read_in_numeric_order(tmp_path: Path) -> None:
    for word, value in (("hello", 0.2), ("bye", 0.6)):
        for sequence in range(2):
            folder = tmp_path / word / str(sequence)
            folder.mkdir(parents=True)
            for frame in range(12):
                np.save(folder / f"{frame}.npy", np.full(VALUES, value + frame / 100, np.float32))
    data = load_tree(tmp_path)
    assert load_signs(tmp_path).names == data.names == ("bye", "hello")
    hello = data.x[data.label == 1][0]
    assert np.allclose(hello[:12, 0], 0.2 + np.arange(12) / 100, atol=1e-6)
    assert np.isnan(hello[12:]).all()
    (tmp_path / "bye" / "0" / "3.npy").write_bytes(b"broken")
    with pytest.raises(InputError, match="cannot be read"):
        load_tree(tmp_path)


def test_joining_keeps_words_together_and_choosing_relabels() -> None:
    a = sign_data(hands_only(4), ["x", "y", "x", "y"], name="a")
    b = sign_data(hands_only(4, seed=1), ["y", "z", "z", "y"], name="b")
    both = join_datasets([a, b], "a+b")
    assert [both.names[i] for i in both.label] == ["x", "y", "x", "y", "y", "z", "z", "y"]
    assert set(both.source) == {"a", "b"}
    chosen = both.select_classes(["z", "x"])
    assert [chosen.names[i] for i in chosen.label] == ["x", "x", "z", "z"]
    assert both.sample_classes(2, 0).names == both.sample_classes(2, 0).names
    with pytest.raises(InputError, match="no class"):
        both.select_classes(["w"])
    with pytest.raises(InputError):
        both.sample_classes(9, 0)


def test_real_packs(shared_data: Path) -> None:
    data = load_pack("qazsign7_hands", shared_data)
    assert len(data) == 420
    assert "salemetsiz_be" in data.names
    assert np.isfinite(data.x[..., 1599:]).any()
    assert np.isnan(data.x[..., :1536]).all()


def test_one_bad_clip_is_named_and_the_others_are_read(tmp_path, caplog):
    from kslr.recordings import Recording, save_recording
    from kslr.training.clips import read_clips

    good = Recording(np.arange(5) / 10, np.zeros((5, 1662), np.float32), 1.0, "a")
    for word in ("су", "и\u0306", "й"):
        (tmp_path / word).mkdir()
        save_recording(tmp_path / word / "a.npz", good)
    (tmp_path / "су" / "b.mp4").write_bytes(b"<html>404 Not Found</html>")
    (tmp_path / "су" / "c.pose").write_bytes(b"")
    (tmp_path / "су" / "d.npz").write_bytes(b"x")
    for junk in ("су/._a.npz", "су/Thumbs.db", ".ipynb_checkpoints/a.npz"):
        (tmp_path / junk).parent.mkdir(exist_ok=True)
        (tmp_path / junk).write_bytes(b"x")
    found = [(word, clip.name) for word, clip in read_clips(tmp_path)]
    assert sorted({word for word, _ in found}) == ["й", "су"]
    assert len(found) == 3
    assert len(caplog.messages) == 3
    assert all(name in caplog.text for name in ("b.mp4", "c.pose", "d.npz"))


def test_a_tree_of_frames_has_no_junk_and_one_class_a_word(tmp_path):
    from kslr.training.datasets import load_signs

    frame = np.zeros(1662, np.float32)
    frame[-60:] = 0.5
    for root in ("mac", "linux"):
        for word in ("и\u0306од", "йод") if root == "mac" else ("йод", "су"):
            folder = tmp_path / root / word / "0"
            folder.mkdir(parents=True)
            for i in range(3):
                np.save(folder / f"{i}.npy", frame)
            (folder / "._0.npy").write_bytes(b"x")
            (folder.parent / ".ipynb_checkpoints").mkdir()
            (folder.parent / ".ipynb_checkpoints" / "0.npy").write_bytes(b"x")
    assert load_signs(tmp_path / "linux").names == ("йод", "су")
    (tmp_path / "mac" / "су" / "0").mkdir(parents=True)
    np.save(tmp_path / "mac" / "су" / "0" / "0.npy", frame)
    assert load_signs(f"{tmp_path / 'mac'}+{tmp_path / 'linux'}").names == ("йод", "су")

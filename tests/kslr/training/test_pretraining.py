from pathlib import Path

import numpy as np
import pytest

from kslr.augment import AugmentStrength
from kslr.training.pretraining import SourceData, choose_held_out, pretrain, read_sources
from kslr.training.recipes import SignRecipe


@pytest.fixture
def data() -> SourceData:
    generator = np.random.default_rng(0)
    source = np.repeat(["s", "t"], 24)
    word = np.tile(np.repeat(["a", "b", "c"], 8), 2)
    label = np.unique(np.char.add(source, word), return_inverse=True)[1]
    shape, way = generator.uniform(0.4, 0.6, (3, 1, 86, 3)), generator.uniform(-0.2, 0.2, (3, 1, 86, 3))
    points = (shape + way * np.linspace(0, 1, 12)[:, None, None])[label % 3] + generator.normal(0, 0.01, (48, 12, 86, 3))
    return SourceData(points.astype(np.float32), label, source, word)


def test_the_encoder_pulls_words_apart(data: SourceData, tmp_path: Path) -> None:
    from kslr.training.networks.encoder import embed_points

    recipe = SignRecipe(
        25, batch=16, rate=3e-3, decay=0.01, augment=AugmentStrength(mirror=0.0), numbers=(("widths", (16, 24)), ("embedding", 8))
    )
    encoder = pretrain(data, recipe, checkpoint=tmp_path / "e.weights.h5")
    assert (tmp_path / "e.weights.h5").is_file()
    z = embed_points(encoder, data.points)
    assert z.shape == (48, 8)
    own = data.source == "s"
    same = data.word[own][:, None] == data.word[own][None]
    likeness = z[own] @ z[own].T
    assert likeness[same].mean() > likeness[~same].mean() + 0.1


def test_held_out_sources_are_large_disjoint_and_seeded() -> None:
    source = np.repeat([f"s{i}" for i in range(6)], 20)
    word = np.concatenate([np.repeat([f"w{k}" for k in range(10 if i < 4 else 2)], 2 if i < 4 else 10) for i in range(6)])
    data = SourceData(np.zeros((120, 1, 86, 3), np.float32), np.zeros(120, int), source, word)
    test = choose_held_out(data, 2)
    assert len(set(test)) == 2
    assert {"s4", "s5"}.isdisjoint(test)
    assert choose_held_out(data, 2) == test


def test_rows_of_sources_are_relabelled(data: SourceData) -> None:
    only = data[data.source == "t"]
    assert set(only.label.tolist()) == {0, 1, 2}
    assert len(only.points) == 24


def test_packs_are_read_as_sources(shared_data: Path) -> None:
    data = read_sources(("qazsign7_hands",), shared_data)
    assert data.points.shape == (420, 30, 86, 3)
    assert int(data.label.max()) + 1 == 7
    assert len(set(data.source)) == 1

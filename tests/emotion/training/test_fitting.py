"""Real fitting of a small network on patterns that can be told apart, killed and gone on with."""

from dataclasses import replace

import numpy as np
import pytest

from emotion.training.augment import Jitter
from emotion.training.selection import read_run, write_run
from kslr.core.errors import InputError
from tests.small import SMALL

pytest.importorskip("keras")


def test_a_killed_run_goes_on_where_it_was(tmp_path, patterns):
    from emotion.training.fitting import fit
    from emotion.training.networks.architectures import predict

    recipe = replace(SMALL, epochs=4)
    whole = fit(patterns, tmp_path / "whole", recipe)

    class Killed(Exception):
        pass

    def kill(text: str, share: float) -> None:
        if share >= 0.5:
            raise Killed

    with pytest.raises(Killed):
        fit(patterns, tmp_path / "parts", recipe, progress=kill)
    resumed = fit(patterns, tmp_path / "parts", recipe, resume=True)
    histories = [read_run(tmp_path / name).history for name in ("whole", "parts")]
    assert [epoch.size for epoch in histories[1]] == [epoch.size for epoch in histories[0]] == [32, 32, 48, 48]
    assert np.allclose(*([epoch.loss for epoch in history] for history in histories), rtol=0.05)
    images = patterns["public"].images
    assert np.allclose(predict(whole, images), predict(resumed, images), atol=0.1)


def test_a_checkpoint_of_another_recipe_is_told(tmp_path, patterns):
    from emotion.training.fitting import fit

    fit(patterns, tmp_path, replace(SMALL, epochs=1))
    with pytest.raises(InputError, match="another recipe"):
        fit(patterns, tmp_path, replace(SMALL, epochs=2), resume=True)
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        fit(patterns, tmp_path, replace(SMALL, epochs=1), resume=True)


def test_a_network_learns_from_itself_and_goes_on_where_it_was(tmp_path, patterns):
    from emotion.training.fitting import fit
    from emotion.training.networks.architectures import predict

    recipe = replace(
        SMALL, epochs=10, restarts=(4, 7), taught=(0.0, 0.5, 0.3), views=2, averaged=0.5, sizes=((0.0, 48),), warm_up=0.4
    )
    told = []
    whole = fit(patterns, tmp_path / "whole", recipe, progress=lambda text, share: told.append((text, share)))
    assert [text for text, _ in told if "view" in text] == ["answers, view 1 of 2", "answers, view 2 of 2"] * 2
    assert [share for _, share in told] == sorted(share for _, share in told)

    class Killed(Exception):
        pass

    def kill(text: str, share: float) -> None:
        if share >= 9 / 10:
            raise Killed

    with pytest.raises(Killed):
        fit(patterns, tmp_path / "parts", recipe, progress=kill)
    resumed = fit(patterns, tmp_path / "parts", recipe, resume=True)
    images = patterns["public"].images
    assert np.allclose(predict(whole, images), predict(resumed, images), atol=0.15)
    run = read_run(tmp_path / "whole")
    best = max(epoch.public for epoch in run.history)
    assert best > 0.5
    # The mean with an early epoch of the last cycle is taken only where PublicTest has it better.
    assert run.early == 7
    file, epochs, accuracy = run.select()
    assert (predict(whole, images).argmax(axis=1) == patterns["public"].labels).mean() == pytest.approx(accuracy)
    assert accuracy >= best
    assert (file, len(epochs)) == (("best.weights.h5", 1) if run.blended is None else ("blend.weights.h5", 2))
    (tmp_path / "parts" / "answers-4.npz").write_bytes(b"")
    run = read_run(tmp_path / "parts")
    write_run(tmp_path / "parts", replace(run, history=run.history[:8]))
    with pytest.raises(InputError, match="answers"):
        fit(patterns, tmp_path / "parts", recipe, resume=True)


def test_another_network_teaches_from_the_first_epoch_on(tmp_path, patterns):
    from emotion.training.fitting import fit
    from emotion.training.networks.architectures import predict

    recipe = replace(SMALL, taught=(1.0,), views=1, mixup=0.0, averaged=0.5)
    with pytest.raises(ValueError, match="teacher"):
        fit(patterns, tmp_path, recipe)
    # A teacher that takes all patterns but one for the first: that is what is learnt, not the labels.
    faces = {name: replace(one, images=_symmetric(one.images)) for name, one in patterns.items()}
    known = {
        image.tobytes(): int(label == 1) for one in faces.values() for image, label in zip(one.images, one.labels, strict=True)
    }

    def teacher(images):
        return np.eye(7, dtype=np.float32)[[known[image.tobytes()] for image in images]]

    still = replace(recipe, jitter=Jitter(0.0, 0.0, 0.0, 0.0, 0.0), epochs=12)
    model = fit(faces, tmp_path, still, teacher=teacher)
    answered = predict(model, faces["public"].images).argmax(axis=1)
    assert (answered == (faces["public"].labels == 1)).mean() > 0.8


def _symmetric(images):
    """Faces that are their own mirror image, so that the augmentation's mirror does not change them."""
    return np.concatenate([images[:, :, :24], images[:, :, 23::-1]], axis=2)


def test_without_something_to_select_on_nothing_is_fitted(tmp_path, patterns):
    from emotion.training.fitting import fit

    with pytest.raises(InputError, match="PublicTest"):
        fit({"train": patterns["train"]}, tmp_path, SMALL)
    with pytest.raises(InputError, match="No architecture"):
        fit(patterns, tmp_path, replace(SMALL, architecture="vgg"))
    assert list(tmp_path.iterdir()) == []

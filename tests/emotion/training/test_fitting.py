"""Real fitting of a small network on patterns that can be told apart, killed and gone on with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emotion.training.augment import Jitter
from kslr.core.errors import InputError
from tests.small import SMALL

pytest.importorskip("keras")


def test_a_killed_run_goes_on_where_it_was(tmp_path, patterns):
    from emotion.training.fitting import fit
    from emotion.training.networks import predicted

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
    histories = [json.loads((tmp_path / name / "training.json").read_text())["history"] for name in ("whole", "parts")]
    assert [h["size"] for h in histories[1]] == [h["size"] for h in histories[0]] == [32, 32, 48, 48]
    assert np.allclose([h["loss"] for h in histories[0]], [h["loss"] for h in histories[1]], rtol=0.05)
    images = patterns["public"].images
    assert np.allclose(predicted(whole, images), predicted(resumed, images), atol=0.1)


def test_a_checkpoint_of_another_recipe_is_told(tmp_path, patterns):
    from emotion.training.fitting import fit

    fit(patterns, tmp_path, replace(SMALL, epochs=1))
    with pytest.raises(InputError, match="another recipe"):
        fit(patterns, tmp_path, replace(SMALL, epochs=2), resume=True)
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        fit(patterns, tmp_path, replace(SMALL, epochs=1), resume=True)


def test_a_network_learns_from_itself_and_goes_on_where_it_was(tmp_path, patterns):
    from emotion.training.fitting import fit, selected
    from emotion.training.networks import predicted

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
    assert np.allclose(predicted(whole, images), predicted(resumed, images), atol=0.15)
    state = json.loads((tmp_path / "whole" / "training.json").read_text())
    history = state["history"]
    assert max(one["public"] for one in history) > 0.5
    # The mean with an early epoch of the last cycle is taken only where PublicTest has it better.
    assert state["early"] == 7
    file, epochs, accuracy = selected(state)
    assert (predicted(whole, images).argmax(axis=1) == patterns["public"].labels).mean() == pytest.approx(accuracy)
    assert accuracy >= max(one["public"] for one in history)
    assert (file, len(epochs)) == (("blend.weights.h5", 2) if "blend" in state else ("best.weights.h5", 1))
    (tmp_path / "parts" / "answers-4.npz").write_bytes(b"")
    state = json.loads((tmp_path / "parts" / "training.json").read_text())
    (tmp_path / "parts" / "training.json").write_text(json.dumps({**state, "history": state["history"][:8]}))
    with pytest.raises(InputError, match="answers"):
        fit(patterns, tmp_path / "parts", recipe, resume=True)


def test_another_network_teaches_from_the_first_epoch_on(tmp_path, patterns):
    from emotion.training.fitting import fit
    from emotion.training.networks import predicted

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
    answered = predicted(model, faces["public"].images).argmax(axis=1)
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


def test_the_last_weights_are_taken_where_they_are_better_beside_the_teacher(tmp_path, patterns):
    from emotion.training.fitting import _last, build, selected

    model = build(SMALL)
    public = patterns["public"]
    for name, emotion in (("best", 1), ("mean", 2)):
        # A last layer of zeros but for one bias answers one emotion for every face.
        model.layers[-1].set_weights([np.zeros((32, 7)), np.eye(7)[emotion] * 0.5])
        model.save_weights(tmp_path / f"{name}.weights.h5")
    # This teacher is right and sure but for emotion 2, where it hardly answers: only weights that say 2 help it.
    sure = np.eye(7)[public.labels] * np.where(public.labels == 2, 0.01, 1.0)[:, None]
    state = {"history": [{"public": 0.5}, {"public": 0.4}], "recipe": {}}
    _last(model, lambda images: sure, tmp_path, state, public)
    assert selected(state) == ("mean.weights.h5", (1,), 0.4)
    state.pop("last")
    _last(model, lambda images: np.eye(7)[public.labels], tmp_path, state, public)
    assert selected(state) == ("best.weights.h5", (0,), 0.5)


def test_early_and_best_weights_are_averaged_where_that_is_better(tmp_path, patterns):
    from emotion.training.fitting import _blend, build
    from emotion.training.networks import predicted

    model = build(SMALL)
    for name, value in (("best", 1.0), ("early", 3.0)):
        model.set_weights([np.full(weight.shape, value, np.float32) for weight in model.get_weights()])
        model.save_weights(tmp_path / f"{name}.weights.h5")
    # All weights alike answer one emotion for every face: that share of them is right.
    answered = (predicted(model, patterns["public"].images).argmax(axis=1) == patterns["public"].labels).mean()
    state = {"history": [{"public": 0.1}, {"public": float(answered)}], "early": 0}
    _blend(model, tmp_path, state, patterns["public"])
    assert "blend" not in state
    state["history"] = [{"public": 0.0}, {"public": answered / 2}]
    _blend(model, tmp_path, state, patterns["public"])
    assert state["blend"] == pytest.approx(answered)
    model.load_weights(tmp_path / "blend.weights.h5")
    assert all((np.asarray(weight) == 2.0).all() for weight in model.get_weights())

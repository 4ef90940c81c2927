"""Which weights of a run are taken, with a real small network; and the record of a run as a file."""

from dataclasses import replace

import numpy as np
import pytest

from emotion.training.recipes import ARCHITECTURES, EmotionRecipe
from emotion.training.selection import Epoch, FitRun, blend_weights, prefer_last, read_run, write_run
from kslr.core.errors import InputError
from tests.small import SMALL

pytest.importorskip("keras")


def _run(*public: float) -> FitRun:
    return FitRun(EmotionRecipe(), {"blank": 1}, tuple(Epoch(1.0, 48, float(i), value) for i, value in enumerate(public)))


def test_a_record_reads_back_and_knows_its_recipe(tmp_path):
    recipe = ARCHITECTURES["emotion_net"].recipes[1]
    run = replace(_run(0.5), recipe=recipe, early=0, blended=0.6)
    write_run(tmp_path, run)
    found = read_run(tmp_path)
    assert replace(found, recipe=recipe) == run
    assert found.has_recipe(recipe)
    assert not found.has_recipe(replace(recipe, seed=1))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"recipe": {}, "dropped": {}, "history": []}', '{"recipe": {}, "dropped": {}, "history": [{}]}']
)
def test_what_is_not_a_record_is_refused(tmp_path, text):
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(InputError, match="cannot be read"):
        read_run(tmp_path)


def test_the_last_weights_are_taken_where_they_are_better_beside_the_teacher(tmp_path, patterns):
    model = SMALL.build()
    public = patterns["public"]
    for name, emotion in (("best", 1), ("mean", 2)):
        # A last layer of zeros but for one bias answers one emotion for every face.
        model.layers[-1].set_weights([np.zeros((32, 7)), np.eye(7)[emotion] * 0.5])
        model.save_weights(tmp_path / f"{name}.weights.h5")
    # This teacher is right and sure but for emotion 2, where it hardly answers: only weights that say 2 help it.
    sure = np.eye(7)[public.labels] * np.where(public.labels == 2, 0.01, 1.0)[:, None]
    run = _run(0.5, 0.4)
    assert prefer_last(model, sure, tmp_path, run, public).select() == ("mean.weights.h5", (1,), 0.4)
    assert read_run(tmp_path).last
    assert prefer_last(model, np.eye(7)[public.labels], tmp_path, run, public).select() == ("best.weights.h5", (0,), 0.5)


def test_early_and_best_weights_are_averaged_where_that_is_better(tmp_path, patterns):
    from emotion.training.networks.architectures import predict

    model = SMALL.build()
    for name, value in (("best", 1.0), ("early", 3.0)):
        model.set_weights([np.full(weight.shape, value, np.float32) for weight in model.get_weights()])
        model.save_weights(tmp_path / f"{name}.weights.h5")
    # All weights alike answer one emotion for every face: that share of them is right.
    answered = (predict(model, patterns["public"].images).argmax(axis=1) == patterns["public"].labels).mean()
    answered = float(answered)
    run = replace(_run(0.1, answered), early=0)
    assert blend_weights(model, tmp_path, run, patterns["public"]) == run
    run = blend_weights(model, tmp_path, replace(_run(0.0, answered / 2), early=0), patterns["public"])
    assert run.blended == pytest.approx(answered)
    assert run.select() == ("blend.weights.h5", (0, 1), run.blended)
    assert read_run(tmp_path) == run
    model.load_weights(tmp_path / "blend.weights.h5")
    assert all((np.asarray(weight) == 2.0).all() for weight in model.get_weights())

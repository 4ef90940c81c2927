"""Real fitting of a small network on patterns that can be told apart, killed and gone on with."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
from tests.small import SMALL

pytest.importorskip("keras")


def test_a_killed_run_goes_on_where_it_was(tmp_path, patterns):
    from emotion.fitting import fit
    from emotion.networks import predicted

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
    from emotion.fitting import fit

    fit(patterns, tmp_path, replace(SMALL, epochs=1))
    with pytest.raises(InputError, match="another recipe"):
        fit(patterns, tmp_path, replace(SMALL, epochs=2), resume=True)
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        fit(patterns, tmp_path, replace(SMALL, epochs=1), resume=True)


def test_a_network_learns_from_itself_and_goes_on_where_it_was(tmp_path, patterns):
    from emotion.fitting import fit
    from emotion.networks import predicted

    recipe = replace(SMALL, epochs=8, restarts=(5,), again=(5,), views=2, averaged=0.5, sizes=((0.0, 48),))
    told = []
    whole = fit(patterns, tmp_path / "whole", recipe, progress=lambda text, share: told.append((text, share)))
    assert [text for text, _ in told if "view" in text] == ["own answers, view 1 of 2", "own answers, view 2 of 2"]
    assert [share for _, share in told] == sorted(share for _, share in told)

    class Killed(Exception):
        pass

    def kill(text: str, share: float) -> None:
        if share >= 7 / 8:
            raise Killed

    with pytest.raises(Killed):
        fit(patterns, tmp_path / "parts", recipe, progress=kill)
    resumed = fit(patterns, tmp_path / "parts", recipe, resume=True)
    images = patterns["public"].images
    assert np.allclose(predicted(whole, images), predicted(resumed, images), atol=0.15)
    history = json.loads((tmp_path / "whole" / "training.json").read_text())["history"]
    assert history[-1]["public"] > 0.5
    (tmp_path / "parts" / "answers-5.npz").write_bytes(b"")
    state = json.loads((tmp_path / "parts" / "training.json").read_text())
    (tmp_path / "parts" / "training.json").write_text(json.dumps({**state, "history": state["history"][:6]}))
    with pytest.raises(InputError, match="answers"):
        fit(patterns, tmp_path / "parts", recipe, resume=True)


GROWING = replace(
    SMALL, epochs=8, restarts=(3, 5), again=(3, 5), views=2, averaged=0.5, sizes=((0.0, 48),), grows=5, grown={"blocks": [0, 2]}
)


def test_a_network_grows_from_its_best_and_goes_on_where_it_was(tmp_path, patterns):
    from emotion.fitting import build, fit
    from emotion.networks import predicted

    accuracies = []
    whole = fit(patterns, tmp_path / "whole", GROWING)
    assert whole.count_params() == build(GROWING).count_params() > build(GROWING, 5).count_params()
    for name in ("grown", "best"):
        model = build(GROWING)
        model.load_weights(tmp_path / "whole" / f"{name}.weights.h5")
        accuracies.append((predicted(model, patterns["public"].images).argmax(axis=1) == patterns["public"].labels).mean())
    history = json.loads((tmp_path / "whole" / "training.json").read_text())["history"]
    # What it grew from answers as the best epoch before did, and what is kept is the best since.
    assert np.isclose(accuracies[0], max(one["public"] for one in history[:5]), atol=0.03)
    assert np.isclose(accuracies[1], max(one["public"] for one in history[5:]), atol=0.03)

    class Killed(Exception):
        pass

    for stop in (5 / 8, 7 / 8):

        def kill(text: str, share: float, stop: float = stop) -> None:
            if share >= stop:
                raise Killed

        with pytest.raises(Killed):
            fit(patterns, tmp_path / "parts", GROWING, resume=True, progress=kill)
    resumed = fit(patterns, tmp_path / "parts", GROWING, resume=True)
    images = patterns["public"].images
    assert np.allclose(predicted(whole, images), predicted(resumed, images), atol=0.2)
    # Both times it learnt from itself, and each only once however often it was stopped.
    assert sorted(path.name for path in (tmp_path / "parts").glob("answers*")) == ["answers-3.npz", "answers-5.npz"]


def test_a_kill_just_after_growing_loses_an_epoch_at_most(tmp_path, patterns):
    from emotion.fitting import build, fit

    class Killed(Exception):
        pass

    def kill(text: str, share: float) -> None:
        if share >= 5 / 8 and "epoch 5" in text:
            raise Killed

    with pytest.raises(Killed):
        fit(patterns, tmp_path, GROWING, progress=kill)
    shutil.copytree(tmp_path, tmp_path / "before")
    fit(patterns, tmp_path, GROWING, resume=True)
    # The state is written last: a kill before that leaves the grown network's weights beside the small one's state.
    shutil.copy(tmp_path / "before" / "training.json", tmp_path / "training.json")
    model = fit(patterns, tmp_path, GROWING, resume=True)
    state = json.loads((tmp_path / "training.json").read_text())
    assert len(state["history"]) == 8
    assert model.count_params() == build(GROWING).count_params()
    # A new run does not take over what an old one left.
    fit(patterns, tmp_path, replace(GROWING, epochs=2))
    assert not list(tmp_path.glob("answers*"))
    assert not (tmp_path / "grown.weights.h5").exists()


def test_without_something_to_select_on_nothing_is_fitted(tmp_path, patterns):
    from emotion.fitting import fit

    with pytest.raises(InputError, match="PublicTest"):
        fit({"train": patterns["train"]}, tmp_path, SMALL)
    with pytest.raises(InputError, match="No architecture"):
        fit(patterns, tmp_path, replace(SMALL, architecture="vgg"))
    assert list(tmp_path.iterdir()) == []

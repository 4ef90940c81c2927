"""Real fitting of a small network on patterns that can be told apart, killed and gone on with."""

import json
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

    recipe = replace(SMALL, epochs=8, restarts=(5,), again=5, views=2, averaged=0.5, sizes=((0.0, 48),))
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
    (tmp_path / "parts" / "answers.npz").write_bytes(b"")
    state = json.loads((tmp_path / "parts" / "training.json").read_text())
    (tmp_path / "parts" / "training.json").write_text(json.dumps({**state, "history": state["history"][:6]}))
    with pytest.raises(InputError, match="answers"):
        fit(patterns, tmp_path / "parts", recipe, resume=True)


def test_without_something_to_select_on_nothing_is_fitted(tmp_path, patterns):
    from emotion.fitting import fit

    with pytest.raises(InputError, match="PublicTest"):
        fit({"train": patterns["train"]}, tmp_path, SMALL)
    with pytest.raises(InputError, match="No architecture"):
        fit(patterns, tmp_path, replace(SMALL, architecture="vgg"))
    assert list(tmp_path.iterdir()) == []

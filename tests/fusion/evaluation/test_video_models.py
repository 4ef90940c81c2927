import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from fusion.evaluation.manifest import Clip
from fusion.evaluation.video_models import MODELS, evaluate_video_model, load_video_model, sample_frames
from kslr.core.errors import InputError
from tests.clips import write


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    """Bright clips are happy, dark ones sad; four people, and one clip that is none."""
    folder, made = tmp_path_factory.mktemp("videos"), []
    for signer in "ABCD":
        for emotion, level in (("happy", 220), ("sad", 30)):
            path = write(folder / f"{signer}{emotion}.mp4", [np.full((64, 64, 3), level, np.uint8)] * 6, fps=10)
            made.append(Clip(path, "su", emotion, signer))
    (folder / "bad.mp4").write_text("no video")
    return [*made, Clip(folder / "bad.mp4", "su", "happy", "D")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> dict[str, Path]:
    """Random weights of tiny networks of each kind, saved as the hub's files are."""
    transformers = pytest.importorskip("transformers", reason="needs the extra video")
    sizes = {"image_size": 32, "patch_size": 16, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    kinds = {
        "timesformer": (transformers.TimesformerConfig, transformers.TimesformerForVideoClassification, {"num_frames": 4}),
        "videomae": (transformers.VideoMAEConfig, transformers.VideoMAEForVideoClassification, {"num_frames": 4}),
        "vivit": (
            transformers.VivitConfig,
            transformers.VivitForVideoClassification,
            {"num_frames": 4, "tubelet_size": [2, 16, 16]},
        ),
    }
    folders = {}
    for name, (config, model, more) in kinds.items():
        folders[name] = tmp_path_factory.mktemp(name)
        model(config(**sizes, intermediate_size=16, num_labels=5, **more)).save_pretrained(folders[name])
    return folders


@pytest.mark.parametrize("name", sorted(MODELS))
def test_each_model_is_fitted_and_reported(clips, tiny, name):
    training, test = [c for c in clips if c.signer in "AB"], [c for c in clips if c.signer in "CD"]
    seen = []
    made = evaluate_video_model(
        training, test, model=name, task="emotion", weights=tiny[name], epochs=2, progress=lambda *news: seen.append(news)
    )
    assert made["samples"] == 4
    assert made["confusion"]["names"] == ["happy", "sad"]
    assert np.sum(made["confusion"]["counts"]) == 4
    assert [Path(one["clip"]).name for one in made["left_out"]] == ["bad.mp4"]
    assert seen[0] == ("Epoch 1 of 2", 0.0)
    json.dumps(made)


def test_a_signer_on_both_sides_is_refused(clips, tiny):
    with pytest.raises(InputError, match="both sides"):
        evaluate_video_model(clips, clips, model="vivit", task="emotion", weights=tiny["vivit"])


def test_weights_of_another_model_and_none_are_refused(tiny, tmp_path):
    with pytest.raises(InputError, match="not a vivit"):
        load_video_model("vivit", ["a", "b"], tiny["videomae"])
    with pytest.raises(InputError, match="--weights"):
        load_video_model("vivit", ["a", "b"], tmp_path)
    with pytest.raises(InputError, match="timesformer"):
        load_video_model("resnet", ["a", "b"])


def test_code_and_pickles_beside_the_weights_are_not_run(tiny, tmp_path):
    marker = tmp_path / "ran"
    folder = tmp_path / "foreign"
    shutil.copytree(tiny["vivit"], folder)
    (folder / "own.py").write_text(f"open({str(marker)!r}, 'w')\n")
    config = json.loads((folder / "config.json").read_text())
    classes = {"AutoConfig": "own.Config", "AutoModelForVideoClassification": "own.Model"}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": classes}))
    load_video_model("vivit", ["a", "b"], folder)
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": classes}))
    with pytest.raises(InputError, match="--weights"):
        load_video_model("vivit", ["a", "b"], folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").unlink()

    class Opens:
        def __reduce__(self) -> tuple:
            return open, (str(marker), "w")

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Opens()))
    with pytest.raises(InputError, match="--weights"):
        load_video_model("vivit", ["a", "b"], folder)
    assert not marker.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"image_mean": 1}', '{"image_mean": [0.5]}', '{"image_std": [0, 0, 0]}'])
def test_settings_that_cannot_be_used_are_told(tiny, tmp_path, text):
    shutil.copytree(tiny["vivit"], tmp_path / "broken")
    (tmp_path / "broken" / "preprocessor_config.json").write_text(text)
    with pytest.raises(InputError, match="Download it again"):
        load_video_model("vivit", ["a", "b"], tmp_path / "broken")


def test_a_span_is_cut_out(tmp_path):
    path = write(tmp_path / "a.mp4", [np.full((64, 64, 3), level, np.uint8) for level in range(0, 240, 12)], fps=10)
    early = sample_frames(Clip(path, None, None, "A", 0.0, 0.5), 3, 32)
    late = sample_frames(Clip(path, None, None, "A", 1.4, 1.9), 3, 32)
    assert early.shape == (3, 32, 32, 3)
    assert early.mean() < 60 < 160 < late.mean()
    with pytest.raises(InputError, match="no frame"):
        sample_frames(Clip(path, None, None, "A", 5.0, 6.0), 3, 32)


def test_one_class_is_refused(clips, tiny):
    one = [c for c in clips if c.signer in "AB"], [c for c in clips if c.signer in "CD"]
    with pytest.raises(InputError, match="two classes"):
        evaluate_video_model(*one, model="vivit", task="sign", weights=tiny["vivit"])

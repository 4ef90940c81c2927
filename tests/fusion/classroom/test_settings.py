import json
from pathlib import Path

import pytest

from fusion.classroom.settings import Settings, read_settings
from fusion.classroom.targets import CAMERA, DESK
from kslr.core.errors import InputError


@pytest.mark.parametrize("wrong", [{"k": 4}, {"targets": ()}, {"rate": 0.0}, {"rate": 100.0}])
def test_settings_that_cannot_be_are_told(wrong: dict):
    with pytest.raises(InputError):
        Settings(**wrong)


def test_a_file_chooses_weights_and_targets_and_the_command_line_other_targets(tmp_path: Path):
    config = tmp_path / "class.json"
    config.write_text(json.dumps({"weights": {"happy": 0.1}, "targets": ["desk"]}))
    assert read_settings(config, k=7) == read_settings(config, ["desk"], k=7)
    assert read_settings(config).targets == (DESK,)
    assert read_settings(config, ["camera"]).targets == (CAMERA,)
    assert read_settings(config).weights.emotions[3] == 0.1
    assert read_settings(None, rate=2.0) == Settings(rate=2.0)


@pytest.mark.parametrize("content", ["[]", "{", '{"colour": 1}', '{"weights": []}', '{"targets": "desk"}', "null"])
def test_another_file_is_refused(tmp_path: Path, content: str):
    config = tmp_path / "class.json"
    config.write_text(content)
    with pytest.raises(InputError, match=r"class\.json"):
        read_settings(config)

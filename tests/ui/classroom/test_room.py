import json

import pytest

from kslr.core.errors import InputError
from ui.classroom.room import read_opening

CONFIRMED = {"consent": True, "place": "outside-eu", "name": "5 B"}


def test_what_is_no_message_is_told():
    for wrong in ("", "[]", "{}", "x" * 5000, json.dumps({**CONFIRMED, "targets": ["camera"] * 9})):
        with pytest.raises(InputError):
            read_opening(wrong)


def test_the_settings_are_the_operators():
    settings, opening = read_opening(json.dumps({**CONFIRMED, "k": 7, "targets": ["desk", "camera"]}))
    assert settings.k == 7
    assert len(settings.targets) == 2
    assert (opening.name, opening.place) == ("5 B", "outside-eu")
    assert read_opening(json.dumps({**CONFIRMED, "name": None, "targets": []}))[0].k == 5

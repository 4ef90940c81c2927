import asyncio

import pytest
from fastapi import WebSocketDisconnect

from kslr.core.errors import InputError
from ui.live.conversation import CODES, Slow, explain
from ui.server.metrics import ENDINGS, REFUSALS
from ui.server.sessions import Broken, Full
from ui.shared.i18n import Refusal
from ui.shared.pictures import TooLarge


@pytest.mark.parametrize(
    ("error", "reason", "last"),
    [
        (Full(3), "full", {"error": "full", "places": 3}),
        (Refusal("teach.unknown", name="x"), "vocabulary", {"error": "vocabulary"}),
        (TooLarge("Too large."), "too_large", {"error": "refused", "message": "Too large."}),
        (InputError("No picture."), "refused", {"error": "refused", "message": "No picture."}),
        (asyncio.TimeoutError(), "idle", None),
        (Slow(), "slow", None),
        (Broken(), "error", None),
        (asyncio.CancelledError(), "stopped", None),
        (WebSocketDisconnect(1001), "closed", None),
    ],
)
def test_every_end_has_its_reason_and_its_code(error, reason, last):
    assert explain(error) == (reason, last)
    assert reason in {*ENDINGS, *REFUSALS}
    assert reason in CODES

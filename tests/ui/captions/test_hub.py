import asyncio
import json

import pytest

from kslr.core.errors import InputError
from ui.captions import hub
from ui.captions.hub import Captions

TOKEN = "a" * 32


def body(*words: str, **more: object) -> bytes:
    return json.dumps({"words": [{"kk": w, "ru": w.upper(), "en": w} for w in words], "language": "ru", **more}).encode()


def test_who_knows_the_token_reads_along_and_nobody_else():
    captions = Captions()
    mine, other = captions.listen(TOKEN, "me"), captions.listen("b" * 32, "me")
    assert mine.get_nowait()["words"] == []
    captions.publish(TOKEN, body("су"), "me")
    captions.publish(TOKEN, body("су", "ит"), "me")
    told = mine.get_nowait()  # of several changes the last alone
    assert told["text"] == "СУ ИТ"
    assert [word["kk"] for word in told["words"]] == ["су", "ит"]
    assert mine.empty()
    assert other.get_nowait()["words"] == []
    assert other.empty()
    # Whoever comes later is told the present words.
    assert captions.listen(TOKEN, "me").get_nowait()["text"] == "СУ ИТ"


@pytest.mark.parametrize("token", ["short", "a" * 65, "../" * 10, "a" * 31 + "\n"])
def test_only_long_tokens_are_tokens(token):
    for ask in (lambda: Captions().listen(token, "me"), lambda: Captions().publish(token, body(), "me")):
        with pytest.raises(InputError):
            ask()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        body("x" * 201),
        body(*"x" * 41),
        body("x", language="fr"),
        b'{"words": [{"kk": 1}]}',
        b'{"words": [{"kk": "a", "ru": "a", "en": "a", "emotion": "<b>"}]}',
        b" " * 30_000,
    ],
)
def test_what_is_no_caption_is_refused(content):
    with pytest.raises(InputError):
        Captions().publish(TOKEN, content, "me")


def test_budgets():
    captions = Captions()
    for _ in range(hub.MOST_OF_CHANNEL):
        queue = captions.listen(TOKEN, "me")
    with pytest.raises(InputError) as refused:
        captions.listen(TOKEN, "me")
    assert refused.value.code == "full"
    captions.leave(TOKEN, queue)
    captions.listen(TOKEN, "me")
    for n in range(hub.MOST_OF_CLIENT - 1):
        captions.publish(f"{n:032}", body("су"), "me")
    with pytest.raises(InputError):
        captions.publish("z" * 32, body("су"), "me")
    captions.publish("z" * 32, body("су"), "somebody else")


def test_pages_without_words_and_listeners_take_no_place():
    captions = Captions()
    for n in range(2 * hub.MOST_OF_CLIENT):
        token = f"{n:032}"
        captions.publish(token, body(), "me")  # never had a word
        captions.publish(token, body("су"), "me")  # had one, and was closed
        captions.publish(token, body(), "me")
        captions.leave(token, captions.listen(token, "me"))  # was listened to
    queue = captions.listen(TOKEN, "me")
    captions.publish(TOKEN, body("су"), "me")
    captions.publish(TOKEN, body(), "me")
    captions.publish(TOKEN, body("ит"), "me")  # who listens stays
    assert queue.get_nowait()["text"] == "ИТ"


def test_words_that_nobody_listens_to_are_forgotten(monkeypatch):
    captions = Captions()
    captions.publish(TOKEN, body("су"), "me")
    queue: asyncio.Queue = captions.listen("b" * 32, "me")
    captions.publish("b" * 32, body("ит"), "me")
    monkeypatch.setattr(hub, "FORGOTTEN_SECONDS", -1.0)
    captions.forget_old()
    assert captions.listen(TOKEN, "me").get_nowait()["words"] == []
    assert queue.get_nowait()["text"] == "ИТ"

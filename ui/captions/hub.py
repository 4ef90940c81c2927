"""The running words of the pages that give them away, for programs that know a page's token."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from kslr.core.errors import InputError
from kslr.core.files import one_line
from ui.captions.caption_file import SHOWN, CaptionFile, caption_line
from ui.door.messages import read_model
from ui.shared.i18n import LANGUAGES

BODY_BYTES = 20_000  # of a message from a page
MOST_CHANNELS, MOST_OF_CLIENT = 200, 40  # pages that give their words away: all, of one client
MOST_LISTENERS, MOST_OF_CHANNEL = 100, 8  # programs that listen: to all, to one page
FORGOTTEN_SECONDS = 3600.0  # without a change, after which words that nobody listens to are forgotten
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
State = dict[str, Any]


class CaptionWord(BaseModel):
    """A word in every language, and its emotion."""

    kk: str = Field(max_length=200)
    ru: str = Field(max_length=200)
    en: str = Field(max_length=200)
    emotion: Literal["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"] | None = None


class CaptionBody(BaseModel):
    """What a page sends: its last words, and the language it is read in."""

    words: list[CaptionWord] = Field(max_length=40)
    language: Literal["kk", "ru", "en"] = "kk"


@dataclass
class Channel:
    """The words of one page, and the queues of those who listen to it; a queue holds the newest state alone."""

    client: str = ""
    state: State = field(default_factory=lambda: caption_state(CaptionBody(words=[])))
    listeners: set["asyncio.Queue[State]"] = field(default_factory=set)
    changed: float = field(default_factory=time.monotonic)


def caption_state(body: CaptionBody) -> State:
    """What listeners are told: the last words in every language, and one line of them in the page's language."""
    words = [{**{code: one_line(getattr(one, code)) for code in LANGUAGES}, "emotion": one.emotion} for one in body.words]
    line = caption_line([word[body.language] or "" for word in words])
    return {"words": words[-SHOWN:], "language": body.language, "text": line}


class Captions:
    """The channels of a server by their tokens. Used by the server's event loop alone.

    Attributes:
        file: where the words of pages on the server's own machine are written as well; None for nowhere.
    """

    def __init__(self) -> None:
        self.file: CaptionFile | None = None
        self._channels: dict[str, Channel] = {}

    def publish(self, token: str, content: bytes, client: str) -> State:
        """Tells the listeners of a token new words. Without words and listeners nothing is kept of it.

        Args:
            token: of the page; 20–64 letters, digits, - and _.
            content: a `CaptionBody` as JSON.
            client: who sends it.

        Returns:
            What they are told.

        Raises:
            InputError: no such token or message, or too many pages give words away (code ``full``).
        """
        state = caption_state(read_model(content, CaptionBody, BODY_BYTES))
        if not state["words"] and TOKEN.fullmatch(token) and token not in self._channels:
            return state  # nothing to tell, nobody to tell it to: it takes no place
        channel = self._channel(token, client)
        channel.state, channel.changed = state, time.monotonic()
        for queue in channel.listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(state)
        self._forget_if_unused(token)
        return state

    def listen(self, token: str, client: str) -> "asyncio.Queue[State]":
        """A queue of the states of a token, the present one first; `leave` ends it.

        Raises:
            InputError: no such token, or too many listen (code ``full``).
        """
        channel = self._channel(token, client)
        everybody = sum(len(one.listeners) for one in self._channels.values())
        if len(channel.listeners) >= MOST_OF_CHANNEL or everybody >= MOST_LISTENERS:
            raise InputError("Too many programs read along.", "full")
        queue: asyncio.Queue[State] = asyncio.Queue(1)
        queue.put_nowait(channel.state)
        channel.listeners.add(queue)
        return queue

    def leave(self, token: str, queue: "asyncio.Queue[State]") -> None:
        """Ends what `listen` began."""
        channel = self._channels.get(token)
        if channel is not None:
            channel.listeners.discard(queue)
            channel.changed = time.monotonic()
            self._forget_if_unused(token)

    def forget_old(self) -> None:
        """Forgets words that nobody has changed or listened to for long; the server's clock calls it."""
        oldest = time.monotonic() - FORGOTTEN_SECONDS
        self._channels = {k: one for k, one in list(self._channels.items()) if one.listeners or one.changed >= oldest}

    def _forget_if_unused(self, token: str) -> None:
        """Frees the place of a channel that says nothing to nobody: an address has places for a few alone."""
        channel = self._channels[token]
        if not channel.listeners and not channel.state["words"]:
            del self._channels[token]

    def _channel(self, token: str, client: str) -> Channel:
        if not TOKEN.fullmatch(token):
            raise InputError("A token has 20 to 64 letters, digits, - and _.", "token")
        if token not in self._channels:
            self.forget_old()
            own = sum(one.client == client for one in self._channels.values())
            if len(self._channels) >= MOST_CHANNELS or own >= MOST_OF_CLIENT:
                raise InputError("Too many pages give their words away.", "full")
            self._channels[token] = Channel(client)
        return self._channels[token]

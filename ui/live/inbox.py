"""What one live session was sent and has not begun: never more than one picture in a row, the newest."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

# Texts are rare (calm, end); a client with more of them waiting than this is no page of ours.
MOST_WAITING = 8


@dataclass(frozen=True)
class Message:
    """One message of a client.

    Attributes:
        content: a picture's bytes, or a text.
        skipped: how many older pictures this one has replaced.
        arrived: when it came, on the clock of `time.perf_counter`.
    """

    content: bytes | str
    skipped: int = 0
    arrived: float = field(default_factory=time.perf_counter)


class Inbox:
    """A bounded queue between a socket and the thread that works for it; for one event loop, not for several threads.

    Order is kept, but the next picture replaces one that waits. So an answer is never about long ago, and a client that
    sends faster than it is served loses only its own older pictures.

    >>> async def example():
    ...     inbox = Inbox()
    ...     for content in (b"1", b"2", "calm", b"3", b"4", b"5"):
    ...         inbox.put(content)
    ...     return [((one := await inbox.get()).content, one.skipped) for _ in range(3)]
    >>> asyncio.run(example())
    [(b'2', 1), ('calm', 0), (b'5', 2)]
    """

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, content: bytes | str) -> bool:
        """Adds a message; gives False, and drops it, where too many wait."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(content, bytes) and last is not None and isinstance(last.content, bytes):
            self._waiting[-1] = Message(content, last.skipped + 1)
        elif len(self._waiting) >= MOST_WAITING:
            return False
        else:
            self._waiting.append(Message(content))
        self._changed.set()
        return True

    def close(self) -> None:
        """Drops what waits: nothing more comes, and nobody is left to be answered."""
        self._closed = True
        self._waiting.clear()
        self._changed.set()

    async def get(self) -> Message | None:
        """The next message as soon as there is one; None when there will be none."""
        while not self._waiting:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

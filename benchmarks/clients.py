"""Live sessions without a browser: WebSocket clients that send a clip's pictures, or its landmarks, as the Live page does."""

import asyncio
import io
import json
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fusion.interpreter import Interpreter
from kslr.video import VideoFile
from ui.live.packets import Packet, pack

# As ui/live.js sends them.
SIDE, QUALITY, IN_FLIGHT = 640, 80, 2


@dataclass
class Heard:
    """What one client got.

    Attributes:
        sent, skipped: pictures; and those that the server passed over for newer ones.
        arrivals: seconds on the clock of `time.monotonic`, one an answer.
        waits: seconds from picture to answer.
        words: how many.
    """

    sent: int = 0
    skipped: int = 0
    words: int = 0
    arrivals: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def since(self, moment: float) -> "Heard":
        """The answers from a moment on."""
        first = next((n for n, at in enumerate(self.arrivals) if at >= moment), len(self.arrivals))
        return Heard(self.sent, self.skipped, self.words, self.arrivals[first:], self.waits[first:])

    def longest_pause(self, start: float, end: float) -> float:
        """Seconds without an answer between two moments."""
        return float(np.diff([start, *(at for at in self.arrivals if start <= at <= end), end]).max())


def jpeg(rgb: np.ndarray) -> bytes:
    """A picture as the Live page makes one."""
    from PIL import Image

    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def pictures_of(clip: Path, rate: float) -> list[bytes]:
    """A clip's pictures at that many a second."""
    kept, next_at = [], 0.0
    with VideoFile(clip) as video:
        for frame in video:
            if frame.seconds >= next_at:
                kept.append(jpeg(frame.rgb))
                next_at += 1 / rate
    return kept


def packets_of(clip: Path, rate: float) -> list[bytes]:
    """A clip's landmarks and emotions at that many a second, as a browser that tracks sends them."""
    kept, next_at = [], 0.0
    with Interpreter().session() as session, VideoFile(clip) as video:
        for frame in video:
            if frame.seconds >= next_at:
                seen = session.push(frame)
                shares = None if seen.emotion is None else seen.emotion.probabilities
                kept.append(pack(Packet(seen.landmarks, shares, seen.emotion.quality if seen.emotion else 0.0)))
                next_at += 1 / rate
    return kept


def stamp(content: bytes, seconds: float) -> bytes:
    """A picture or a packet as a message of a moment."""
    time_of = struct.pack("<d", seconds)
    return content[:4] + time_of + content[12:] if content.startswith(b"KSL") else time_of + content


async def sign(
    url: str,
    pictures: Sequence[bytes],
    seconds: float,
    rate: float = 10.0,
    in_flight: int = IN_FLIGHT,
    cut: bool = False,
    least: int = 0,
    signs: str = "",
) -> Heard:
    """One live session.

    Args:
        url: the server's.
        pictures: JPEGs, or packets where the client tracks, shown over and over.
        seconds: how long.
        rate: pictures a second that the camera gives; one that comes while `in_flight` are unanswered is not sent.
        in_flight: as many as are sent without waiting for an answer.
        cut: whether the connection is torn off at the end, as by a crash, and not closed.
        least: answers without which it goes on for longer.
        signs: the vocabulary.

    Raises:
        RuntimeError: the server refused, or cut the connection.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    heard, sent_at = Heard(), {}
    tracking = "browser" if pictures[0].startswith(b"KSL") else "server"
    address = f"{url.replace('http', 'ws', 1)}live?signs={quote(signs)}&tracking={tracking}"
    async with connect(address, compression=None, open_timeout=120, max_queue=None) as socket:
        first = json.loads(await socket.recv())
        if "ready" not in first:
            raise RuntimeError(f"The server said {first}.")

        async def listen() -> None:
            async for message in socket:
                now, reply = time.monotonic(), json.loads(message)
                if "error" in reply:
                    raise RuntimeError(f"The server said {reply}.")
                heard.arrivals.append(now)
                heard.waits.append(now - sent_at[reply["seconds"]])
                heard.skipped += reply["skipped"]
                heard.words += len(reply["words"])
                for earlier in [at for at in sent_at if at <= reply["seconds"]]:
                    del sent_at[earlier]

        listening, began = asyncio.create_task(listen()), time.monotonic()
        try:
            while not listening.done():
                now = time.monotonic()
                if now >= began + seconds and len(heard.arrivals) >= least:
                    break
                if len(sent_at) < in_flight:
                    sent_at[now - began] = now
                    await socket.send(stamp(pictures[heard.sent % len(pictures)], now - began))
                    heard.sent += 1
                # The camera's next picture; those it gave meanwhile are gone.
                ticks = int((time.monotonic() - began) * rate) + 1
                await asyncio.sleep(max(0.0, began + ticks / rate - time.monotonic()))
        except ConnectionClosed as error:
            raise RuntimeError("The server closed the connection.") from error
        finally:
            if cut:
                socket.transport.abort()
            gone = listening.done()
            listening.cancel()
            await asyncio.wait({listening})
        if gone:
            error = listening.exception()
            raise error if isinstance(error, RuntimeError) else RuntimeError("The server closed the connection.")
    return heard


async def sign_together(url: str, pictures: Sequence[bytes], sessions: int, seconds: float, rate: float = 10.0) -> list[Heard]:
    """Several live sessions at once, each with the clip from another place on."""
    shifted = [[*pictures[n * len(pictures) // sessions :], *pictures[: n * len(pictures) // sessions]] for n in range(sessions)]
    return list(await asyncio.gather(*(sign(url, own, seconds, rate) for own in shifted)))

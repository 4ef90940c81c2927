"""The live path: the browser sends pictures, the server answers what it saw, the browser draws it over its own video.

A picture is a binary message: its time in seconds as a little-endian double, then a JPEG. The answer is JSON. The
usual way is a WebSocket; where that is refused, as behind some proxies, the same messages go by POST. Pictures are
never written anywhere.
"""

import asyncio
import io
import json
import math
import struct
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect

from fusion.appearance import FACE_RUNS
from fusion.exports import from_json
from fusion.interpreter import Observation
from kslr.landmarks import Landmarks
from kslr.recognizer import SignPrediction
from kslr.takes import too_far
from kslr.video import Frame
from models.errors import InputError
from ui.formats import FORMATS, written
from ui.i18n import LANGUAGES
from ui.naming import NAME_LENGTH
from ui.refused import Refused
from ui.services import Full, LiveSession, Services

FACE_POINTS = sorted({point for run in FACE_RUNS for point in run})


def decode(message: bytes, largest: int = 400_000, side: int = 1280) -> Frame:
    """A live message as a frame.

    Args:
        message: a double, then a JPEG.
        largest: bytes.
        side: pixels a picture may have on its longer side.

    Raises:
        InputError: too large, or no such message.
    """
    from PIL import Image, UnidentifiedImageError

    if len(message) > largest:
        raise InputError(f"A live picture has at most {largest} bytes, this one {len(message)}.")
    if len(message) < 12:
        raise InputError("A live message is 8 bytes of time and a JPEG.")
    (seconds,) = struct.unpack_from("<d", message)
    if not math.isfinite(seconds) or seconds < 0:
        raise InputError("A live picture's time is a number of seconds from 0 on.")
    try:
        # The size stands in the head and is checked before anything is unpacked.
        image = Image.open(io.BytesIO(message[8:]), formats=["JPEG"])
        if max(image.size) > side:
            raise InputError(f"A live picture has at most {side} pixels a side, this one is {image.size[0]}×{image.size[1]}.")
        return Frame(np.ascontiguousarray(image.convert("RGB")), seconds)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise InputError("The live picture is not a whole JPEG.") from error


def answer(observation: Observation, size: tuple[int, int]) -> dict[str, Any]:
    """What the browser needs to draw and tell: coordinates are thousandths of the picture's width and height."""
    emotion, crop, guess = observation.emotion, observation.crop, observation.provisional
    width, height = size
    return {
        "seconds": observation.seconds,
        "signing": observation.signing,
        "hint": observation.hint or ("too_far" if too_far(observation.landmarks) else None),
        **points(observation.landmarks),
        "box": None
        if crop is None
        else [round(1000 * v) for v in (crop.box[0] / width, crop.box[1] / height, crop.box[2] / width, crop.box[2] / height)],
        "emotion": emotion and {"label": emotion.label, "probabilities": [round(float(p), 3) for p in emotion.probabilities]},
        "guess": guess
        and guess.sign_id
        and {"id": guess.sign_id, "probability": round(guess.probability, 3), "top5": top5(guess)},
        "words": [word.as_dict() for word in observation.words],
    }


def top5(guess: SignPrediction) -> list[dict[str, Any]]:
    """The likeliest words, best first."""
    return [{"id": word, "probability": round(probability, 3)} for word, probability in guess.ranked[:5]]


def points(seen: Landmarks) -> dict[str, list[list[int]] | None]:
    """Landmarks as the browser draws them: pose (with whether each point is visible), face, left_hand and right_hand."""
    pose = None if seen.pose is None else np.column_stack([_thousandths(seen.pose), seen.pose[:, 3] > 0.5])[:25]
    return {
        "pose": None if pose is None else pose.astype(int).tolist(),
        "face": None if seen.face is None else _thousandths(seen.face[FACE_POINTS]).tolist(),
        "left_hand": None if seen.left_hand is None else _thousandths(seen.left_hand).tolist(),
        "right_hand": None if seen.right_hand is None else _thousandths(seen.right_hand).tolist(),
    }


def _thousandths(points: np.ndarray) -> np.ndarray:
    return np.round(np.clip(points[:, :2], -1, 2) * 1000).astype(int)


def read(session: LiveSession, message: bytes, services: Services) -> dict[str, Any]:
    """Runs one live message through a session.

    Raises:
        InputError: the message is not one, or its time is not after the one before.
    """
    start = time.perf_counter()
    frame = decode(message, services.limits.frame_bytes, services.limits.frame_side)
    if frame.seconds <= session.last_seconds:
        raise InputError("Live pictures come in the order of their times.")
    session.wait()
    session.last_seconds = frame.seconds
    height, width = frame.rgb.shape[:2]
    reply = answer(session.interpreter.push(frame), (width, height))
    session.used = time.monotonic()
    return {**reply, "milliseconds": round((time.perf_counter() - start) * 1000, 1)}


def calm(session: LiveSession, on: bool = True) -> dict[str, Any]:
    """Takes the last three seconds of the face for the person's resting one, or forgets it."""
    session.wait()
    if on:
        return {"calm": session.interpreter.calibrate()}
    session.interpreter.forget_calibration()
    return {"calm": None}


def same_origin(headers: Any) -> bool:
    """Whether a request comes from our own page. Programs that are no browsers send no origin and are welcome."""
    origin = headers.get("origin")
    hosts = {headers.get("host"), headers.get("x-forwarded-host")}
    return origin is None or urlsplit(origin).netloc in hosts


class Rate:
    """Counts messages and says when more than so many came within a second."""

    def __init__(self, most: int) -> None:
        self._most, self._times = most, [float("-inf")] * (most + 1)

    def flooded(self) -> bool:
        """Notes one message."""
        self._times = [*self._times[1:], time.monotonic()]
        return self._times[-1] - self._times[0] < 1.0


def router(services: Services) -> APIRouter:
    """The routes ``/live`` (WebSocket), ``/live/frame``, ``/live/end``, ``/live/export`` and ``/health``."""
    routes = APIRouter()
    limits, sessions = services.limits, services.sessions

    @routes.get("/health")
    async def health() -> dict[str, Any]:
        sessions.close_idle()
        return {
            "status": "ok",
            "sessions": len(sessions),
            "places": limits.sessions,
            "videos": services.videos,
            "takes": len(services.desk),
        }

    @routes.websocket("/live")
    async def live(socket: WebSocket, signs: str = "") -> None:
        if not same_origin(socket.headers):
            await socket.close(1008)
            return
        await socket.accept()
        key, loop, rate = f"socket-{id(socket)}", asyncio.get_running_loop(), Rate(limits.frames_a_second)
        try:
            session = sessions.open(key, await loop.run_in_executor(None, services.vocabularies.models, signs))
            await loop.run_in_executor(session.thread, session.wait)
            await socket.send_json({"ready": True})
            while True:
                message = await asyncio.wait_for(socket.receive(), limits.idle_seconds)
                if message["type"] == "websocket.disconnect":
                    return
                if rate.flooded():
                    await socket.close(1008)
                    return
                if message.get("bytes"):
                    reply = await loop.run_in_executor(session.thread, read, session, message["bytes"], services)
                elif (message.get("text") or "").startswith("calm"):
                    reply = await loop.run_in_executor(session.thread, calm, session, message["text"] == "calm")
                else:
                    words = await loop.run_in_executor(session.thread, session.interpreter.finish)
                    reply = {"ended": True, "words": [word.as_dict() for word in words]}
                await socket.send_json(reply)
        except Full:
            await socket.send_json({"error": "full", "places": limits.sessions})
            await socket.close(1013)
        except Refused:
            await socket.send_json({"error": "vocabulary"})
            await socket.close(1008)
        except InputError as error:
            await socket.send_json({"error": "refused", "message": str(error)})
            await socket.close(1008)
        except TimeoutError:
            await socket.close(1001)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the tab was closed while an answer was on its way
        finally:
            sessions.close(key)

    @routes.post("/live/frame")
    async def frame(request: Request, session: str, signs: str = "") -> Response:
        if not same_origin(request.headers) or not 16 <= len(session) <= 64:
            return Response(status_code=403)
        if int(request.headers.get("content-length") or limits.frame_bytes + 1) > limits.frame_bytes:
            return Response(status_code=413)
        message = await request.body()
        try:
            models = await asyncio.get_running_loop().run_in_executor(None, services.vocabularies.models, signs)
            opened = sessions.open(f"post-{session}", models)
            reply = await asyncio.get_running_loop().run_in_executor(opened.thread, read, opened, message, services)
        except Full:
            reply = {"error": "full", "places": limits.sessions}
        except Refused:
            reply = {"error": "vocabulary"}
        except InputError as error:
            sessions.close(f"post-{session}")
            reply = {"error": "refused", "message": str(error)}
        return Response(json.dumps(reply), media_type="application/json")

    @routes.post("/live/calm")
    async def calmed(request: Request, session: str, on: bool = True) -> Response:
        if not same_origin(request.headers) or not 16 <= len(session) <= 64:
            return Response(status_code=403)
        try:
            opened = sessions.open(f"post-{session}")
        except Full:
            return Response(status_code=409)
        reply = await asyncio.get_running_loop().run_in_executor(opened.thread, calm, opened, on)
        return Response(json.dumps(reply), media_type="application/json")

    @routes.post("/live/end")
    async def end(request: Request, session: str) -> Response:
        if not same_origin(request.headers):
            return Response(status_code=403)
        sessions.close(f"post-{session}")
        return Response(status_code=204)

    @routes.post("/live/export")
    async def export(request: Request, format: str, language: str = "kk", signs: str = "") -> Response:
        if not same_origin(request.headers) or format not in FORMATS or language not in LANGUAGES:
            return Response(status_code=403)
        body = await request.body()
        try:
            if len(body) > 2_000_000:
                raise InputError("The transcript is too long. Clear it now and then.")
            words = from_json(body.decode())
        except (InputError, UnicodeDecodeError) as error:
            return Response(str(error), status_code=422, media_type="text/plain")
        vocabulary = signs[:NAME_LENGTH] or services.vocabularies.default
        duration = max((word.end for word in words), default=0.0)
        content = written(format, words, source="live", duration=duration, vocabulary=vocabulary, language=language)
        headers = {"Content-Disposition": f'attachment; filename="kslr.{format}"'}
        return Response(content, media_type=FORMATS[format], headers=headers)

    return routes

"""A live picture as it travels: bytes from the browser into a frame, and what was read in it back as JSON."""

import io
import math
import struct
from typing import Any

import numpy as np

from fusion.appearance import FACE_RUNS
from fusion.observation import Observation
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.recognizer import SignPrediction
from kslr.teaching.takes import is_too_far
from kslr.video import Frame

FACE_POINTS = sorted({point for run in FACE_RUNS for point in run})
# Seconds, which no session lasts and every clock can hold; pixels, below which nobody can be seen.
LATEST, SMALLEST = 1e8, 16


class TooLarge(InputError):
    """A live picture has too many bytes or pixels."""


def decode_picture(message: bytes, largest: int = 400_000, side: int = 1280) -> Frame:
    """A live message as a frame.

    Args:
        message: a double, then a JPEG.
        largest: bytes.
        side: pixels a picture may have on its longer side.

    Raises:
        TooLarge: it has too many bytes or pixels.
        InputError: no such message.
    """
    from PIL import Image, UnidentifiedImageError

    if len(message) > largest:
        raise TooLarge(f"A live picture has at most {largest} bytes, this one {len(message)}.")
    if len(message) < 12:
        raise InputError("A live message is 8 bytes of time and a JPEG.")
    (seconds,) = struct.unpack_from("<d", message)
    if not math.isfinite(seconds) or not 0 <= seconds <= LATEST:
        raise InputError("A live picture's time is a number of seconds from 0 on.")
    try:
        # The size stands in the head and is checked before anything is unpacked.
        image = Image.open(io.BytesIO(message[8:]), formats=["JPEG"])
        if max(image.size) > side:
            raise TooLarge(f"A live picture has at most {side} pixels a side, this one is {image.size[0]}×{image.size[1]}.")
        if min(image.size) < SMALLEST:
            raise InputError(
                f"A live picture has at least {SMALLEST} pixels a side, this one is {image.size[0]}×{image.size[1]}."
            )
        return Frame(np.ascontiguousarray(image.convert("RGB")), seconds)
    except InputError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("The live picture is not a whole JPEG.") from error


def observation_json(observation: Observation, size: tuple[int, int]) -> dict[str, Any]:
    """What the browser needs to draw and tell: coordinates are thousandths of the picture's width and height."""
    crop = observation.crop
    width, height = size
    return {
        **reading_json(observation),
        **points(observation.landmarks),
        "box": None
        if crop is None
        else [round(1000 * v) for v in (crop.box[0] / width, crop.box[1] / height, crop.box[2] / width, crop.box[2] / height)],
    }


def reading_json(observation: Observation) -> dict[str, Any]:
    """What was read in a frame, without where anything is: all that a client needs that has the landmarks itself."""
    emotion, guess = observation.emotion, observation.provisional
    return {
        "seconds": observation.seconds,
        "signing": observation.signing,
        "hint": observation.hint or ("too_far" if is_too_far(observation.landmarks) else None),
        "emotion": emotion and {"label": emotion.label, "probabilities": [round(float(p), 3) for p in emotion.probabilities]},
        "guess": guess_json(guess) if guess else None,
        "words": [word.as_dict() for word in observation.words],
        "found": [one.as_dict() for one in observation.found],
    }


def guess_json(guess: SignPrediction) -> dict[str, Any] | None:
    """The word that a sign looks like, and whether that is certain enough to be said; None for no word."""
    word = guess.sign_id or guess.perhaps
    if word is None:
        return None
    return {"id": word, "probability": round(guess.probability, 3), "perhaps": guess.sign_id is None, "top5": top5(guess)}


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


def hundredths(points: np.ndarray) -> list[Any]:
    """(frames, points, 2) → the same as lists of whole hundredths, null for an absent point.

    >>> hundredths(np.array([[[0.123, -1.0], [np.nan, np.nan]]]))
    [[[12, -100], None]]
    """
    whole = np.round(np.nan_to_num(points) * 100).astype(int).tolist()
    there = np.isfinite(points).all(axis=-1).tolist()
    return [[p if seen else None for p, seen in zip(*frame, strict=True)] for frame in zip(whole, there, strict=True)]

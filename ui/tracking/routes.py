"""The routes of tracking in the browser: the fetched programs and the emotion network, from this server and no other.

A file's address holds a version, so that browsers keep it as long as it does not change.
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from emotion.faces import EMOTIONS, LEFT_EDGE, OVAL, RAISE, RIGHT_EDGE, SIDE, SIZE, SMALLEST
from emotion.recognizer import reading_calibration
from ui.shared.pictures import FACE_POINTS
from ui.tracking.network import for_one_sample

if TYPE_CHECKING:
    from ui.server.services import Services

TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}
KEPT = "private, max-age=31536000, immutable"
NETWORK = "network.tflite"
# Browsers find modules by address; this package names the other one as npm does.
BARE, ADDRESS = b'"@litertjs/wasm-utils"', b'"../../wasm-utils/dist/index.js"'


def tracking_config(services: "Services") -> dict[str, Any] | None:
    """What the page needs to track a person itself; None where the programs were not fetched."""
    assets = services.assets
    if assets is None:
        return None
    emotions = services.models.emotions
    calibration = reading_calibration(emotions.card, emotions.reading)
    return {
        "programs": f"tracking/{assets.version}/",
        "network": f"tracking/{emotions.card.weights['sha256'][:12]}/{NETWORK}",
        "reading": {
            "first": emotions.readings.index(emotions.reading) * len(EMOTIONS),
            "temperature": float(calibration.get("temperature", 1.0)),
            "bias": [float(calibration.get(f"bias_{emotion}", 0.0)) for emotion in EMOTIONS],
        },
        "rules": {
            "size": SIZE,
            "side": SIDE,
            "raise": RAISE,
            "smallest": SMALLEST,
            "edges": [RIGHT_EDGE, LEFT_EDGE],
            "oval": OVAL,
        },
        "face": FACE_POINTS,
    }


def build_tracking_router(services: "Services") -> APIRouter:
    """The route ``/tracking/VERSION/NAME``."""
    routes = APIRouter()
    emotions = services.models.emotions

    @cache
    def network() -> bytes:
        return for_one_sample((emotions.file.parent / emotions.card.weights["file"]).read_bytes())

    @routes.get("/tracking/{version}/{name:path}")
    async def program(version: str, name: str) -> Response:
        headers, other = {"Cache-Control": KEPT}, "application/octet-stream"
        if services.assets is not None and name == NETWORK:
            return Response(await asyncio.to_thread(network), headers=headers, media_type=other)
        path = services.assets.find(name) if services.assets else None
        if path is None:
            return Response(status_code=404)
        kind = TYPES.get(path.suffix, other)
        if name == "@litertjs/core/dist/index.js":
            return Response(path.read_bytes().replace(BARE, ADDRESS), headers=headers, media_type=kind)
        return FileResponse(path, headers=headers, media_type=kind)

    return routes

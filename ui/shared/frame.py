"""The frame of every page: header, styles, scripts, and what the scripts know.

Scripts are ES modules. They are served at ``ui/VERSION/ROOM/NAME.js``, relative to the page, so that they are found behind
a proxy's path too. The version is a digest of all of them: browsers keep a script as long as it does not change.
"""

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from fusion.appearance import EMOTION_COLOURS, EMOTION_NAMES, FACE_RUNS, HAND_LINES, PART_COLOURS, POSE_LINES, icon_svg
from ui.shared.html import UI, css_colour, render
from ui.shared.i18n import LANGUAGES, names, words

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import APIRouter

    from ui.server.services import Services

# In the order of the navigation; each is a room of `ui`.
PAGES = ("live", "video", "teach", "studio", "practice", "classroom", "evaluate", "about")
HEADER_SCRIPT = "shared/app.js"


@cache
def scripts() -> dict[str, bytes]:
    """Every script by its path in ``ui``, such as ``live/live.js``."""
    return {path.relative_to(UI).as_posix(): path.read_bytes() for path in sorted(UI.rglob("*.js"))}


@cache
def scripts_version() -> str:
    """A digest of all scripts, 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, content in scripts().items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12]


def component(html: str, script: str, **options: Any) -> "gr.HTML":
    """A part of a page as a Gradio component that its script starts.

    Args:
        html: what it shows.
        script: path of the module whose ``start(element, {trigger, upload, server})`` is called.
        options: more of `gr.HTML`.
    """
    import gradio as gr

    module = f'import(new URL("{script_url(script)}", document.baseURI))'
    tools = "{ trigger, upload, server }"
    start = f"{module}.then((module) => {{ module.start(element, {tools}); element.dataset.started = true; }})"
    return gr.HTML(html_template=str(html), js_on_load=start, apply_default_css=False, **options)


def build_script_router() -> "APIRouter":
    """The route ``/ui/VERSION/ROOM/NAME.js``; browsers keep a script under its version and no other."""
    from fastapi import APIRouter, Response

    router = APIRouter()

    @router.get("/ui/{version}/{name:path}")
    async def script(version: str, name: str) -> Response:
        content = scripts().get(name)
        if content is None:
            return Response(status_code=404)
        kept = "private, max-age=31536000, immutable" if version == scripts_version() else "no-store"
        return Response(content, media_type="text/javascript", headers={"Cache-Control": kept})

    return router


def script_url(name: str) -> str:
    """A script's address, relative to the page."""
    return f"ui/{scripts_version()}/{name}"


def header_html(sign_out: bool = False) -> str:
    """The top of every page: name, pages, languages, light or dark, and a way to sign out where people sign in."""
    return render("shared/header.html", pages=PAGES, languages=LANGUAGES, sign_out=sign_out)


def client_config(services: "Services") -> dict[str, Any]:
    """What the scripts need: words, signs, and how things look."""
    from ui.shared.pictures import FACE_POINTS
    from ui.tracking.routes import tracking_config

    return {
        "language": next(iter(LANGUAGES)),
        "languages": LANGUAGES,
        "words": words(),
        "pages": PAGES,
        "signs": {sign.id: {**names(sign), "latin": sign.latin} for sign in services.models.signs.vocabulary.signs},
        "emotions": {
            name: {"icon": icon_svg(name), "colour": css_colour(EMOTION_COLOURS[name]), "names": texts}
            for name, texts in EMOTION_NAMES.items()
        },
        "colours": {part: css_colour(colour) for part, colour in PART_COLOURS.items()},
        "pose": POSE_LINES,
        "hand": HAND_LINES,
        "face": [[FACE_POINTS.index(point) for point in run] for run in FACE_RUNS],
        "tracking": tracking_config(services),
        "captions": services.captions.file is not None,
    }


def head_html(services: "Services") -> str:
    """The styles, what the scripts need as JSON, the first script, and the others, so that they are all fetched at once."""
    safe = json.dumps(client_config(services), ensure_ascii=False).replace("<", "\\u003c")
    shown = "".join(f'body[data-page="{name}"] #page-{name} {{ display: flex !important; }}\n' for name in PAGES)
    style = (UI / "shared/app.css").read_text(encoding="utf-8")
    others = "".join(f'<link rel="modulepreload" href="{script_url(name)}">' for name in scripts() if name != HEADER_SCRIPT)
    return (
        f'<style>{style}\n{shown}</style><script type="application/json" id="kslr-config">{safe}</script>'
        f'<script type="module" src="{script_url(HEADER_SCRIPT)}"></script>{others}'
    )

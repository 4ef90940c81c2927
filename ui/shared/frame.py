"""The frame of every page: header, styles, scripts, and what the scripts know."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.appearance import (
    EMOTION_COLOURS,
    EMOTION_NAMES,
    FACE_RUNS,
    HAND_LINES,
    PART_COLOURS,
    POSE_LINES,
    icon_svg,
)
from ui.shared.i18n import LANGUAGES, names, word_html, words

if TYPE_CHECKING:
    from ui.server.services import Services

UI = Path(__file__).resolve().parents[1]
# In the order of the navigation; each is a room of `ui`.
PAGES = ("live", "video", "teach", "practice", "classroom", "evaluate", "about")
SCRIPTS = (
    "shared/app.js",
    "shared/transcript.js",
    "live/live.js",
    "video/video.js",
    "shared/vocabulary.js",
    "teach/teach.js",
    "practice/practice.js",
    "classroom/classroom.js",
    "evaluate/evaluate.js",
)


def header_html() -> str:
    """The top of every page: name, pages, languages, light or dark."""
    pages = "".join(f'<a href="#{name}" data-goto="{name}" data-word="nav.{name}"></a>' for name in PAGES)
    languages = "".join(
        f'<button type="button" data-language="{code}" lang="{code}" aria-label="{name}" title="{name}">{code.upper()}</button>'
        for code, name in LANGUAGES.items()
    )
    return f"""
<header>
  <a class="skip" href="#" data-word="app.skip"></a>
  <div class="brand"><h1>KSLR</h1>{word_html("app.tagline", "p")}</div>
  <div class="choices-top">
    <div role="group" class="languages" data-word-label="app.language">{languages}</div>
    <button type="button" class="quiet" id="theme" data-word-label="app.theme">◐</button>
  </div>
  <nav data-word-label="app.pages">{pages}</nav>
</header>"""


def client_config(services: "Services") -> dict[str, Any]:
    """What the scripts need: words, signs, and how things look."""
    from ui.shared.pictures import FACE_POINTS

    def css(colour: tuple[int, int, int]) -> str:
        return "rgb({} {} {})".format(*colour)

    return {
        "language": next(iter(LANGUAGES)),
        "languages": LANGUAGES,
        "words": words(),
        "pages": PAGES,
        "signs": {sign.id: {**names(sign), "latin": sign.latin} for sign in services.models.signs.vocabulary.signs},
        "emotions": {
            name: {"icon": icon_svg(name), "colour": css(EMOTION_COLOURS[name]), "names": texts}
            for name, texts in EMOTION_NAMES.items()
        },
        "colours": {part: css(colour) for part, colour in PART_COLOURS.items()},
        "pose": POSE_LINES,
        "hand": HAND_LINES,
        "face": [[FACE_POINTS.index(point) for point in run] for run in FACE_RUNS],
    }


def head_html(services: "Services") -> str:
    """Styles, words and scripts, all in the page itself, so that nothing else is fetched."""
    safe = json.dumps(client_config(services), ensure_ascii=False).replace("<", "\\u003c")
    shown = "".join(f'body[data-page="{name}"] #page-{name} {{ display: flex !important; }}\n' for name in PAGES)
    style = (UI / "shared/app.css").read_text(encoding="utf-8")
    scripts = "\n".join((UI / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"<style>{style}\n{shown}</style><script>window.KSLR_CONFIG = {safe};</script><script>{scripts}</script>"

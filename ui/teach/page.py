"""The Teach page: words of one's own from a few recordings each. What moves is in teach.js, what is done in routes.py."""

from kslr.teaching.naming import NAME_LENGTH, WORD_LENGTH
from kslr.teaching.takes import TAKE_SECONDS, TAKE_SUFFIXES
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import render
from ui.shared.i18n import LANGUAGES
from ui.teach.takes import TAKE_BYTES


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    component(page_html(), "teach/teach.js")


def page_html() -> str:
    """The page."""
    return render(
        "teach/page.html",
        languages=LANGUAGES,
        name_length=NAME_LENGTH,
        word_length=WORD_LENGTH,
        accepted=",".join(("video/*", *TAKE_SUFFIXES)),
        megabytes=round(TAKE_BYTES / 1e6),
        seconds=round(TAKE_SECONDS),
    )

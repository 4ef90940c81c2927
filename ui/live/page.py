"""The Live page: a person signs to the camera and reads the words at once. What moves is in live.js."""

from fusion.transcripts.formats import DOWNLOADS
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import render


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    component(render("live/page.html", formats=DOWNLOADS), "live/live.js")

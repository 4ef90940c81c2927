"""The Classroom page: a gate, then how the class reacts as charts, then past sessions. What moves is in classroom.js."""

from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import render


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    component(render("classroom/page.html"), "classroom/classroom.js")

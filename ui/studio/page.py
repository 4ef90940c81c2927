"""The Studio page: plan, signers and their consent, and the booth where takes are recorded. What moves is in studio.js."""

from emotion.faces import EMOTIONS
from fusion.dataset.project import FOUR, LICENCES, MOST_REPETITIONS, NAME_LENGTH, TEXT_LENGTH
from fusion.dataset.signers import TIERS
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import render
from ui.shared.i18n import LANGUAGES


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    component(page_html(), "studio/studio.js")


def page_html() -> str:
    """The page."""
    return render(
        "studio/page.html",
        emotions=EMOTIONS,
        four=FOUR,
        licences=LICENCES,
        tiers=TIERS,
        languages=LANGUAGES,
        name_length=NAME_LENGTH,
        text_length=TEXT_LENGTH,
        most=MOST_REPETITIONS,
    )

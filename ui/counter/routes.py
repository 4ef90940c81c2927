"""The routes of the words that can be signed: which words a vocabulary has, and how one is signed where that may be shown."""

import asyncio
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from kslr.core.errors import InputError
from ui.practice.attempts import practice_example
from ui.server.services import Services
from ui.shared.i18n import Refusal, names


def lexicon_words(services: Services, name: str) -> list[dict[str, Any]]:
    """The words of a vocabulary that can be an answer, each with its names and whether an example of it is kept.

    Args:
        services: where vocabularies are.
        name: of a vocabulary or dictionary; empty for the server's own.

    Raises:
        Refusal: there is none of this name, or it has no words.
    """
    models = services.vocabularies.models(name, dictionaries=True)
    known = {choice.name: choice for choice in services.vocabularies.choices()}
    taught = bool(name) and name in known and not known[name].shipped
    shown = services.vocabularies.load(name).exemplars if taught else {}
    answers = [sign for sign in models.vocabulary.signs if taught or models.dictionary is not None or not sign.untrained]
    return [{"id": sign.id, **names(sign), "shown": sign.id in shown} for sign in answers]


def build_lexicon_router(services: Services) -> APIRouter:
    """The routes ``/lexicon`` and ``/lexicon/example``; 404 where there is nothing of the name."""
    routes = APIRouter()

    async def answer(work: Callable[[], Any]) -> Response:
        try:
            return JSONResponse(await asyncio.to_thread(work))
        except (Refusal, InputError):
            return Response(status_code=404)

    @routes.get("/lexicon")
    async def words(name: str = "") -> Response:
        return await answer(lambda: lexicon_words(services, name))

    @routes.get("/lexicon/example")
    async def example(name: str, word: str) -> Response:
        return await answer(lambda: practice_example([name, word], services))

    return routes

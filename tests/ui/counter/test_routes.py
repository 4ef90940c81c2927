import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kslr.encoder import SignEncoder
from kslr.teaching import shelf
from kslr.teaching.naming import WordNames
from kslr.teaching.takes import Take, judge
from tests.takes import take
from ui.counter.routes import build_lexicon_router


@pytest.fixture
def client(services, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    app = FastAPI()
    app.include_router(build_lexicon_router(services))
    return TestClient(app)


def test_the_shipped_words_are_those_that_can_be_an_answer(client):
    words = client.get("/lexicon").json()
    assert len(words) == 24
    assert {word["id"] for word in words}.isdisjoint({"taxi", "ym", "bileu", "keude", "atesh", "doreki"})
    assert not any(word["shown"] for word in words)
    assert words[0] == {"id": "salemetsiz_be", "kk": "Сәлеметсіз бе", "ru": "Здравствуйте", "en": "Hello", "shown": False}


def test_a_dictionary_is_listed_too(client):
    words = client.get("/lexicon", params={"name": "rsl"}).json()
    assert len(words) > 400


def test_a_taught_word_is_shown_as_moving_points(client):
    path = shelf.shelf_path("mine")
    takes = [judge(take("circle", n)) for n in range(2)]

    shelf.teach_word(
        path,
        WordNames("Шеңбер", "Круг", "Circle", "circle"),
        [Take(take("circle", n), v) for n, v in enumerate(takes)],
        SignEncoder(),
    )
    assert client.get("/lexicon", params={"name": "mine"}).json() == [
        {"id": "circle", "kk": "Шеңбер", "ru": "Круг", "en": "Circle", "shown": True}
    ]
    shown = client.get("/lexicon/example", params={"name": "mine", "word": "circle"}).json()
    assert shown["seconds"] > 0.5
    assert len(shown["points"]) > 10
    assert len(shown["points"][0]) == 51


@pytest.mark.parametrize("name", ["../evil", "nothing", "x" * 500, "\x00"])
def test_what_is_not_there_is_not_found(client, name):
    assert client.get("/lexicon", params={"name": name}).status_code == 404
    told = client.get("/lexicon/example", params={"name": name, "word": "circle"}).json()
    assert told == {"problem": "practice.gone"}

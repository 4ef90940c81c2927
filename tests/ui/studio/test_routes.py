import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fusion.dataset.checking import check_dataset
from fusion.dataset.project import LICENCES
from fusion.dataset.signers import TIERS
from fusion.dataset.store import DataSet
from fusion.interpreter import Models
from tests import clips
from tests.drawn import FPS, pictures
from ui.server.services import Services
from ui.shared.i18n import text, words
from ui.studio.booth import KEYS, consent_words
from ui.studio.routes import build_studio_router

PLAN = {"name": "Try", "words": "pasted", "pasted": "Су\nНан; Хлеб; Bread", "emotions": ["happy", "sad"], "repetitions": 1}
PLAN |= {"licence": "CC-BY-4.0", "about": ""}


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def services(models, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    made = Services(models)
    made.studio = tmp_path / "data"
    yield made
    made.close()


def client_of(services, host: str = "127.0.0.1") -> TestClient:
    server = FastAPI()
    server.include_router(build_studio_router(services))
    return TestClient(server, client=(host, 50000))


def change(client, **fields):
    return client.post("/studio/change", content=json.dumps(fields)).json()


def agree(client, pseudonym: str = "S01", tier: str = "video", agreed: bool = True):
    agreement = {"pseudonym": pseudonym, "tier": tier, "language": "kk", "agreed": agreed}
    return change(client, do="signer", agreement=agreement)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    """The drawn person waves, as a browser would send it."""
    path = clips.write(tmp_path_factory.mktemp("clips") / "wave.mp4", list(pictures("wave")), fps=FPS)
    return path.read_bytes()


def test_a_take_is_recorded_kept_undone_and_withdrawn(services, clip, tmp_path):
    client = client_of(services)
    assert client.get("/studio/state").json()["project"] is None
    state = change(client, do="project", plan=PLAN)
    assert [word["id"] for word in state["project"]["words"]] == ["su", "bread"]
    assert state["project"]["takes"] == 4
    assert state["next"] == "S01"
    assert agree(client)["signers"][0]["counts"] == []
    asked = {"signer": "S01", "sign": "su", "emotion": "sad", "name": "take.mp4"}
    kept = client.post("/studio/take", params=asked, content=clip).json()
    assert kept["problems"] == []
    assert kept["take"]["sign"] == "su"
    state = client.get("/studio/state").json()
    assert state["signers"][0]["counts"] == [["su", "sad", 1]]
    assert state["signers"][0]["last"]["take"] == kept["take"]["take"]
    data = DataSet(tmp_path / "data")
    assert check_dataset(data) == []
    (row,) = data.rows()
    assert (data.folder / row.video).read_bytes() == clip
    assert row.face > 0.5
    # What was agreed to stands there, in the language in which it was read.
    statement = data.people()["S01"].statement
    assert statement.startswith(text("studio.consent_what", "kk"))
    assert text("studio.consent_video", "kk") in statement
    assert "CC-BY-4.0" in statement
    assert change(client, do="undo", take=kept["take"]["take"])["signers"][0]["counts"] == []
    assert change(client, do="undo", take=kept["take"]["take"])["error"] == "studio.no_take"
    client.post("/studio/take", params=asked, content=clip)
    gone = change(client, do="withdraw", signer="S01")
    assert (gone["gone"], gone["vocabularies"], gone["signers"]) == (1, [], [])
    assert not [path for path in data.folder.rglob("*") if "S01" in path.name]


def test_a_poor_take_is_asked_again_and_nothing_of_it_stays(services, tmp_path):
    client = client_of(services)
    change(client, do="project", plan=PLAN)
    agree(client)
    resting = clips.write(tmp_path / "rest.mp4", list(pictures("wave"))[:6] * 5, fps=FPS).read_bytes()
    asked = {"signer": "S01", "sign": "su", "emotion": "sad", "name": "take.mp4"}
    found = client.post("/studio/take", params=asked, content=resting).json()
    assert found["problems"][0] == "no_hands"
    assert found["take"] is None
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {
        "project.json", "signers.json", "manifest.csv", "checksums.sha256", "DATASHEET.md", ".kslr.lock",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"plan": {**PLAN, "pasted": " "}}, "studio.bad_words"),
        ({"plan": {**PLAN, "emotions": []}}, "studio.bad_project"),
        ({"plan": {**PLAN, "licence": "mine"}}, "studio.bad_project"),
        ({"plan": {**PLAN, "repetitions": 900}}, "studio.bad_project"),
        ({"plan": {**PLAN, "words": "all"}}, "studio.failed"),
        ({"plan": None}, "studio.failed"),
    ],
)
def test_a_plan_that_cannot_be(services, tmp_path, fields, error):
    assert change(client_of(services), do="project", **fields)["error"] == error
    assert not (tmp_path / "data" / "project.json").exists()


def test_what_is_refused(services, clip):
    client = client_of(services)
    assert agree(client)["error"] == "studio.no_project"
    change(client, do="project", plan=PLAN)
    assert change(client, do="project", plan=PLAN)["error"] == "studio.not_empty"
    assert agree(client, agreed=False)["error"] == "studio.not_agreed"
    assert agree(client, "Айгерім")["error"] == "studio.bad_pseudonym"
    assert agree(client, "../../x")["error"] == "studio.bad_pseudonym"
    assert agree(client, tier="all")["error"] == "studio.failed"
    agree(client)
    assert agree(client, "s01")["error"] == "studio.taken"
    take = lambda **changed: client.post(  # noqa: E731
        "/studio/take", params={"signer": "S01", "sign": "su", "emotion": "sad", "name": "a.mp4", **changed}, content=clip
    ).json()
    assert take(signer="S02")["error"] == "studio.no_signer"
    assert take(sign="../su")["error"] == "studio.no_take"
    assert take(emotion="angry")["error"] == "studio.no_take"
    assert take(name="a.exe")["error"] == "teach.format"
    assert change(client, do="withdraw", signer="S09")["error"] == "studio.no_signer"
    assert change(client, do="everything")["error"] == "studio.failed"


def test_only_this_machine_is_answered_and_only_with_a_folder(services):
    for path in ("/studio/state",):
        assert client_of(services, "192.0.2.7").get(path).json()["error"] == "studio.elsewhere"
        passed = client_of(services).get(path, headers={"X-Forwarded-For": "192.0.2.7"})
        assert passed.json()["error"] == "studio.elsewhere"
    assert change(client_of(services, "192.0.2.7"), do="project", plan=PLAN)["error"] == "studio.elsewhere"
    services.studio = None
    assert client_of(services).get("/studio/state").json()["error"] == "studio.closed"


def test_every_refusal_and_consent_has_its_words():
    known = words()
    assert set(KEYS.values()) <= set(known)
    for tier in TIERS:
        for licence in LICENCES:
            assert set(consent_words(tier, licence)) <= set(known)
            for language in ("kk", "ru", "en"):
                said = " ".join(text(key, language, licence=licence) for key in consent_words(tier, licence))
                assert 200 < len(said) < 1500
                assert (licence in said) == (licence != "private")

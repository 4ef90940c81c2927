import json
import os
import re

from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.shared.frame import build_script_router, head_html, header_html, script_url, scripts, scripts_version


def test_the_head_names_no_other_place_and_closes_no_script_early():
    class Nothing:
        assets = None

        class captions:
            file = None

        class models:
            class signs:
                class vocabulary:
                    signs = ()

    text = head_html(Nothing())
    assert text.count("<script ") == text.count("</script>") == 2
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    found = re.search(r'id="kslr-config">(\{.*?\})</script>', text).group(1)
    assert json.loads(found)["words"]["live.start"]["kk"] == "Бастау"
    assert 'data-goto="video"' in header_html()


def test_scripts_import_only_scripts_of_ours_by_relative_paths():
    for name, content in scripts().items():
        for imported in re.findall(r'from "(.+?)"', content.decode()):
            assert imported.startswith("."), (name, imported)
            assert os.path.normpath(f"{os.path.dirname(name)}/{imported}") in scripts(), (name, imported)
        assert not re.search(r"\b(https?|wss?):|[\"'`]//\w", content.decode()), name


def test_scripts_are_kept_by_browsers_under_their_version_only():
    server = FastAPI()
    server.include_router(build_script_router())
    client = TestClient(server)
    reply = client.get(f"/{script_url('live/live.js')}")
    assert reply.content == scripts()["live/live.js"]
    assert reply.headers["content-type"].startswith("text/javascript")
    assert "immutable" in reply.headers["cache-control"]
    assert scripts_version() in script_url("live/live.js")
    assert client.get("/ui/before/live/live.js").headers["cache-control"] == "no-store"
    for path in ("live/page.py", "live/%2e%2e/live/page.html", "live/nothing.js", "..%2fpyproject.toml"):
        assert client.get(f"/ui/{scripts_version()}/{path}").status_code == 404

import json
import urllib.request

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from kslr.recordings import save_recording
from tests import clips
from tests.takes import take


@pytest.fixture(scope="module")
def client(server):
    return Client(server.url, verbose=False)


def test_a_program_translates_a_video(client, still_clip):
    found = client.predict(handle_file(str(still_clip)), "ru", api_name="/translate")
    assert found["source"] == "astronaut.mp4"
    assert found["duration"] == pytest.approx(2.0, abs=0.2)
    assert found["vocabulary"] == "kslr30"
    assert found["words"] == []


def test_it_is_told_what_is_wrong(client, tmp_path):
    with pytest.raises(AppError, match="только звук"):
        client.predict(handle_file(str(clips.audio_only(tmp_path / "sound.mp4"))), "ru", api_name="/translate")


def test_a_program_teaches_a_word_and_is_advised(client, tmp_path):
    def teach(word: str, takes: range, *more: str) -> dict:
        paths = []
        for n in takes:
            paths.append(tmp_path / f"{word}{n}.npz")
            save_recording(paths[-1], take(word, n))
        clips = [handle_file(str(path)) for path in [*paths, *more]]
        return client.predict("by program", word, f"{word} kk", "", "", clips, "en", api_name="/teach")

    (tmp_path / "bad.npz").write_text("no landmarks")
    first = teach("circle", range(2), str(tmp_path / "bad.npz"))
    assert (first["word"], first["asked"]) == ("circle", 2)
    assert [clip["used"] for clip in first["clips"]] == [True, True, False]
    assert "cannot be read" in first["clips"][2]["problems"][0]
    second = teach("pump", range(3))
    assert second["accuracy"] == 1.0
    assert [(word["id"], word["recordings"]) for word in second["words"]] == [("circle", 2), ("pump", 3)]
    assert second["advice"] == ["circle"]


@pytest.mark.parametrize(
    ("vocabulary", "word", "kk", "message"),
    [
        ("../evil", "su", "Су", "letters, digits, spaces"),
        ("kslr30", "su", "Су", "belongs to the system"),
        ("mine", "", "", "at least one language"),
        ("mine", "су", "Су", "Latin letters"),
        ("mine", "su", "Су", "no recording to learn from"),
    ],
)
def test_it_is_told_what_cannot_be_taught(client, tmp_path, vocabulary, word, kk, message):
    (tmp_path / "bad.npz").write_text("no landmarks")
    clips = [handle_file(str(tmp_path / "bad.npz"))]
    with pytest.raises(AppError, match=message):
        client.predict(vocabulary, word, kk, "", "", clips, "en", api_name="/teach")


def test_a_program_evaluates_clips(client, still_clip, tmp_path):
    (tmp_path / "manifest.csv").write_text("clip,sign,emotion,signer\nastronaut.mp4,su,happy,A\n")
    found = client.predict(
        handle_file(str(tmp_path / "manifest.csv")), [handle_file(str(still_clip))], "en", api_name="/evaluate"
    )
    assert found["sign"]["clips"] == 1
    assert found["sign"]["top1"]["value"] == 0.0  # nothing is signed there
    with pytest.raises(AppError, match=r"astronaut\.mp4"):
        client.predict(handle_file(str(tmp_path / "manifest.csv")), [], "en", api_name="/evaluate")


def test_the_functions_are_described_and_the_pages_inner_ones_are_not_offered(client):
    api = client.view_api(return_format="dict")["named_endpoints"]
    assert list(api) == ["/translate", "/teach", "/evaluate"]

    def parameters(name: str) -> list[str]:
        return [p["parameter_name"] for p in api[name]["parameters"]]

    assert parameters("/translate") == ["video", "language", "signs"]
    assert parameters("/teach") == ["vocabulary", "word", "kk", "ru", "en", "clips", "language", "key"]
    assert parameters("/evaluate") == ["manifest", "clips", "language"]
    assert "signs in a video" in api["/translate"]["description"]
    assert "a sign from a few recordings" in api["/teach"]["description"]
    assert "labelled clips" in api["/evaluate"]["description"]


def test_they_are_tools_of_a_language_model_where_mcp_is_installed(server):
    pytest.importorskip("mcp", reason="needs the mcp extra")
    with urllib.request.urlopen(server.url + "gradio_api/mcp/schema") as reply:
        tools = {tool["name"]: tool for tool in json.load(reply)}
    assert {"translate_video", "teach_word", "evaluate_clips"} <= set(tools)
    assert "the word in Kazakh" in json.dumps(tools["teach_word"])

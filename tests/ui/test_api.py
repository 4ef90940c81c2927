import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests import clips


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


def test_the_function_is_described_and_the_pages_inner_ones_are_not_offered(client):
    api = client.view_api(return_format="dict")["named_endpoints"]
    assert list(api) == ["/translate"]
    parameters = api["/translate"]["parameters"]
    assert [p["parameter_name"] for p in parameters] == ["video", "language"]
    assert "signs in a video" in api["/translate"]["description"]

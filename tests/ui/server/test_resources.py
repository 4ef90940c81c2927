import time

from ui.server.resources import Results


def test_results_are_found_by_their_names_only_and_go_when_old():
    results = Results(seconds=0.05)
    try:
        folder = results.new()
        (folder / "kslr.txt").write_text("su")
        (results.root / "secret").write_text("x")
        assert results.find(folder.name, "kslr.txt") == folder / "kslr.txt"
        for token, name in (
            (folder.name, "nothing"),
            ("..", results.root.name),
            (folder.name, ".."),
            (".", "secret"),
            ("", "secret"),
        ):
            assert results.find(token, name) is None, (token, name)
        time.sleep(0.1)
        results.new()
        assert not folder.exists()
    finally:
        results.close()
    assert not results.root.exists()

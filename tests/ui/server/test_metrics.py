import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ui.server.metrics import ENDINGS, REFUSALS, Metrics


def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every series by its name and its labels' values."""
    families = text_string_to_metric_families(metrics.text())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_every_series_is_there_from_the_start():
    found = figures(Metrics())
    for reason in REFUSALS:
        assert found["kslr_refusals_total", reason] == 0
    for reason in ENDINGS:
        assert found["kslr_sessions_ended_total", reason] == 0
    for name in ("frames_received", "frames_answered", "frames_dropped", "words", "videos_ended", "sessions_opened", "errors"):
        assert found[f"kslr_{name}_total",] == 0
    assert found["kslr_trackers",] == 0
    assert found["kslr_frame_seconds_count",] == 0


def test_what_is_counted_is_told_and_two_servers_are_apart():
    one, other = Metrics(), Metrics()
    one.refused("full")
    one.frame.observe(0.06)
    one.part("pass", 0.04)
    one.watch("sessions", "Now.", lambda: 3)
    found = figures(one)
    assert found["kslr_refusals_total", "full"] == 1
    assert found["kslr_frame_seconds_bucket", "0.05"] == 0
    assert found["kslr_frame_seconds_bucket", "0.075"] == 1
    assert found["kslr_frame_part_seconds_sum", "pass"] == pytest.approx(0.04)
    assert found["kslr_sessions",] == 3
    assert figures(other)["kslr_refusals_total", "full"] == 0


def test_a_label_is_never_anybodys_text():
    with pytest.raises(ValueError, match="no reason"):
        Metrics().refused("Айгерім")


def test_threads_count_together():
    metrics = Metrics()
    threads = [threading.Thread(target=lambda: [metrics.words.inc() for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures(metrics)["kslr_words_total",] == 2000

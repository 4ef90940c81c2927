import numpy as np
import pytest

from kslr.core.scores import bootstrap_interval, build_report, median_milliseconds


def test_the_interval_is_the_binomial_one():
    values = np.repeat([1.0, 0.0], [800, 200])
    low, high = bootstrap_interval(values)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert low == pytest.approx(0.8 - half, abs=0.005)
    assert high == pytest.approx(0.8 + half, abs=0.005)


def test_groups_widen_it():
    groups = np.repeat(np.arange(10), 100)
    values = np.repeat(np.arange(10) % 2, 100).astype(float)
    alone, grouped = bootstrap_interval(values), bootstrap_interval(values, groups)
    assert grouped[1] - grouped[0] > 4 * (alone[1] - alone[0])


def test_a_report_has_the_common_head():
    made = build_report(task="signs", data="d", protocol="p", labels=[0, 1, 1], predicted=[0, 1, 0], milliseconds=1.0, extra=3)
    assert list(made) == ["task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds", "extra"]
    assert made["samples"] == 3
    assert made["accuracy"] == pytest.approx(2 / 3)
    assert made["interval"][0] <= made["accuracy"] <= made["interval"][1]


def test_each_sample_is_timed_once_after_the_warm_up():
    calls = []
    assert median_milliseconds(calls.append, [1, 2, 3, 4], warmup=2) >= 0
    assert calls == [1, 2, 1, 2, 3, 4]

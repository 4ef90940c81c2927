import numpy as np
import pytest
from sklearn.metrics import f1_score

from kslr.core.scores import absent_classes, bootstrap_interval, build_report, compare_answers, median_milliseconds


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


def test_a_paired_difference_is_found_where_single_intervals_overlap():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 800)
    hard = generator.random(800) < 0.3  # both fail at the same samples, and theirs at some more
    theirs_only = ~hard & (generator.random(800) < 0.05)
    ours = np.where(hard, (labels + 1) % 4, labels)
    theirs = np.where(hard | theirs_only, (labels + 1) % 4, labels)
    found = compare_answers(labels, ours, theirs)
    difference = found["accuracy_difference"]
    assert difference["value"] == pytest.approx(theirs_only.mean())
    assert difference["value"] == pytest.approx(found["own_accuracy"] - found["accuracy"])
    assert 0 < difference["interval"][0] < difference["value"] < difference["interval"][1]
    assert bootstrap_interval(labels == ours)[0] < bootstrap_interval(labels == theirs)[1]
    low, high = found["macro_f1_difference"]["interval"]
    value = found["macro_f1_difference"]["value"]
    assert value == pytest.approx(f1(labels, ours) - f1(labels, theirs))
    assert low < value < high
    assert (found["only_ours_right"], found["only_theirs_right"]) == (theirs_only.sum(), 0)
    back = compare_answers(labels, theirs, ours)["accuracy_difference"]
    assert back["value"] == -difference["value"]


def f1(labels, answers) -> float:
    return float(f1_score(labels, answers, labels=np.unique(labels), average="macro", zero_division=0))


def test_samples_that_vary_together_are_drawn_together():
    generator = np.random.default_rng(1)
    signer = np.repeat(np.arange(20), 50)
    better = generator.random(20) < 0.7  # one model is better with whole signers
    labels = np.zeros(1000, int)
    ours, theirs = np.where(better[signer], 0, 1), np.where(better[signer], 1, 0)
    alone, grouped = (compare_answers(labels, ours, theirs, groups)["accuracy_difference"] for groups in (None, signer))
    assert alone["value"] == grouped["value"]
    widths = [one["interval"][1] - one["interval"][0] for one in (alone, grouped)]
    assert widths[1] > 4 * widths[0]


@pytest.mark.parametrize("count", [1, 5, 300])
def test_few_differences_are_no_certainty(count):
    labels = np.zeros(count, int)
    same = compare_answers(labels, labels, labels)
    low, high = same["accuracy_difference"]["interval"]
    assert low < 0 < high
    assert high - low > 1 / count
    assert same["macro_f1_difference"]["interval"] is None
    once = compare_answers(labels, labels, np.append(labels[1:], 1))["accuracy_difference"]
    assert once["interval"][0] < 0 < once["value"] <= once["interval"][1]


def test_classes_without_a_sample_are_named():
    assert absent_classes(np.array(["su", "it"]), ["bet", "it", "su"]) == ["bet"]
    assert absent_classes(np.array([2, 2]), ["bet", "it", "su"]) == ["bet", "it"]
    assert absent_classes([], ["su"]) == ["su"]

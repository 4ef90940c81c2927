import numpy as np

from kslr.training.cross_validation import scored
from kslr.training.pages import sign_page
from tests.kslr.training.test_evaluation import easy


def test_the_page_says_what_the_report_says() -> None:
    data, generator = easy(), np.random.default_rng(0)
    answers = np.eye(3)[data.label] * 0.6 + generator.dirichlet(np.ones(3), len(data)) * 0.4
    parts = [{"name": "p0", "samples": 30, "accuracy": 0.75}, {"name": "p1", "samples": 30, "accuracy": 1.0}]
    report = scored(
        data,
        "signer",
        np.arange(len(data)),
        answers,
        1.5,
        data.signer,
        per_signer=parts,
        architecture="kslr_net",
        parameters=1234,
    )
    html = sign_page(report)
    assert f"{report['accuracy'] * 100:.1f} %" in html
    for words in ("p1", "0.7500", "1,234", "kslr_net", "<svg", "Mean of signers", "ktoq"):
        assert words in html
    assert "<script" not in html


def test_clip_names_cannot_become_markup() -> None:
    clip = {"clip": "<script>alert(1)</script>", "sign": "su", "answer": None, "top5": [], "probability": 0.0}
    head = {
        "data": "d",
        "protocol": "p",
        "samples": 1,
        "accuracy": 0.0,
        "interval": [0.0, 0.0],
        "macro_f1": 0.0,
        "milliseconds": 1.0,
    }
    assert "<script>" not in sign_page({**head, "clips": [clip]})

import numpy as np

from emotion.faces import EMOTIONS
from emotion.training.evaluation import figures
from emotion.training.pages import emotion_page


def test_the_page_carries_the_figures():
    labels = np.arange(70) % 7
    probabilities = np.full((70, 7), 0.05)
    probabilities[np.arange(70), labels] = 0.7
    report = {
        "model": "emotion",
        "data": "<data>",
        "protocol": "private split",
        "samples": 70,
        "accuracy": 0.712,
        "macro_f1": 0.7,
        "interval": [0.6, 0.8],
        "milliseconds": 1.5,
        "milliseconds_30_faces": 20.0,
        "accuracy_with_mirror": 0.72,
        "jitter": {"shift": {"0.1": 0.69}},
        **figures(probabilities, labels, 0.5),
    }
    page = emotion_page(report, probabilities, labels)
    assert "71.2%" in page
    assert "&lt;data&gt;" in page
    assert "<script" not in page
    assert page.count("<svg") == 3
    assert all(f"<td>{name}</td>" in page for name in EMOTIONS)
    assert "0.69" in page

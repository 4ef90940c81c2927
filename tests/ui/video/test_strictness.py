"""A word that is nearly certain: "perhaps" in the grey line, and said where a person chose to be lenient."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.encoder import SignEncoder
from kslr.recognizer import STRICTNESS, shift_threshold
from kslr.recordings import cut_signs, record
from kslr.teaching.verification import unit_vectors
from kslr.teaching.vocabularies import save_vocabulary
from kslr.teaching.words import build_verifier, new_vocabulary, teach
from kslr.vocabulary import Sign
from tests.ui.video.test_page import send
from ui.shared.i18n import text

WORD = Sign("sample", "Үлгі", "ulgi", "Sample", "Образец")


@pytest.fixture
def nearly(server, signing_clip: Path):
    """A vocabulary whose one word is nearly, and not quite, certain for the clip's sign."""
    encoder, sign = SignEncoder(), cut_signs(record(signing_clip))[0]
    known = teach(new_vocabulary("nearly", encoder), WORD, sign.window(encoder.frames)[None], encoder)
    away = unit_vectors(np.random.default_rng(0).normal(0, 1, known.embeddings.shape)).astype(np.float32)
    certain = encoder.rule.certain
    least = shift_threshold(certain, STRICTNESS["lenient"])
    for part in np.linspace(0, 2, 401):
        moved = replace(known, embeddings=unit_vectors(known.embeddings + part * away).astype(np.float32))
        probability = build_verifier(moved, encoder).probabilities(known.embeddings)[0, 0]
        if least + 0.03 < probability < certain - 0.03:
            break
    else:
        pytest.fail("no mixture is nearly certain")
    folder = server.log.parent / "home/vocabularies"
    folder.mkdir(parents=True, exist_ok=True)
    path = save_vocabulary(folder / "nearly.npz", moved)
    yield path.stem
    path.unlink()


def test_a_word_that_is_nearly_certain_is_perhaps_and_said_when_lenient(visit, nearly, signing_clip):
    tab = visit("video", "en")
    tab.wait_for_selector(f"select[data-vocabulary=video] option[value={nearly}]", state="attached")
    tab.select_option("select[data-vocabulary=video]", nearly)
    send(tab, signing_clip)
    tab.wait_for_selector("#page-video .result")
    assert tab.inner_text("#page-video .message") == text("video.no_words", "en")
    assert tab.locator("#page-video table tbody tr").count() == 0
    line = tab.inner_text("#page-video .guess")
    assert line.startswith(text("live.perhaps", "en"))
    assert "Sample" in line
    tab.click("[data-language=ru]")
    assert "Образец" in tab.inner_text("#page-video .guess")
    tab.select_option("#page-video select[data-strictness]", "lenient")
    send(tab, signing_clip)
    tab.wait_for_selector("#page-video table tbody tr")
    assert tab.locator("#page-video table tbody tr td").nth(2).inner_text() == "Образец"
    # The choice is kept in this browser, for every page.
    tab.reload()
    tab.wait_for_function("document.querySelector('#page-live select[data-strictness]')?.value === 'lenient'")

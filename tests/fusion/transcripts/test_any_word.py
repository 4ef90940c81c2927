"""Every writer: any Unicode word in, the same word out through the format's own reader."""

import csv
import io
import re
import xml.dom.minidom

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emotion.faces import EMOTIONS
from fusion.observation import TaggedWord
from fusion.transcripts.elan import read_eaf
from fusion.transcripts.exports import from_csv, from_json
from fusion.transcripts.formats import Format, Transcript
from fusion.transcripts.subtitles import from_subtitles
from kslr.core.files import one_line
from kslr.vocabulary import Sign, Vocabulary

NASTY = (
    "Сә\x0bлем", "a\x1bb", "бір\nекі", "бір\u2028екі", "{Сәлем} сізге", "{Сәлем}", "{\\an8}x",
    "a --> b & <c>", "<i>x</i>", "Сау\\Nбол", "C:\\new\\home", "&lt;", "&amp;#92;", "&nbsp",
    '=HYPERLINK("http://x","a")', "+7 701", "-1+1", "@SUM(A1)", "'=x", "''+", "＝1", "12", "7",
    "00:00:01,000 --> 00:00:02,000", "1:00:01.000 1:00:02.000", "x · happy 0.83", " · ",
    "x · corrected", "x · удивление 0.83 · вопрос?",
    "[Script Info]", "WEBVTT", "NOTE", 'a"b', "a,b;c\td", "и\u0306", "й", "👩‍👩‍👧", "\ufeffx",
    "x\ufffe", "\ud800x", "Тіл\u2060", "\\\u2060N", ":\u206011", "---\u2060", "]]>",
)  # fmt: skip
texts = st.text(st.characters(codec=None), min_size=1, max_size=30) | st.sampled_from(NASTY)
words = st.tuples(texts, texts, st.sampled_from([None, "happy", "sad"]), st.booleans()).filter(
    lambda w: one_line(w[0]) and one_line(w[1])
)


def tagged(kk: str, ru: str, emotion: str | None, corrected: bool = False) -> TaggedWord:
    probabilities = dict.fromkeys(EMOTIONS, 0.1) | {emotion: 0.4} if emotion else {}
    sure, others = (1.0, ()) if corrected else (0.9, (("w1", 0.9),))
    return TaggedWord(Sign("w1", kk, "w1", kk, ru), sure, 0.1, 0.9, others, emotion, probabilities, corrected=corrected)


def every(test):
    """Any word, and those that are known to be hard."""
    for text in NASTY:
        test = example((text, text, "happy", False))(example((text, text, None, True))(test))
    return settings(deadline=None, max_examples=200)(given(words)(test))


def write(kind: str, word: tuple[str, str, str | None, bool]) -> bytes:
    return Format(kind).serialize(Transcript([tagged(*word)], "clip.mp4", 1.0, "own", "ru"))


@every
def test_text(word):
    lines = write("text", word).decode().splitlines()
    assert len(lines) == 1
    found = re.fullmatch(r" +0\.10 – +0\.90  (.*) (0\.90|· исправлено)( · (радость|грусть) 0\.40)?", lines[0])
    assert found[1] == one_line(word[1])
    assert bool(found[3]) == bool(word[2])
    assert (found[2] == "· исправлено") == word[3]


@every
def test_json(word):
    (back,) = from_json(write("json", word).decode())
    assert (back.sign.kk, back.sign.ru, back.emotion) == (one_line(word[0]), one_line(word[1]), word[2])
    assert back.corrected == word[3]
    assert b'"sign_probability": ' + (b"null" if word[3] else b"0.9") in write("json", word)


@every
def test_csv(word):
    content = write("csv", word)
    assert content.isascii() or content.startswith(b"\xef\xbb\xbf")  # so that spreadsheets show Kazakh
    (back,) = from_csv(content.decode())
    assert (back.sign.kk, back.sign.ru, back.emotion) == (one_line(word[0]), one_line(word[1]), word[2])
    assert (back.corrected, back.alternatives) == (word[3], () if word[3] else (("w1", 0.9),))
    for cell in next(iter(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))).values():
        assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) or float(cell.replace(",", ".")) is not None


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_subtitles(kind):
    @every
    def check(word):
        vocabulary = Vocabulary("own", (tagged(*word).sign,))
        content = write(kind, word).decode()
        assert from_subtitles(content, vocabulary, "ru") == [(0.1, 0.9, "w1", word[2])]
        cue = content.split("\n\n")[-2].split("\n")[2]
        assert ("исправлено" in cue) >= word[3]
        assert not word[2] or ("радость" in cue or "грусть" in cue)
        if kind == "vtt":  # what a browser would take for markup
            assert not re.search(r"[<>]|&(?!(amp|lt|gt|#\d+);)", cue)
        else:
            assert not re.search(r"-->|<[/a-z]|\\[Nnh]", cue)

    check()


@every
def test_eaf(word):
    import tempfile
    from pathlib import Path

    content = write("eaf", word)
    xml.dom.minidom.parseString(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.eaf")
        path.write_bytes(content)
        assert read_eaf(path) == [(0.1, 0.9, one_line(word[1]), word[2], None if word[3] else 0.9)]


@given(st.text())
def test_one_line_is_stable_and_fits_utf8(text):
    line = one_line(text)
    assert one_line(line) == line
    assert len(line.splitlines()) <= 1
    line.encode()


def test_elan_counts_on_after_our_annotations():
    root = xml.dom.minidom.parseString(write("eaf", ("Су", "Вода", "happy", False))).documentElement
    ids = {int(one.getAttribute("ANNOTATION_ID")[1:]) for one in root.getElementsByTagName("ALIGNABLE_ANNOTATION")}
    last = {p.getAttribute("NAME"): p.firstChild.data for p in root.getElementsByTagName("PROPERTY")}
    assert int(last["lastUsedAnnotationId"]) >= max(ids)

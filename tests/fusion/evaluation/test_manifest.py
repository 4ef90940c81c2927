from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.evaluation.manifest import Clip, check_disjoint, read_manifest, resolve_signs, split_by_signer, write_manifest
from kslr.core.errors import InputError


def clips(signers: str) -> list[Clip]:
    return [Clip(Path(f"{i}.mp4"), "su", "happy", signer) for i, signer in enumerate(signers)]


def test_what_is_written_is_read(tmp_path):
    made = (
        Clip(tmp_path / "a" / "1.mp4", "su", "happy", "A", 0.5, 1.75),
        Clip(tmp_path / "2.mp4", None, None, "B"),
        Clip(Path("/elsewhere/3.mp4"), "it", None, "B", None, 2.0),
    )
    write_manifest(tmp_path / "m.csv", made)
    assert read_manifest(tmp_path / "m.csv") == made


@given(st.text("ABCDE", min_size=2, max_size=60).filter(lambda s: len(set(s)) > 1), st.floats(0.05, 0.9), st.integers(0, 50))
def test_no_signer_is_on_both_sides(signers, share, seed):
    training, test = split_by_signer(clips(signers), test_share=share, seed=seed)
    assert training
    assert test
    assert len(training) + len(test) == len(signers)
    assert not {c.signer for c in training} & {c.signer for c in test}


def test_an_overlap_is_named():
    with pytest.raises(InputError, match="both sides of the split: B"):
        check_disjoint(clips("AB"), clips("BC"))
    one, other = Clip(Path("x.mp4"), "su", None, "A"), Clip(Path("./x.mp4"), "su", None, "B")
    with pytest.raises(InputError, match=r"x\.mp4"):
        check_disjoint([one], [other])


def test_one_signer_cannot_be_split():
    with pytest.raises(InputError, match="two signers"):
        split_by_signer(clips("AAA"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "columns"),
        ("clip,sign\na,b\n", "columns"),
        ("clip,sign,emotion,signer\na.mp4,su,joyful,A\n", "line 2.*joyful"),
        ("clip,sign,emotion,signer\n,su,happy,A\n", "line 2"),
        ("clip,sign,emotion,signer\na.mp4,su,happy,\n", "line 2"),
        ("clip,sign,emotion,signer,start,end\na.mp4,su,happy,A,2,1\n", "before"),
        ("clip,sign,emotion,signer,start,end\na.mp4,su,happy,A,soon,1\n", "seconds"),
        ("clip,sign,emotion,signer,start,end\na.mp4,su,happy,A,nan,nan\n", "before"),
    ],
)
def test_rows_that_cannot_be_meant_are_named(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path / "m.csv")


def test_binary_and_missing_manifests_are_refused(tmp_path):
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_manifest(tmp_path / "m.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")


@pytest.mark.parametrize("word", ["rakhmet", "Рақмет", "рақмет", "Спасибо", "thank you", "Thank_You"])
def test_a_word_may_be_written_in_any_language(tmp_path, word):
    from kslr.vocabulary import kslr30

    (tmp_path / "m.csv").write_text(f"clip,sign,emotion,signer\na.mp4,{word},,A\nb.mp4,,,A\n", encoding="utf-8")
    clips, unknown = resolve_signs(read_manifest(tmp_path / "m.csv"), kslr30())
    assert [clip.sign for clip in clips] == ["rakhmet", None]
    assert unknown == {}


def test_labels_that_the_vocabulary_lacks_are_named_with_their_clips(tmp_path):
    from kslr.vocabulary import Sign, Vocabulary, kslr30

    text = "clip,sign,emotion,signer\na.mp4,нан,,A\nb.mp4,нан,,A\nc.mp4,loaf,,A\nd.mp4,су,,A\n"
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    clips, unknown = resolve_signs(read_manifest(tmp_path / "m.csv"), kslr30())
    assert [clip.sign for clip in clips] == ["нан", "нан", "loaf", "su"]
    assert unknown == {"loaf": 1, "нан": 2}
    other = Vocabulary("own", (Sign("x", "ш", "x", "x", "ш"),))
    with pytest.raises(InputError, match=r"нан \(2 clips\)"):
        resolve_signs(clips[:3], other)


def test_a_manifest_of_a_mac_and_a_spreadsheet(tmp_path):
    text = "Clip;Sign;Emotion;Signer;Start\n=a.mp4;и\u0306од;Sad;Әсел;1,5\n;;;;\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "m.csv").write_text(text, encoding=encoding)
        (clip,) = read_manifest(tmp_path / "m.csv")
        assert (clip.path.name, clip.sign, clip.emotion, clip.signer, clip.start) == ("=a.mp4", "йод", "sad", "Әсел", 1.5)
    write_manifest(tmp_path / "again.csv", [clip])
    assert read_manifest(tmp_path / "again.csv") == (clip,)

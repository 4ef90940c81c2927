"""A data set of two drawn people, four words and three affects, the whole way: recorded, checked, split, built, evaluated."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from fusion.dataset.building import build_vocabulary
from fusion.dataset.checking import check_dataset
from fusion.dataset.project import new_project
from fusion.dataset.rows import MANIFEST
from fusion.dataset.store import create_dataset
from fusion.dataset.takes import StudioTake, watch_studio_take
from fusion.evaluation.manifest import read_manifest, resolve_signs, split_by_signer
from fusion.evaluation.reports import joint_report
from fusion.evaluation.runs import answer_clips
from fusion.evaluation.video_models import sample_frames
from fusion.interpreter import Models
from kslr.encoder import SignEncoder
from kslr.training.datasets import load_signs
from kslr.vocabulary import Sign
from tests import clips
from tests.datasets import DAY, add_signer
from tests.drawn import drawn_person, pictures

FPS = 10.0
AFFECTS = {"happy": 1.0, "neutral": 0.0, "surprise": 0.5}  # how the drawn person smiles
PEOPLE = {"S01": ("faces", 1.0), "S02": ("video", 1.12)}  # what they agree to, and how wide they are drawn
LOW = (10.0, 50.0)  # the fourth word is a wave before the chest
TRIES = 4
LEAST = 16  # of 24 cells; a drawn hand is not always followed, and then a cell stays empty, as in the Studio


def words() -> list[Sign]:
    names = {**drawn_person().MOVEMENTS, "low_wave": ("Төмен бұлғау", "Махать ниже", "Low wave")}
    return [Sign(word, kk, word, en, ru) for word, (kk, ru, en) in names.items()]


def record_cell(folder, name: str, word: str, emotion: str) -> tuple[StudioTake, bytes]:
    """One person signs one word with one affect, again while the take is not good, as the Studio asks for it."""
    generator = np.random.default_rng(sum(map(ord, name + word + emotion)))
    for _ in range(TRIES):
        (x, y), pace = generator.normal(0, 4, 2), float(generator.uniform(0.95, 1.15))
        off = (x + LOW[0], y + LOW[1]) if word == "low_wave" else (x, y)
        how = {"off": off, "pace": pace, "rest": 0.6, "fps": FPS}
        shown = pictures(word.removeprefix("low_"), PEOPLE[name][1], AFFECTS[emotion], **how)
        clip = clips.write(folder / f"{name}-{word}-{emotion}.mp4", list(shown), fps=FPS)
        take = watch_studio_take(clip)
        if not take.problems:
            break
    return take, clip.read_bytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The data set, recorded as the Studio does it."""
    folder = tmp_path_factory.mktemp("studio")
    data = create_dataset(folder / "data", new_project("Drawn", words(), tuple(AFFECTS), 1, "CC0-1.0", DAY))
    for name, (tier, _) in PEOPLE.items():
        add_signer(data, name, tier)
    cells = [(name, word.id, emotion) for name in PEOPLE for word in words() for emotion in AFFECTS]
    # MediaPipe's threads do not survive a fork.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        made = processes.map(record_cell, [folder] * len(cells), *zip(*cells, strict=True))
        for (name, word, emotion), (take, video) in zip(cells, made, strict=True):
            if not take.problems:
                data.add_take(name, word, emotion, take, video, ".mp4")
    return data


def test_from_the_camera_to_figures(recorded, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    assert check_dataset(recorded) == []
    clips_of_all = read_manifest(recorded.folder / MANIFEST)
    takes = len(clips_of_all)
    of = {name: sum(clip.signer == name for clip in clips_of_all) for name in PEOPLE}
    assert LEAST <= takes <= 24
    training, test = split_by_signer(clips_of_all)
    assert {clip.signer for clip in training} | {clip.signer for clip in test} == set(PEOPLE)
    assert len({clip.signer for clip in training}) == len({clip.signer for clip in test}) == 1

    # A vocabulary on the shipped encoder; each person is asked while left out.
    built = build_vocabulary(recorded, "drawn", DAY, SignEncoder())
    figures = built.card["figures"]
    assert (figures["protocol"], figures["asked"], figures["unknown_asked"]) == ("signers", takes, takes)
    assert figures["nearest_right"] > 0.5  # of four; one person in two widths
    assert [one["takes"] for one in built.card["signers"]] == list(of.values())

    # The joint evaluator on what was recorded: landmarks and faces of one, a video of the other.
    models = Models.load("drawn")
    asked = [clip for clip in clips_of_all if clip.path.suffix == ".npz"][:6]
    asked += [clip for clip in clips_of_all if clip.path.suffix == ".mp4"][:1]
    known, unknown = resolve_signs(asked, models.signs.vocabulary)
    assert unknown == {}
    answers = answer_clips(known, models)
    report = joint_report(answers, "drawn", EMOTIONS, models.signs.vocabulary)
    assert report["sign"]["clips"] == 7
    assert report["problems"] == []
    assert report["sign"]["top1"]["value"] > 0.5
    assert all(answer.emotion is not None for answer in answers)  # the face's pictures were read

    # What training loads: the words, and signers that a split can keep apart.
    signs = load_signs(recorded.folder / MANIFEST)
    assert set(signs.names) == {word.id for word in words()}
    assert sorted(set(signs.signer.tolist())) == ["S01", "S02"]
    assert len(signs) == takes
    # What the video baseline loads.
    videos = [clip for clip in clips_of_all if clip.path.suffix == ".mp4"]
    assert len(videos) == of["S02"]
    assert sample_frames(videos[0], 8, 32).shape == (8, 32, 32, 3)

import csv

import cv2
import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.training.datasets import FaceData, clean_training_split, load_faces
from kslr.core.errors import InputError


def _classic(path, faces, usage):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", "pixels", "Usage"])
        for image, label, use in zip(faces.images, faces.labels, usage, strict=True):
            writer.writerow([label, " ".join(map(str, image.reshape(-1))), use])


@pytest.fixture
def few() -> FaceData:
    generator = np.random.default_rng(1)
    return FaceData(generator.integers(0, 256, (4, 48, 48), dtype=np.uint8), np.array([3, 0, 6, 3]))


USAGE = ["Training", "Training", "PublicTest", "PrivateTest"]


def test_the_classic_csv(tmp_path, few):
    _classic(tmp_path / "fer2013.csv", few, USAGE)
    splits = load_faces(tmp_path / "fer2013.csv")
    assert {name: len(split) for name, split in splits.items()} == {"train": 2, "public": 1, "private": 1}
    assert np.array_equal(splits["train"].images, few.images[:2])
    assert splits["private"].labels.tolist() == [3]
    assert splits["train"].votes is None
    assert np.array_equal(load_faces(tmp_path)["public"].images, few.images[2:3])


def test_votes_beside_the_csv_go_to_their_rows(tmp_path, few):
    _classic(tmp_path / "fer2013.csv", few, USAGE)
    votes = np.arange(40).reshape(4, 10)
    rows = [["Usage", "Image name", *"abcdefghij"], *[["x", "y", *row] for row in votes.tolist()]]
    with (tmp_path / "fer2013new.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    splits = load_faces(tmp_path / "fer2013.csv")
    assert splits["private"].votes is not None
    assert splits["private"].votes.tolist() == votes[3:].tolist()


def test_a_folder_of_pictures(tmp_path, few):
    for split, emotion, image in (("train", "happy", few.images[0]), ("validation", "anger", few.images[1])):
        folder = tmp_path / split / emotion
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "a.png"), image)
    large = cv2.resize(few.images[2], (96, 96), interpolation=cv2.INTER_NEAREST)
    (tmp_path / "test" / "neutral").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "test" / "neutral" / "b.png"), large)
    splits = load_faces(tmp_path)
    assert np.array_equal(splits["train"].images[0], few.images[0])
    assert [int(splits[name].labels[0]) for name in ("train", "public", "private")] == [3, 0, 6]
    assert np.array_equal(splits["private"].images[0], few.images[2])


HEAD = "emotion,pixels,Usage\n"


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", f"{HEAD}3,1 2 3,Training\n", f"{HEAD}9,x,Training\n", f"{HEAD}3,1,Other\n"]
)
def test_a_broken_csv_is_told(tmp_path, content):
    (tmp_path / "fer2013.csv").write_text(content)
    with pytest.raises(InputError):
        load_faces(tmp_path / "fer2013.csv")


def test_what_is_no_data_set_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_faces(tmp_path / "no.csv")
    with pytest.raises(InputError, match="holds no pictures"):
        load_faces(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"PK not really")
    with pytest.raises(InputError, match="not a pack"):
        load_faces(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.zeros(3))
    with pytest.raises(InputError, match="not a pack"):
        load_faces(tmp_path / "b.npz")
    (tmp_path / "c.txt").write_text("x")
    with pytest.raises(InputError, match="none of"):
        load_faces(tmp_path / "c.txt")


def test_a_folder_with_a_foreign_emotion_or_a_broken_picture_is_told(tmp_path):
    (tmp_path / "train" / "bored").mkdir(parents=True)
    with pytest.raises(InputError, match="bored"):
        load_faces(tmp_path)
    (tmp_path / "train" / "bored").rename(tmp_path / "train" / "sad")
    (tmp_path / "train" / "sad" / "a.jpg").write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"a\.jpg"):
        load_faces(tmp_path)


def test_labels_outside_the_seven_are_told(tmp_path, few):
    _classic(tmp_path / "fer2013.csv", FaceData(few.images, np.array([7, 0, 6, 3])), USAGE)
    with pytest.raises(InputError, match="labels outside"):
        load_faces(tmp_path / "fer2013.csv")


def test_training_never_sees_a_test_picture_a_blank_or_a_doubtful_one():
    images = np.random.default_rng(2).integers(0, 256, (6, 48, 48), dtype=np.uint8)
    images[3] = 0  # blank
    images[5] = images[4]  # labelled twice
    train = FaceData(images, np.array([0, 1, 2, 3, 4, 5]), np.ones((6, 10)))
    private = FaceData(images[1:2], np.array([1]))
    kept, dropped = clean_training_split({"train": train, "private": private})
    assert kept.labels.tolist() == [0, 2]
    assert np.array_equal(kept.images, images[[0, 2]])
    assert kept.votes is not None
    assert len(kept.votes) == 2
    assert dropped == {"copies of test pictures": 1, "blank": 1, "labelled twice": 2}


def test_training_data_without_a_training_split_is_told(few):
    with pytest.raises(InputError, match="training split"):
        clean_training_split({"private": few})


def test_fer2013_and_its_leaks(fer2013):
    assert {name: len(split) for name, split in fer2013.items()} == {"train": 28709, "public": 3589, "private": 3589}
    train, dropped = clean_training_split(fer2013)
    # 280 PublicTest and 288 PrivateTest pictures have copies in training, some more than one.
    assert dropped["copies of test pictures"] >= 568
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for name in ("public", "private") for image in fer2013[name].images)
    assert np.bincount(fer2013["private"].labels).tolist() == [491, 55, 528, 879, 594, 416, 626]
    assert len(EMOTIONS) == 7


def _table(few, head: str, row, sep: str = ",", end: str = "") -> str:
    rows = []
    for i, (image, label) in enumerate(zip(few.images, few.labels, strict=True)):
        rows.append(row(int(label), [int(p) for p in image.ravel()], USAGE[i % len(USAGE)], sep))
    return "\n".join([head, *rows]) + "\n" + end


def _spaced(label, pixels, usage, sep):
    return f"{label}{sep}{' '.join(map(str, pixels))}{sep}{usage}"


TABLES = {
    "the challenge's": ("emotion, Usage, pixels", lambda e, p, u, s: f"{e},{u},{' '.join(map(str, p))}", ",", ""),
    "BOM": ("\ufeffemotion,pixels,Usage", _spaced, ",", ""),
    "semicolons": ("emotion;pixels;Usage", _spaced, ";", ""),
    "tabs": ("emotion\tpixels\tUsage", _spaced, "\t", ""),
    "capitals": ("EMOTION,Pixels,usage", _spaced, ",", ""),
    "names": ("emotion,pixels,Usage", lambda e, p, u, s: f"{EMOTIONS[e].title()},{' '.join(map(str, p))},{u.upper()}", ",", ""),
    "decimals": ("emotion,pixels,Usage", lambda e, p, u, s: f"{e}.0,{' '.join(f'{v}.0' for v in p)},{u}", ",", ""),
    "decimal comma": ("emotion;pixels;Usage", lambda e, p, u, s: f"{e},0;{' '.join(f'{v},0' for v in p)};{u}", ";", ""),
    "pixels with commas": ("emotion,pixels,Usage", lambda e, p, u, s: f'{e},"{",".join(map(str, p))}",{u}', ",", ""),
    "blank rows": ("emotion,pixels,Usage", _spaced, ",", "\n,,\n\n"),
    "more columns": ("id,emotion,pixels,Usage,note", lambda e, p, u, s: f"7,{_spaced(e, p, u, s)},x", ",", ""),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("kind", TABLES)
def test_tables_as_people_have_them(tmp_path, few, kind, encoding):
    _classic(tmp_path / "fer2013.csv", few, USAGE)
    (tmp_path / "own.csv").write_text(_table(few, *TABLES[kind]), encoding=encoding)
    wanted, found = load_faces(tmp_path / "fer2013.csv"), load_faces(tmp_path / "own.csv")
    assert set(wanted) == set(found)
    for split, faces in wanted.items():
        np.testing.assert_array_equal(found[split].images, faces.images)
        np.testing.assert_array_equal(found[split].labels, faces.labels)


@pytest.mark.parametrize("pixel", ["300", "-1", "256", "nan", "x"])
def test_a_pixel_that_is_none_is_named_with_its_line(tmp_path, few, pixel):
    text = _table(few, "emotion,pixels,Usage", _spaced)
    head, first, *rest = text.splitlines()
    first = first.replace(first.split(",")[1].split()[5], pixel, 1)
    label, pixels, usage = first.split(",")
    values = pixels.split()
    values[7] = pixel
    (tmp_path / "own.csv").write_text("\n".join([head, *rest, f"{label},{' '.join(values)},{usage}"]))
    with pytest.raises(InputError, match=f"line {len(rest) + 2}"):
        load_faces(tmp_path / "own.csv")


@pytest.mark.parametrize("emotion", ["joyful", "inf", "nan", "", "1e999"])
def test_an_emotion_that_is_none_is_named_with_its_line(tmp_path, few, emotion):
    head, first, *rest = _table(few, "emotion,pixels,Usage", _spaced).splitlines()
    _, pixels, usage = first.split(",")
    (tmp_path / "own.csv").write_text("\n".join([head, *rest, f"{emotion},{pixels},{usage}"]))
    with pytest.raises(InputError, match=f"line {len(rest) + 2}: the emotion is a number"):
        load_faces(tmp_path / "own.csv")


def test_folders_of_kaggle_and_of_archives(tmp_path, few):
    from PIL import Image

    kinds = {"Angry": "jfif", "disgusted": "ppm", "Fearful": "PNG", "happy": "mpo", "Sadness": "webp", "SURPRISED": "jpg"}
    for split in ("Train", "test"):
        for i, (name, suffix) in enumerate(kinds.items()):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            format = {"jfif": "JPEG", "mpo": "JPEG", "jpg": "JPEG"}.get(suffix, suffix.upper())
            Image.fromarray(few.images[i % len(few)]).save(folder / f"a.{suffix}", format=format)
            (folder / f"._a.{suffix}").write_bytes(b"\0\5\x16\7")
            (folder / "Thumbs.db").write_bytes(b"x")
            (folder / ".ipynb_checkpoints").mkdir()
            (folder / ".ipynb_checkpoints" / "a-checkpoint.png").write_bytes(b"x")
        (tmp_path / split / ".ipynb_checkpoints").mkdir()
    (tmp_path / "__MACOSX" / "train").mkdir(parents=True)
    splits = load_faces(tmp_path)
    assert {split: sorted(faces.labels.tolist()) for split, faces in splits.items()} == {
        "train": [0, 1, 2, 3, 4, 5],
        "private": [0, 1, 2, 3, 4, 5],
    }

import numpy as np

from kslr.training.encoder.material import absent_points, dictionary_ranks, signer_data, split_dictionary, with_empty_face
from kslr.training.encoder.measuring import measure_across, measure_resting, measure_within
from kslr.training.verification.people import People, split_roles


def people() -> People:
    words = [f"w{i}" for i in range(30)]
    rows = [(w, f"signlens:{s}", "leo900713/SignLens", "Taiwanese") for w in words for s in "ABCDF"]
    rows += [
        ("hello", "x", "x/one", "ASL"),
        ("hello", "y", "y/two", "ASL"),
        ("cat", "x", "x/one", "ASL"),
        ("cat", "y", "y/two", "ASL"),
    ]
    rows += [("hello", "z", "yunlisa96/hand-sign-recognition", ""), ("book", "k", "pra23pat/Major", "")]
    word, signer, source, language = (np.array(column) for column in zip(*rows, strict=True))
    points = np.full((len(rows), 4, 51, 3), 0.5, np.float16)
    points[:, :, 9:30] = 0
    return People(points, word, signer, source, language, np.full(len(rows), "signers_pose_hands"))


def test_no_signer_or_word_is_on_both_sides() -> None:
    data = people()
    role = split_roles(data)
    taiwanese = data.source == "leo900713/SignLens"
    train, valid, test = (set(data.word[taiwanese & (role == part)].tolist()) for part in ("train", "valid", "test"))
    assert (len(test), len(valid)) == (12, 10)
    assert not train & valid
    assert not (train | valid) & test
    assert not np.isin(data.signer[np.isin(role, ("train", "valid"))], ["signlens:C", "signlens:D"]).any()
    whole = ~taiwanese
    assert not set(data.source[whole & (role == "train")]) & set(data.source[whole & (role != "train")])


def test_words_that_american_recorders_share_are_one_class() -> None:
    data = people()
    found = signer_data(data[data.source != "leo900713/SignLens"][:4], dictionary=False)
    assert found.label[0] == found.label[1]  # hello
    assert found.label[2] != found.label[3]  # cat: another sign elsewhere
    assert found.alike()[found.label[2], found.label[3]]
    assert np.isnan(found.points[:, :, 9:30]).all()


def test_absent_parts_are_nan_and_the_face_is_empty() -> None:
    p = np.full((1, 2, 51, 3), 0.5, np.float16)
    p[0, 1, 30:] = 0
    assert np.isnan(absent_points(p)[0, 1, 30:]).all()
    whole = with_empty_face(p)
    assert np.isnan(whole[:, :, 9:44]).all()
    assert np.isfinite(whole[0, 0, 44:]).all()


def test_a_word_is_looked_up_by_its_nearest_sign() -> None:
    word, signer = np.array(["a", "b", "c", "a", "c"]), np.array(["dictionary 1"] * 3 + ["dictionary 2"] * 2)
    clip = np.array([0, 1, 1, 2, 3, 4])
    z = np.eye(4)[[0, 3, 1, 2, 0, 1]]  # the second sign of b lies where her c lies
    assert dictionary_ranks(z, clip, word, signer, ["a", "c"]).tolist() == [1, 2]
    assert split_dictionary(word, signer) in ((["a"], ["c"]), (["c"], ["a"]))


def test_figures_of_separate_signs_are_perfect() -> None:
    generator = np.random.default_rng(0)
    label = np.tile(np.repeat(np.arange(12), 7), 2)
    signer = np.repeat(["a", "b"], 84)
    z = np.eye(12)[label] + generator.normal(0, 0.01, (168, 12))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    columns = (
        np.char.add("w", label.astype(str)),
        signer,
        np.full(168, "s"),
        np.full(168, ""),
        np.full(168, "signers_pose_hands"),
    )
    data = People(np.zeros((168, 4, 51, 3), np.float16), *columns)
    assert measure_across(z, data)["s"]["1_shot"] == 1.0
    within = measure_within(z, data)
    assert (within["1_shot"], within["5_shot"]) == (1.0, 1.0)
    assert within["5_shot_interval"][1] == 1.0


def test_a_resting_hand_is_put_into_what_is_asked_only(monkeypatch) -> None:
    generator, label = np.random.default_rng(0), np.repeat(np.arange(10), 7)
    points = np.zeros((70, 12, 51, 3), np.float32)
    points[:, :, :9] = 0.2
    points[:, :, 3, :2], points[:, :, 4, :2] = (0.85, 0.5), (0.5, 0.5)
    points[:, :, 30:] = generator.uniform(0.5, 0.6, (70, 1, 21, 3))
    points[np.arange(70) % 8 > 0, :, 30:, 1] += np.sin(np.linspace(0, 6, 12))[:, None] * 0.2  # a few keep still
    words = np.char.add("w", label.astype(str))
    data = People(points.astype(np.float16), words, *[np.full(70, "s")] * 4)
    z = np.eye(10)[label]
    blind = np.eye(10)[np.zeros(70, int)]  # with a resting hand everything looks like the first word
    monkeypatch.setattr("kslr.training.encoder.measuring.embed_people", lambda encoder, points: blind[: len(points)])
    found = measure_resting(None, z, data)  # type: ignore[arg-type]
    assert found["changed"] > 0.8
    assert found["5_shot"] == 1.0
    assert found["5_shot_resting"] < 0.3

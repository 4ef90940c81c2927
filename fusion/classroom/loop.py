"""The classroom loop: pictures in, figures of the group every ten seconds out, and nothing of anybody in between.

A `Classroom` looks at single pictures and gives `Look`s: sums over everybody in view, without a trace of who they are.
`WindowBuilder` makes ten seconds of looks into one `Window`, the only thing that screens, files and databases ever get, by
the rules of `fusion.classroom.anonymity`. A `ClassroomSession` is both together, written to the history. Boxes,
crops, landmarks and track numbers live inside `Classroom.look` and end with it.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from emotion.detection import FaceDetector
from emotion.faces import crop_from_box
from emotion.headpose import EYES_LARGE_ENOUGH, LARGE_ENOUGH, SHUT, HeadPose, eye_openness, head_angles
from emotion.recognizer import EmotionRecognizer
from emotion.tracking import FaceTracker
from fusion.classroom.engagement import AVERTED, CLOSED, FACING, UNKNOWN, arousal, concentration, moods, valence
from fusion.classroom.settings import Settings
from fusion.classroom.targets import is_attending
from fusion.classroom.windows import Look, Window, WindowBuilder
from kslr.frame import Frame
from kslr.origins import describe_origin

if TYPE_CHECKING:
    from fusion.classroom.history import History

# Minimum quality of a face's crop; a poorer one counts in no figure, and not towards k.
READABLE = 0.1
# Maximum number of heads that one look measures; the others keep their last direction for HOLD seconds.
HEADS_A_LOOK, HOLD = 10, 3.0


class Classroom:
    """Looks at pictures of a class; a context manager. Calls must take turns.

    Args:
        settings: the operator's.
        recognizer: the emotion network.

    >>> with Classroom() as classroom:
    ...     classroom.look(Frame(np.zeros((120, 160, 3), np.uint8), 0.0)).faces
    0
    """

    def __init__(self, settings: Settings | None = None, recognizer: EmotionRecognizer | None = None) -> None:
        self.settings = settings or Settings()
        self._recognizer = recognizer or EmotionRecognizer()

    def __enter__(self) -> "Classroom":
        with ExitStack() as stack:
            self._detector = stack.enter_context(FaceDetector(tile=self.settings.tile, margin=0.0))
            self._heads = HeadPose()
            self._tracker = FaceTracker(patience=1.5)
            self._looks: dict[int, int] = {}
            self._poses: dict[int, tuple[float, int]] = {}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._looks, self._poses = {}, {}
        del self._tracker

    def look(self, frame: Frame) -> Look:
        """The sums of one picture. Times must rise.

        Raises:
            InputError: the frame is not an RGB picture.
        """
        boxes = remove_overlaps(self._detector.detect(frame.rgb))
        numbers = self._update_tracks(boxes, frame.seconds)
        crops = [crop_from_box(frame.rgb, box, frame.seconds) for box in boxes]
        # A face counts from its second look on, because false detections flicker.
        sure = [i for i, crop in enumerate(crops) if crop and crop.quality >= READABLE and self._looks[numbers[i]] > 1]
        if not sure:
            return Look(frame.seconds, 0, 0)
        gaze = self._gaze(frame, boxes[sure], [numbers[i] for i in sure])
        readable = [crop for i in sure if (crop := crops[i])]
        rows = self._recognizer.probabilities(np.stack([crop.image for crop in readable]))
        seen = gaze != UNKNOWN
        index = concentration(rows, gaze, self.settings.weights)
        return Look(
            frame.seconds,
            len(rows),
            int(seen.sum()),
            float(np.mean([crop.quality for crop in readable])),
            float(index[seen].mean()) if seen.any() else None,
            float((gaze[seen] == FACING).mean()) if seen.any() else None,
            float(valence(rows).mean()),
            float(arousal(rows).mean()),
            tuple(float(share) for share in moods(rows).mean(axis=0)),
        )

    def _update_tracks(self, boxes: np.ndarray, seconds: float) -> list[int]:
        """Track numbers; those of faces that are gone are forgotten with all that was known of them."""
        numbers = self._tracker.update(boxes, seconds)
        alive = self._tracker.numbers()
        self._looks = {n: self._looks.get(n, 0) + (n in numbers) for n in alive}
        self._poses = {n: pose for n, pose in self._poses.items() if n in alive and seconds - pose[0] <= HOLD}
        return numbers

    def _gaze(self, frame: Frame, boxes: np.ndarray, numbers: list[int]) -> np.ndarray:
        """FACING, AVERTED, CLOSED or UNKNOWN of every face; measured anew for those whose turn it is."""
        large = [i for i in range(len(boxes)) if boxes[i, 2] >= LARGE_ENOUGH]
        turn = sorted(large, key=lambda i: self._poses.get(numbers[i], (-1.0, 0))[0])[:HEADS_A_LOOK]
        if turn:
            points = self._heads.landmarks(frame.rgb, boxes[turn])
            size = (frame.rgb.shape[1], frame.rgb.shape[0])
            gaze = np.where(is_attending(head_angles(points), boxes[turn], size, self.settings.targets), FACING, AVERTED)
            shut = (eye_openness(points) < SHUT) & (boxes[turn, 2] >= EYES_LARGE_ENOUGH)
            for i, code in zip(turn, np.where(shut, CLOSED, gaze), strict=True):
                self._poses[numbers[i]] = (frame.seconds, int(code))
        return np.array([self._poses.get(number, (0.0, UNKNOWN))[1] for number in numbers])


def remove_overlaps(boxes: np.ndarray) -> np.ndarray:
    """(n, 4) boxes, the surest first, without those whose centre lies in a surer one: nobody may count twice towards k.

    >>> remove_overlaps(np.array([[0, 0, 10, 10], [2, 2, 30, 30], [4, 4, 4, 4]])).tolist()
    [[0, 0, 10, 10], [2, 2, 30, 30]]
    """
    kept: list[int] = []
    for i, (x, y, w, h) in enumerate(boxes):
        centre = np.array([x + w / 2, y + h / 2])
        inside = (boxes[kept, :2] <= centre) & (centre <= boxes[kept, :2] + boxes[kept, 2:])
        if not inside.all(axis=1).any():
            kept.append(i)
    return boxes[kept]


def pace_frames(frames: Iterable[Frame], rate: float) -> Iterator[Frame]:
    """The frames to look at, at most so many a second.

    Args:
        frames: of `kslr.video`. A camera gives its newest picture only, so that a slow machine looks at fewer and still
            keeps up.
        rate: frames a second.
    """
    due = 0.0
    for frame in frames:
        if frame.seconds >= due - 1e-6:
            # From when it was due, not from when it came: a rate that the frames' own does not divide is kept in the mean.
            due = max(due, frame.seconds - 1 / rate) + 1 / rate
            yield frame


class ClassroomSession:
    """One session of a class that is written to the history window by window. A context manager; calls must take turns.

    Attributes:
        key: the session's id in the history, from entering on.
    """

    def __init__(self, settings: Settings, recognizer: EmotionRecognizer, history: "History", name: str, place: str) -> None:
        self._classroom = Classroom(settings, recognizer)
        self._builder = WindowBuilder(settings.k)
        self._history, self._name, self._place = history, name, place
        self._made = describe_origin("", models={"emotion": (recognizer.card.name, recognizer.file)})["made"]

    def __enter__(self) -> "ClassroomSession":
        with ExitStack() as stack:
            stack.enter_context(self._classroom)
            self.key = self._history.begin(self._name, k=self._builder.k, place=self._place, made=self._made)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def look(self, frame: Frame) -> Window | None:
        """Looks at a picture; gives the window that ended with it, if one did, which is on the disk by then.

        Raises:
            InputError: the frame is not an RGB picture, or the session has been deleted.
        """
        return self._write(self._builder.add(self._classroom.look(frame)))

    def finish(self) -> Window | None:
        """Ends the session and gives its last window; the second call gives None."""
        window = self._write(self._builder.close())
        self._history.finish(self.key)
        return window

    def _write(self, window: Window | None) -> Window | None:
        if window is not None:
            self._history.add(self.key, window)
        return window

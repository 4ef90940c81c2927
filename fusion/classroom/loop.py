"""The classroom loop: pictures in, figures of the group every ten seconds out, and nothing of anybody in between.

A `Classroom` looks at single pictures and gives `Look`s: sums over everybody in view, without a trace of who they are.
`Windows` makes ten seconds of looks into one `Window`, the only thing that screens, files and databases ever get, by the
rules of `fusion.classroom.anonymity`. Boxes, crops, landmarks and track numbers live inside `Classroom.look` and end with it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from emotion.recognizer import EmotionRecognizer
from fusion.classroom.anonymity import LEAST, check_k
from fusion.classroom.engagement import AVERTED, CLOSED, FACING, UNKNOWN, Weights, arousal, concentration, moods, valence
from fusion.classroom.targets import CAMERA, Target, attending
from fusion.classroom.windows import Look, Window, Windows
from kslr.core.errors import InputError
from kslr.frame import Frame

# A face whose crop is poorer cannot be read: it counts in no figure, and not towards k.
READABLE = 0.1
# Heads that are measured in one look; the others keep what was seen of them for as long as HOLD.
HEADS_A_LOOK, HOLD = 10, 3.0


@dataclass(frozen=True)
class Settings:
    """What the operator chooses.

    Attributes:
        k: figures are of at least so many faces; five or more.
        targets: what counts as attending.
        weights: of the index.
        rate: looks a second at most; fewer when the machine cannot keep up.
        tile: pixels of the detector's tiles; smaller ones find smaller faces and take longer.

    Raises:
        InputError: a number that cannot be.
    """

    k: int = LEAST
    targets: tuple[Target, ...] = (CAMERA,)
    weights: Weights = field(default_factory=Weights)
    rate: float = 5.0
    tile: int = 400

    def __post_init__(self) -> None:
        check_k(self.k)
        if not self.targets:
            raise InputError("Say what counts as attending: at least one target, such as camera.")
        if not 0.2 <= self.rate <= 30:
            raise InputError("Looks a second are between 0.2 and 30.")


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
        from emotion.detection import FaceDetector
        from emotion.headpose import HeadPose
        from emotion.tracking import FaceTracker

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
            InputError: the picture has a shape that cannot be.
        """
        from emotion.faces import crop_from_box

        boxes = one_box_a_face(self._detector.detect(frame.rgb))
        numbers = self._known(boxes, frame.seconds)
        crops = [crop_from_box(frame.rgb, box, frame.seconds) for box in boxes]
        # A face is believed from its second look on: what flickers is no face.
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

    def _known(self, boxes: np.ndarray, seconds: float) -> list[int]:
        """Track numbers; those of faces that are gone are forgotten with all that was known of them."""
        numbers = self._tracker.update(boxes, seconds)
        alive = self._tracker.numbers()
        self._looks = {n: self._looks.get(n, 0) + (n in numbers) for n in alive}
        self._poses = {n: pose for n, pose in self._poses.items() if n in alive and seconds - pose[0] <= HOLD}
        return numbers

    def _gaze(self, frame: Frame, boxes: np.ndarray, numbers: list[int]) -> np.ndarray:
        """FACING, AVERTED, CLOSED or UNKNOWN of every face; measured anew for those whose turn it is."""
        from emotion.headpose import EYES_LARGE_ENOUGH, LARGE_ENOUGH, SHUT, eye_openness, head_angles

        large = [i for i in range(len(boxes)) if boxes[i, 2] >= LARGE_ENOUGH]
        turn = sorted(large, key=lambda i: self._poses.get(numbers[i], (-1.0, 0))[0])[:HEADS_A_LOOK]
        if turn:
            points = self._heads.landmarks(frame.rgb, boxes[turn])
            size = (frame.rgb.shape[1], frame.rgb.shape[0])
            gaze = np.where(attending(head_angles(points), boxes[turn], size, self.settings.targets), FACING, AVERTED)
            shut = (eye_openness(points) < SHUT) & (boxes[turn, 2] >= EYES_LARGE_ENOUGH)
            for i, code in zip(turn, np.where(shut, CLOSED, gaze), strict=True):
                self._poses[numbers[i]] = (frame.seconds, int(code))
        return np.array([self._poses.get(number, (0.0, UNKNOWN))[1] for number in numbers])


def one_box_a_face(boxes: np.ndarray) -> np.ndarray:
    """(n, 4) boxes, the surest first, without those whose centre lies in a surer one: nobody may count twice towards k.

    >>> one_box_a_face(np.array([[0, 0, 10, 10], [2, 2, 30, 30], [4, 4, 4, 4]])).tolist()
    [[0, 0, 10, 10], [2, 2, 30, 30]]
    """
    kept: list[int] = []
    for i, (x, y, w, h) in enumerate(boxes):
        centre = np.array([x + w / 2, y + h / 2])
        inside = (boxes[kept, :2] <= centre) & (centre <= boxes[kept, :2] + boxes[kept, 2:])
        if not inside.all(axis=1).any():
            kept.append(i)
    return boxes[kept]


def watch(frames: Iterable[Frame], classroom: Classroom, progress: Callable[[float], None] | None = None) -> Iterator[Window]:
    """Windows of a source, as they end.

    Args:
        frames: of `kslr.video`. A camera gives its newest picture only, so that a slow machine looks at fewer and still
            keeps up; a recording is looked at `rate` times a second.
        classroom: entered.
        progress: told the seconds of every look.
    """
    due, windows = 0.0, Windows(classroom.settings.k)
    for frame in frames:
        if frame.seconds < due - 1e-6:
            continue
        # From when it was due, not from when it came: a rate that the frames' own does not divide is kept in the mean.
        due = max(due, frame.seconds - 1 / classroom.settings.rate) + 1 / classroom.settings.rate
        if (window := windows.add(classroom.look(frame))) is not None:
            yield window
        if progress:
            progress(frame.seconds)
    if (last := windows.close()) is not None:
        yield last

"""The one pass over a frame that both branches use: MediaPipe Holistic, a timed RGB frame in, `Landmarks` out.

The models (pose, face mesh, hands; model complexity 1) are bundled in the mediapipe wheel, so nothing is downloaded.
Holistic finds the hands from the pose's wrists, so a left hand is the signer's own left in an unmirrored picture.
Source: MediaPipe Holistic (Grishchenko and Bazarevsky, 2020).
"""

import math
import threading
from contextlib import suppress
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.native import MEDIAPIPE_CHATTER, filter_stderr, load_mediapipe
from kslr.frame import Frame
from kslr.landmarks import Landmarks

# The time between two frames that MediaPipe assumes, microseconds.
NOMINAL_STEP = 33_333


class HolisticTracker:
    """MediaPipe Holistic for one stream of frames; a context manager. Each session needs its own (about 200 MB).

    Landmarks are smoothed over time by the frames' true seconds. Any thread may call `process`; calls take turns.

    >>> from kslr.frame import Frame
    >>> with HolisticTracker() as tracker:
    ...     landmarks = tracker.process(Frame(np.zeros((48, 64, 3), np.uint8), 0.0))
    >>> landmarks.pose is None, landmarks.hands
    (True, 0)
    """

    def __init__(self) -> None:
        self._solution: Any = None
        self._turn = threading.Lock()
        self._last = -1  # microseconds
        self._shift = 0

    def __enter__(self) -> "HolisticTracker":
        mediapipe = load_mediapipe()
        # Build and run everything once, so that the first real frame is as fast and as quiet as the rest.
        with filter_stderr(MEDIAPIPE_CHATTER):
            _project_one_point()
            self._solution = mediapipe.solutions.holistic.Holistic(model_complexity=1, refine_face_landmarks=False)
            self._at(np.zeros((64, 64, 3), np.uint8), -1_000_000)
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            solution, self._solution = self._solution, None
            if solution is not None:
                with suppress(ValueError):  # `process` has raised already where the graph is broken.
                    solution.close()

    def process(self, frame: Frame) -> Landmarks:
        """Finds the most prominent person's landmarks.

        Args:
            frame: (H, W, 3) uint8 RGB and its seconds. Seconds that don't grow begin a new recording.

        Returns:
            Landmarks with the frame's seconds and aspect; parts that are not seen are None.

        Raises:
            InputError: the picture is not (H, W, 3) uint8, is empty, or its time is no number.
            RuntimeError: the tracker is not open.
        """
        rgb = frame.rgb
        if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
            found = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
            raise InputError(f"A frame is an RGB picture of the shape (height, width, 3) in uint8, not {found}.")
        if not math.isfinite(frame.seconds):
            raise InputError(f"A frame's time is a number of seconds, not {frame.seconds}.")
        with self._turn:
            if self._solution is None:
                raise RuntimeError("This HolisticTracker is not open; use it in a with statement.")
            now = round(frame.seconds * 1e6) + self._shift
            if now <= self._last:
                self._shift += self._last + NOMINAL_STEP - now
                now = self._last + NOMINAL_STEP
            self._last = now
            found = self._at(np.ascontiguousarray(rgb), now)
            return Landmarks(
                seconds=frame.seconds,
                pose=_array(found.pose_landmarks, with_visibility=True),
                face=_array(found.face_landmarks),
                left_hand=_array(found.left_hand_landmarks),
                right_hand=_array(found.right_hand_landmarks),
                aspect=rgb.shape[1] / rgb.shape[0],
            )

    def _at(self, rgb: np.ndarray, microseconds: int) -> Any:
        # The solution advances its own clock by one nominal step a frame, so its filters smooth ten frames a second
        # differently from thirty; with true times the two differ half as much. It takes no time as an argument, so its
        # clock is set to one step before.
        self._solution._simulated_timestamp = microseconds - NOMINAL_STEP
        return self._solution.process(rgb)


def _array(landmarks: Any, with_visibility: bool = False) -> np.ndarray | None:
    """A landmark list → (points, 3 or 4) float32, or None."""
    if landmarks is None:
        return None
    if with_visibility:
        return np.array([(p.x, p.y, p.z, p.visibility) for p in landmarks.landmark], np.float32)
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float32)


def _project_one_point() -> None:
    """Makes MediaPipe print its one warning about projections now, not when the first person is seen."""
    from mediapipe.framework.formats import landmark_pb2, rect_pb2
    from mediapipe.python import packet_creator
    from mediapipe.python._framework_bindings.calculator_graph import CalculatorGraph

    graph = CalculatorGraph(
        graph_config="""
        input_stream: "points" input_stream: "rect"
        node { calculator: "LandmarkProjectionCalculator" input_stream: "NORM_LANDMARKS:points"
               input_stream: "NORM_RECT:rect" output_stream: "NORM_LANDMARKS:projected" }"""
    )
    graph.start_run()
    points = landmark_pb2.NormalizedLandmarkList(landmark=[landmark_pb2.NormalizedLandmark(x=0.5, y=0.5)])
    rect = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1.0, height=1.0)
    graph.add_packet_to_input_stream("points", packet_creator.create_proto(points).at(0))
    graph.add_packet_to_input_stream("rect", packet_creator.create_proto(rect).at(0))
    graph.wait_until_idle()
    graph.close()

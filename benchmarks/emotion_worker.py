"""One system's share of benchmarks/emotion.py, in a process of its own so that import time and memory are its own.

    python benchmarks/emotion_worker.py SYSTEM INPUT.npz

SYSTEM is ``kslr``, ``haar_s4`` or ``fer``; the last runs in the environment that has the PyPI package ``fer``, so
this file needs nothing but NumPy and OpenCV besides the system itself. INPUT holds ``images`` (n, 48, 48) uint8,
``labels`` (n,) and ``frames`` (m, H, W, 3) uint8 RGB. Prints one line of JSON.
"""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


class Ours:
    """This project: the shipped network, full-range detection with tiles, one batched call."""

    def __init__(self):
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        from emotion.detection import FaceDetector
        from emotion.faces import crop_from_box
        from emotion.recognizer import EmotionRecognizer

        self._crop, self._recognizer, self._detector = crop_from_box, EmotionRecognizer(), FaceDetector().__enter__()

    def classify(self, image):
        return int(self._recognizer.probabilities(image[None])[0].argmax())

    def look(self, frame):
        crops = [self._crop(frame, box) for box in self._detector.detect(frame)]
        return len(self._recognizer.recognize([crop for crop in crops if crop is not None]))


class HaarStudent:
    """S4: a Haar cascade and the four-convolution CNN, whose card is given."""

    def __init__(self, card):
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        import cv2

        from emotion.recognizer import EmotionRecognizer

        self._cv2, self._recognizer = cv2, EmotionRecognizer(card)
        self._haar = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

    def classify(self, image):
        return int(self._recognizer.probabilities(image[None])[0].argmax())

    def look(self, frame):
        grey = self._cv2.cvtColor(frame, self._cv2.COLOR_RGB2GRAY)
        boxes = self._haar.detectMultiScale(grey, 1.1, 5)
        for x, y, w, h in boxes:
            self.classify(self._cv2.resize(grey[y : y + h, x : x + w], (48, 48)))
        return len(boxes)


class Fer:
    """The PyPI package fer with its shipped weights and its default detector."""

    def __init__(self):
        from fer.fer import FER

        self._fer = FER()

    def classify(self, image):
        """Through its own public call, told where the face is: the whole picture."""
        found = self._fer.detect_emotions(np.repeat(image[..., None], 3, axis=2), face_rectangles=[(0, 0, 48, 48)])
        scores = found[0]["emotions"]
        return max(range(7), key=lambda i: scores[EMOTIONS[i]])

    def look(self, frame):
        return len(self._fer.detect_emotions(np.ascontiguousarray(frame[..., ::-1])))


SYSTEMS = {"kslr": Ours, "haar_s4": HaarStudent, "fer": Fer}


def peak_megabytes():
    """The most this process ever held; `ru_maxrss` would tell that of whoever started it, where that is more."""
    try:
        with open("/proc/self/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    system, path, model = sys.argv[1:]
    with np.load(path, allow_pickle=False) as data:
        images, labels, frames = data["images"], data["labels"], data["frames"]
    start = perf_counter()
    made = SYSTEMS[system](model) if system == "haar_s4" else SYSTEMS[system]()
    made.classify(images[0])
    ready = perf_counter() - start
    answers, times = [], []
    for image in images:
        start = perf_counter()
        answers.append(made.classify(image))
        times.append(perf_counter() - start)
    made.look(frames[0])
    faces, looks = [], []
    for frame in frames:
        start = perf_counter()
        faces.append(made.look(frame))
        looks.append(perf_counter() - start)
    result = {
        "accuracy": float(np.mean(np.array(answers) == labels)),
        "milliseconds_face": float(np.median(times) * 1000),
        "milliseconds_frame": float(np.median(looks) * 1000),
        "faces_a_frame": float(np.mean(faces)),
        "seconds_to_first_answer": ready,
        "megabytes": peak_megabytes(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

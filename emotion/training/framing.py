"""Where FER2013's square lies around a face mesh: the fit behind the constants of `emotion.faces`.

``python -m emotion.training.framing DATA`` runs the face mesh over FER2013's PublicTest and prints them.
"""

import sys
from collections.abc import Iterable

import numpy as np

from emotion.faces import LEFT_EDGE, RIGHT_EDGE, SIZE
from kslr.core.native import load_mediapipe

# Faces are enlarged and given room at the edges, so that the mesh's own detector finds them.
ENLARGE, MARGIN = 4, 64


def find_meshes(images: Iterable[np.ndarray]) -> np.ndarray:
    """(48, 48) uint8 faces → (n, 468, 3) landmarks in their pixels; NaN where no mesh is found."""
    import cv2

    found = []
    with load_mediapipe().solutions.face_mesh.FaceMesh(static_image_mode=True, min_detection_confidence=0.3) as mesh:
        for image in images:
            large = cv2.resize(image, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)
            padded = cv2.copyMakeBorder(large, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE)
            faces = mesh.process(cv2.cvtColor(padded, cv2.COLOR_GRAY2RGB)).multi_face_landmarks
            if faces:
                points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark]) * len(padded)
                found.append((points - (MARGIN, MARGIN, 0)) / ENLARGE)
            else:
                found.append(np.full((468, 3), np.nan))
    return np.array(found)


def fit_framing(points: np.ndarray) -> dict[str, float]:
    """Fits medians over the faces that look into the camera (yaw below 15°).

    Args:
        points: (n, 468, 3) of `find_meshes`.

    Returns:
        ``side`` and ``raise`` in units of the landmarks' spread, as `emotion.faces` uses them, ``sideways`` the same
        for x (which should be near 0), ``scatter`` the deviation of the side's logarithm, and ``found``, a share.
    """
    seen = points[np.isfinite(points[:, 0, 0])]
    width = seen[:, LEFT_EDGE] - seen[:, RIGHT_EDGE]
    seen = seen[np.abs(np.degrees(np.arctan2(width[:, 2], width[:, 0]))) < 15]
    mean = seen.mean(axis=1)
    spread = np.sqrt(np.square(seen - mean[:, None]).sum(axis=2).mean(axis=1))
    side = SIZE / spread
    sideways, down = np.median((mean[:, :2] - SIZE / 2) / spread[:, None], axis=0)
    return {
        "side": float(np.median(side)),
        "raise": float(down),
        "sideways": float(sideways),
        "scatter": float(np.log(side).std()),
        "found": float(np.isfinite(points[:, 0, 0]).mean()),
    }


def main() -> None:
    from emotion.training.datasets import load_faces

    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m emotion.training.framing DATA")
    for name, value in fit_framing(find_meshes(load_faces(sys.argv[1])["public"].images)).items():
        print(f"{name} {value:.3f}")


if __name__ == "__main__":
    main()

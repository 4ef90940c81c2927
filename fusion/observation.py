"""What one frame gave, and what was in view so far."""

from dataclasses import dataclass, replace

from emotion.faces import FaceCrop
from emotion.recognizer import EmotionPrediction
from fusion.tagged import TaggedWord
from kslr.landmarks import Landmarks
from kslr.recognizer import SignPrediction


@dataclass(frozen=True)
class Observation:
    """What one frame gave.

    Attributes:
        seconds: the frame's time.
        landmarks: of the one pass.
        crop: the face, or None when it is not seen.
        emotion: of this frame alone, or None when the face is not seen.
        words: those that became final with this frame.
        provisional: what the sign under way, or the one whose word is not final yet, looks like so far; it may change until
            then. None between signs.
        signing: whether a sign is under way.
        hint: what the signer should know: ``nobody``, ``several_people``, ``no_face``, ``no_hands`` or None.
    """

    seconds: float
    landmarks: Landmarks
    crop: FaceCrop | None
    emotion: EmotionPrediction | None
    words: tuple[TaggedWord, ...]
    signing: bool
    hint: str | None
    provisional: SignPrediction | None = None


@dataclass(frozen=True)
class Seen:
    """What was in view so far, in frames, and whether the source broke off."""

    frames: int = 0
    with_person: int = 0
    with_several: int = 0
    with_face: int = 0
    seconds: float = 0.0
    truncated: bool = False

    @property
    def nobody(self) -> bool:
        """Whether no frame showed anybody."""
        return self.with_person == 0

    @property
    def several(self) -> bool:
        """Whether more than one person was in view for a part that matters."""
        return self.with_several > 0.1 * self.frames

    def plus(self, landmarks: Landmarks, several: bool) -> "Seen":
        """With one frame more.

        Args:
            landmarks: of the frame.
            several: whether more than one person is in view.
        """
        return replace(
            self,
            frames=self.frames + 1,
            with_person=self.with_person + (landmarks.pose is not None),
            with_several=self.with_several + several,
            with_face=self.with_face + (landmarks.face is not None),
            seconds=landmarks.seconds,
        )


def choose_hint(landmarks: Landmarks, several: bool, signing: bool) -> str | None:
    """What the signer should know; see `Observation.hint`."""
    if landmarks.pose is None:
        return "nobody"
    if several:
        return "several_people"
    if landmarks.face is None:
        return "no_face"
    return "no_hands" if signing and not landmarks.hands else None

"""How landmarks and emotions look, on a video frame and on screen alike: lines, colours, icons and names.

Every emotion has a word, an icon and a colour, so that colour alone never carries the meaning. The colours keep
4.5 : 1 contrast against black text (they are drawn as a background) and stay apart for red-green colour blindness.
"""

# part → (red, green, blue)
PART_COLOURS = {"pose": (255, 255, 255), "face": (120, 200, 255), "left_hand": (255, 176, 0), "right_hand": (0, 230, 118)}

# Pairs of points that a line joins. The pose is drawn from the hips up: what signing needs.
POSE_LINES = ((11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24))
PALM_LINES = ((0, 1), (0, 5), (5, 9), (9, 13), (13, 17), (0, 17))
FINGER_LINES = tuple((4 * finger + joint, 4 * finger + joint + 1) for finger in range(5) for joint in (1, 2, 3))
HAND_LINES = (*PALM_LINES, *FINGER_LINES)

# Runs of points of the 468-point mesh: lips outside and inside, eyes, brows, and the outline of the face.
FACE_RUNS = (
    (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 61),
    (78, 81, 13, 311, 308, 402, 14, 178, 78),
    (33, 160, 158, 133, 153, 144, 33),
    (362, 385, 387, 263, 373, 380, 362),
    (70, 63, 105, 66, 107),
    (336, 296, 334, 293, 300),
    (10, 297, 284, 389, 454, 361, 397, 379, 400, 152, 176, 150, 172, 132, 234, 162, 54, 67, 10),
)

EMOTION_COLOURS = {
    "angry": (255, 122, 107),
    "disgust": (156, 196, 84),
    "fear": (190, 154, 255),
    "happy": (255, 205, 64),
    "sad": (110, 178, 255),
    "surprise": (255, 158, 220),
    "neutral": (190, 198, 208),
}

EMOTION_NAMES = {
    "angry": {"kk": "ашу", "ru": "злость", "en": "angry"},
    "disgust": {"kk": "жиіркену", "ru": "отвращение", "en": "disgust"},
    "fear": {"kk": "қорқыныш", "ru": "страх", "en": "fear"},
    "happy": {"kk": "қуаныш", "ru": "радость", "en": "happy"},
    "sad": {"kk": "мұң", "ru": "грусть", "en": "sad"},
    "surprise": {"kk": "таңдану", "ru": "удивление", "en": "surprise"},
    "neutral": {"kk": "бейтарап", "ru": "нейтрально", "en": "neutral"},
}

# Brows and mouth as runs of x,y in a face of radius 1 about 0,0, y downwards, apart from each other by a bar.
_ICONS = {
    "angry": "-.6,-.55 -.15,-.3|.6,-.55 .15,-.3|-.4,.55 0,.38 .4,.55",
    "disgust": "-.6,-.4 -.2,-.35|.6,-.55 .2,-.35|-.45,.5 -.2,.35 .1,.5 .45,.3",
    "fear": "-.6,-.4 -.2,-.6|.6,-.4 .2,-.6|-.4,.5 -.2,.4 0,.5 .2,.4 .4,.5",
    "happy": "-.5,.2 -.3,.45 0,.55 .3,.45 .5,.2",
    "sad": "-.6,-.35 -.2,-.5|.6,-.35 .2,-.5|-.4,.6 -.2,.42 0,.36 .2,.42 .4,.6",
    "surprise": "-.6,-.55 -.35,-.65 -.15,-.55|.6,-.55 .35,-.65 .15,-.55"
    "|0,.25 .18,.32 .22,.47 .18,.62 0,.69 -.18,.62 -.22,.47 -.18,.32 0,.25",
    "neutral": "-.4,.42 .4,.42",
}
EYES = ((-0.35, -0.15), (0.35, -0.15))


def icon_runs(emotion: str) -> list[list[tuple[float, float]]]:
    """The lines of an emotion's icon, brows and mouth, in a face of radius 1 about (0, 0), y downwards.

    >>> icon_runs("neutral")
    [[(-0.4, 0.42), (0.4, 0.42)]]
    """
    runs = (run.split() for run in _ICONS[emotion].split("|"))
    return [[(float(x), float(y)) for x, y in (point.split(",") for point in run)] for run in runs]


def icon_svg(emotion: str) -> str:
    """The emotion's icon as an SVG element in the colour of the text around it. It has no name of its own for
    screen readers, since the word always stands beside it.

    >>> icon_svg("happy").startswith("<svg")
    True
    """
    runs = "".join(f'<polyline points="{run}"/>' for run in _ICONS[emotion].split("|"))
    eyes = "".join(f'<circle cx="{x}" cy="{y}" r="0.09" fill="currentColor" stroke="none"/>' for x, y in EYES)
    return (
        '<svg class="icon" viewBox="-1.1 -1.1 2.2 2.2" aria-hidden="true" fill="none" stroke="currentColor" '
        f'stroke-width="0.14" stroke-linecap="round" stroke-linejoin="round"><circle r="0.95"/>{eyes}{runs}</svg>'
    )

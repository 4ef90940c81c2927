"""The datasheet of a data set: for whom it was made, of whom, how, under what, and how much there is; in Markdown.

Its questions are those of "Datasheets for Datasets" (Gebru et al., 2021), as far as the folder itself can answer them; what
only people know stands in the project's own text.
"""

from collections import Counter
from collections.abc import Sequence

from fusion.dataset.project import LICENCES, Project
from fusion.dataset.rows import Row
from fusion.dataset.signers import TIERS, People

SHEET = "DATASHEET.md"
KEPT = {
    "landmarks": "points of body, hands and face",
    "faces": "the points, and the face as 48×48 grey pictures",
    "video": "the points, the face's pictures, and the video without sound",
}


def datasheet(project: Project, people: People, rows: Sequence[Row]) -> str:
    """The datasheet's text.

    >>> from fusion.dataset.project import choose_words, new_project
    >>> project = new_project("Pilot", choose_words("twenty"), ["happy"], 1, "private", "2026-01-31")
    >>> datasheet(project, People(), ()).splitlines()[0]
    '# Pilot'
    """
    link = LICENCES[project.licence]
    licence = f"[{project.licence}]({link})" if link else "None: it is not to be given to others."
    days = sorted({row.recorded for row in rows if row.recorded})
    when = "nothing yet" if not days else days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    seconds = sum(row.end - row.start for row in rows)
    means = {name: sum(getattr(row, name) for row in rows) / len(rows) if rows else 0.0 for name in ("hands", "face")}
    by_signer, by_word = Counter(row.signer for row in rows), Counter((row.sign, row.emotion) for row in rows)
    lines = [
        f"# {project.name}",
        "",
        f"Signs of {len(project.words)} words with {len(project.emotions)} affects: isolated takes of one sign each, with the "
        "affect that the signer was asked to show. The affect is acted, not felt.",
        "",
        _plain(project.about) or "Nobody has written down yet who recorded it, where and how (`about` in project.json).",
        "",
        "## Figures",
        "",
        "| | |",
        "|---|---|",
        f"| takes | {len(rows)} of {project.takes_of_signer * len(people.signers)} planned |",
        f"| signers | {len(people.signers)} |",
        f"| signing | {seconds / 60:.1f} minutes |",
        f"| frames of the signs with a hand; with the face | {means['hands']:.0%}; {means['face']:.0%} |",
        f"| recorded | {when} |",
        f"| plan for each signer | {len(project.words)} words × {len(project.emotions)} affects × {project.repetitions} |",
        "",
        "## Who, and with what consent",
        "",
        "Signers are called by pseudonyms; nobody's name is in the data set. Each has read what is kept and has agreed to it "
        "before the first take (the text stands in signers.json), and can withdraw at any time: `kslr dataset withdraw` deletes "
        "everything of a signer. "
        + (f"{len(people.withdrawn)} signers have withdrawn." if people.withdrawn else "Nobody has withdrawn."),
        "",
        "| signer | agreed to keep | on | takes |",
        "|---|---|---|---|",
        *(
            f"| {one.pseudonym} | {KEPT[one.tier]} | {_plain(one.agreed)} | {by_signer[one.pseudonym]} |"
            for one in people.signers
        ),
        "",
        "From points of the face a person may be recognised by somebody who has a picture of them. "
        f"Agreed: {', '.join(f'{tier} {sum(one.tier == tier for one in people.signers)}' for tier in TIERS)}.",
        "",
        "## How",
        "",
        "A webcam, in KSLR's Studio: the word and the affect stand on the screen, a take begins when the hands rise and ends "
        "when they are down. Points are those of MediaPipe Holistic. A take is kept when one whole sign is seen, near and sharp "
        "enough, with hands and face in view; whether a network recognises word or affect is not asked.",
        "",
        "## Words",
        "",
        f"| word | kk | ru | en | {' | '.join(project.emotions)} |",
        f"|---|---|---|---|{'---|' * len(project.emotions)}",
        *(
            f"| {word.id} | {_plain(word.kk)} | {_plain(word.ru)} | {_plain(word.en)} | "
            + " | ".join(str(by_word[word.id, emotion]) for emotion in project.emotions)
            + " |"
            for word in project.words
        ),
        "",
        "## Licence",
        "",
        licence,
        "",
        "## Use",
        "",
        "`kslr dataset check`, `kslr dataset split` (no signer on both sides), `kslr build`, `kslr evaluate joint manifest.csv`, "
        "`kslr evaluate video manifest.csv`, `kslr train signs manifest.csv`. What is measured on one group of signers does not "
        "hold for others; emotion recognition in workplaces and schools is forbidden in the EU (Regulation "
        "(EU) 2024/1689, Article 5).",
        "",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """People's text as Markdown that shows it as it is."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in text)

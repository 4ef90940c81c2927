"""`kslr classroom`: how a class reacts, from a camera or a recording, as figures of the group."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_writable, parse_json, write_file
from ui.cli.console import notes, progress_bar

if TYPE_CHECKING:
    from fusion.classroom.history import History
    from fusion.classroom.windows import Window


class Place(str, Enum):
    """Where and why a class may be looked at; the law is in docs/classroom.md."""

    outside_eu = "outside-eu"
    medical_or_safety = "medical-or-safety"


class ReportLanguage(str, Enum):
    """The languages of reports."""

    kk = "kk"
    ru = "ru"
    en = "en"


def classroom(
    source: Annotated[str | None, typer.Argument(help="A camera's number or a video file.", show_default=False)] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="Confirm that everybody in view, or who answers for them, has consented.")
    ] = False,
    place: Annotated[
        Place | None,
        typer.Option(
            help="Confirm where and why: not a school or workplace in the EU, or for medical or safety reasons.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here, as one HTML file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the figures here, ten seconds a row.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="KSLR_DATABASE", help="SQLAlchemy URL of the history; a file of yours if not given.", show_default=False
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the session. Name no person.")] = "",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="What counts as attending: camera, desk, direction:YAW,PITCH or region:X,Y,WIDTH,HEIGHT. Repeat for several.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="JSON with weights and targets.", show_default=False)] = None,
    k: Annotated[int, typer.Option("--k", help="Smallest number of faces that a figure is of; five or more.")] = 5,
    rate: Annotated[float, typer.Option(help="Looks a second at most.")] = 5.0,
    tile: Annotated[int, typer.Option(help="Pixels of the detector's tiles; smaller ones find smaller faces.", min=160)] = 400,
    retention: Annotated[int, typer.Option(help="Days after which sessions are deleted; 0 keeps them.")] = 90,
    language: Annotated[ReportLanguage, typer.Option(help="Language of the report.")] = ReportLanguage.en,
    sessions: Annotated[bool, typer.Option("--sessions", help="List the past sessions instead.")] = False,
    show: Annotated[
        str | None, typer.Option(help="Write --report and --csv of a past session instead.", show_default=False)
    ] = None,
    delete: Annotated[str | None, typer.Option(help="Delete a past session instead.", show_default=False)] = None,
    emotion: Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
) -> None:
    """See how a class reacts: figures of the group only, never of a person. Ctrl+C ends a camera."""
    from fusion.classroom.history import History
    from fusion.classroom.loop import Settings

    for path in (report, csv):
        if path is not None:
            check_writable(path)
    if sessions or show or delete:
        with History(database, retention) as history:
            if delete:
                history.session(delete)
                history.delete(delete)
                notes.print("Deleted.")
            elif show:
                write(history, show, report, csv, language.value)
            else:
                for past in history.sessions():
                    typer.echo(f"{past.id}  {past.started}  {past.seconds / 60:5.1f} min  {past.status}  {past.name}")
        return
    if source is None:
        raise InputError("Say what to look at: a camera's number or a video file.")
    # Off until both are confirmed: nothing is opened before this line.
    if not consent or place is None:
        raise InputError(
            "Emotions of people may be looked at only with consent, and in the EU not in schools or workplaces save for medical "
            "or safety reasons (AI Act, article 5(1)(f)). Confirm with --consent and --place outside-eu or "
            "--place medical-or-safety; docs/classroom.md has the law."
        )
    settings = Settings(k=k, rate=rate, tile=tile, **configured(config, target))
    from kslr.video import Camera, VideoFile

    live = source.isdigit() and not Path(source).exists()
    opened: Any = Camera(int(source), max_side=1280, capture_factory=wide_camera) if live else VideoFile(source, max_side=1280)
    with History(database, retention) as history:
        session = run(
            opened, settings, history, name or (f"Camera {source}" if live else "Recording"), place.value, emotion, live
        )
        write(history, session, report, csv, language.value)


def wide_camera(index: int) -> Any:
    """A camera that is asked for 1280×720, since faces at the back are small; most give less unasked."""
    import cv2

    cv2.setLogLevel(0)  # that there is none is told by `Camera`
    capture = cv2.VideoCapture(index)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
    return capture


def configured(config: Path | None, target: list[str] | None) -> dict[str, Any]:
    """Targets and weights of the configuration file and of the command line, which goes before it.

    Raises:
        InputError: the file is not there or not as it should be.
    """
    from fusion.classroom.engagement import weights_from
    from fusion.classroom.targets import target as parsed

    given: dict[str, Any] = {}
    if config is not None:
        try:
            given = parse_json(config.read_bytes())
        except OSError as error:
            raise InputError(f"{config} cannot be read. Check the path.") from error
        except ValueError as error:
            raise InputError(f"{config} is not JSON.") from error
        right = (
            isinstance(given, dict) and isinstance(given.get("weights", {}), dict) and isinstance(given.get("targets", []), list)
        )
        if not right or set(given) - {"weights", "targets"}:
            raise InputError(f'{config} holds "weights" (names and numbers) and "targets" (a list of texts), nothing else.')
    out: dict[str, Any] = {"weights": weights_from(given.get("weights", {}))}
    if targets := target or [str(text) for text in given.get("targets", [])]:
        out["targets"] = tuple(parsed(text) for text in targets)
    return out


def run(source: Any, settings: Any, history: "History", name: str, place: str, emotion: str, live: bool) -> str:
    """Looks at a source to its end (or until Ctrl+C) and keeps its windows; gives the session's id."""
    from emotion.recognizer import EmotionRecognizer
    from fusion.classroom.loop import Classroom, watch

    recognizer = EmotionRecognizer(emotion)
    with source as frames, Classroom(settings, recognizer) as room, progress_bar("Looking at the class") as progress:
        session = history.begin(name, k=settings.k, place=place)
        notes.print(f"Session {session} has begun." + (" Ctrl+C ends it." if live else ""))

        def told(seconds: float) -> None:
            progress(None if live or not frames.duration else min(1.0, seconds / frames.duration))

        try:
            for window in watch(frames, room, told):
                history.add(session, window)
                if live:
                    notes.print(line(window), markup=False)
        except KeyboardInterrupt:
            if not live:
                raise
        history.finish(session)
    return session


def line(window: "Window") -> str:
    """A window as a line of text.

    >>> from fusion.classroom.windows import Window
    >>> line(Window(10.0, 20.0, 4.8))
    '0:10  4.8 looks/s  too few faces'
    """
    at = f"{int(window.start) // 60}:{int(window.start) % 60:02d}  {window.rate:g} looks/s"
    if not window.shown:
        return f"{at}  too few faces"
    figures = "  ".join(f"{n} {v:g}" for n in ("engagement", "facing", "valence") if (v := getattr(window, n)) is not None)
    return f"{at}  {window.least}–{window.most} faces  {figures}"


def write(history: "History", session: str, report: Path | None, csv: Path | None, language: str) -> None:
    """Writes what was asked for of a session; the figures to the screen when nothing was."""
    from fusion.classroom.report import as_csv, classroom_page

    about, windows, moments = history.session(session), history.windows(session), history.moments(session)
    if report is not None:
        write_file(report, classroom_page(about, windows, moments, language).encode())
    if csv is not None:
        write_file(csv, as_csv(windows, moments).encode())
    if report is None and csv is None:
        typer.echo(as_csv(windows, moments), nl=False)
    if not any(window.shown for window in windows):
        notes.print("There were too few faces all the time, so there is nothing to show.")

"""`kslr classroom`: how a class reacts, from a camera or a recording, as figures of the group."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fusion.classroom.consent import Place, check_consent
from kslr.core.errors import InputError
from kslr.core.files import check_outputs, csv_bytes, write_file
from ui.cli.console import EmotionModel, Language, command_origin, model_files, notes, progress_bar

if TYPE_CHECKING:
    from fusion.classroom.history import History
    from fusion.classroom.settings import Settings
    from fusion.classroom.windows import Window


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
    language: Annotated[Language, typer.Option(help="Language of the report.")] = Language.en,
    sessions: Annotated[bool, typer.Option("--sessions", help="List the past sessions instead.")] = False,
    show: Annotated[
        str | None, typer.Option(help="Write --report and --csv of a past session instead.", show_default=False)
    ] = None,
    delete: Annotated[str | None, typer.Option(help="Delete a past session instead.", show_default=False)] = None,
    emotion: EmotionModel = "emotion",
) -> None:
    """See how a class reacts: figures of the group only, never of a person. Ctrl+C ends a camera."""
    from fusion.classroom.database import database_files
    from fusion.classroom.history import History
    from fusion.classroom.settings import read_settings

    check_outputs([report, csv], [source, config, *model_files(emotion), *database_files(database)])
    if sessions or show or delete:
        with History(database, retention) as history:
            if delete:
                history.session(delete)
                history.delete(delete)
                notes.print("Deleted.")
            elif show:
                write_session(history, show, report, csv, language.value)
            else:
                for past in history.sessions():
                    typer.echo(f"{past.id}  {past.started}  {past.seconds / 60:5.1f} min  {past.status}  {past.name}")
        return
    if source is None:
        raise InputError("Say what to look at: a camera's number or a video file.")
    confirmed = check_consent(consent, place.value if place else None)
    settings = read_settings(config, target or (), k=k, rate=rate, tile=tile)
    from kslr.video import Camera, VideoFile

    live = source.isdigit() and not Path(source).exists()
    opened: Any = Camera(int(source), max_side=1280, capture_factory=wide_camera) if live else VideoFile(source, max_side=1280)
    with History(database, retention) as history:
        session = run_lesson(
            opened, settings, history, name or (f"Camera {source}" if live else "Recording"), confirmed, emotion, live
        )
        write_session(history, session, report, csv, language.value)


def wide_camera(index: int) -> Any:
    """A camera that is asked for 1280×720, since faces at the back are small; most give less unasked."""
    import cv2

    cv2.setLogLevel(0)  # `Camera` itself says when there is none
    capture = cv2.VideoCapture(index)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
    return capture


def run_lesson(source: Any, settings: "Settings", history: "History", name: str, place: str, emotion: str, live: bool) -> str:
    """Looks at a source to its end (or until Ctrl+C) and keeps its windows; gives the session's id."""
    from emotion.recognizer import EmotionRecognizer
    from fusion.classroom.loop import ClassroomSession, pace_frames

    with (
        source as frames,
        ClassroomSession(settings, EmotionRecognizer(emotion), history, name, place) as lesson,
        progress_bar("Looking at the class") as progress,
    ):
        notes.print(f"Session {lesson.key} has begun." + (" Ctrl+C ends it." if live else ""))

        def show_window(window: "Window | None") -> None:
            if live and window:
                notes.print(window_line(window), markup=False)

        try:
            for frame in pace_frames(frames, settings.rate):
                show_window(lesson.look(frame))
                progress(None if live or not frames.duration else min(1.0, frame.seconds / frames.duration))
            show_window(lesson.finish())
        except KeyboardInterrupt:
            if not live:
                raise
            history.finish(lesson.key)
    return lesson.key


def window_line(window: "Window") -> str:
    """A window as a line of text.

    >>> from fusion.classroom.windows import Window
    >>> window_line(Window(10.0, 20.0, 4.8))
    '0:10  4.8 looks/s  too few faces'
    """
    at = f"{int(window.start) // 60}:{int(window.start) % 60:02d}  {window.rate:g} looks/s"
    if not window.shown:
        return f"{at}  too few faces"
    figures = "  ".join(f"{n} {v:g}" for n in ("engagement", "facing", "valence") if (v := getattr(window, n)) is not None)
    return f"{at}  {window.least}–{window.most} faces  {figures}"


def write_session(history: "History", key: str, report: Path | None, csv: Path | None, language: str) -> None:
    """Writes what was asked for of a session; the figures to the screen when nothing was."""
    from fusion.classroom.report import render_classroom_report, windows_csv

    session, windows, moments = history.read_session(key)
    if report is not None:
        made = command_origin(session.name)["made"] | history.origin(key)
        write_file(report, render_classroom_report(session, windows, moments, language, made).encode())
    if csv is not None:
        write_file(csv, csv_bytes(windows_csv(windows, moments)))
    if report is None and csv is None:
        typer.echo(windows_csv(windows, moments), nl=False)
    if not any(window.shown for window in windows):
        notes.print("There were too few faces all the time, so there is nothing to show.")

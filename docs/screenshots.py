"""Makes the pictures in docs/pictures: the app at work on a drawn person, so that nobody is shown and all results are real.

    python docs/screenshots.py [--only live practice] [--out docs/pictures]

A vocabulary of three movements is taught from drawn takes on the way. Needs Chromium and the Playwright package.
"""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

FPS, CAMERA_FPS = 15, 30  # Chromium plays a file of JPEGs at 30 pictures a second
LARGEST = 250_000  # bytes of a picture
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}


def write_camera(path: Path, pictures: Iterable[np.ndarray], times: int = 1) -> Path:
    """What the browser's camera plays: JPEGs one after another, each so many times."""
    with path.open("wb") as file:
        for picture in pictures:
            coded = io.BytesIO()
            Image.fromarray(picture).save(coded, "JPEG", quality=92)
            file.write(coded.getvalue() * times)
    return path


def write_video(path: Path, pictures: Iterable[np.ndarray]) -> Path:
    """Pictures as an MP4."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return path


def teach_movements(path: Path, folder: Path, takes: int = 3) -> None:
    """A vocabulary of the drawn movements, each taught from a few takes that differ a little; clips lie in the folder."""
    from drawn_person import MOVEMENTS, clip

    from kslr.encoder import SignEncoder
    from kslr.recordings import record
    from kslr.teaching.takes import judge
    from kslr.teaching.vocabularies import save_vocabulary
    from kslr.teaching.words import new_vocabulary, teach
    from kslr.vocabulary import Sign

    encoder, generator = SignEncoder(), np.random.default_rng(0)
    taught = new_vocabulary(path.stem, encoder)
    for word, (kk, ru, en) in MOVEMENTS.items():
        signs = []
        for n in range(takes):
            off, pace = tuple(generator.normal(0, 5, 2).tolist()), float(generator.uniform(0.9, 1.1))
            signs.append(judge(record(write_video(folder / f"{word}-{n}.mp4", clip(word, FPS, off=off, pace=pace)))).sign)
        windows = np.stack([sign.window(encoder.frames) for sign in signs])
        lengths = [sign.end - sign.start for sign in signs]
        taught = teach(taught, Sign(word, kk, word, en, ru), windows, encoder, seconds=lengths, face=True)
    save_vocabulary(path, taught)


def save_screenshot(tab: Any, path: Path, whole: bool = False) -> None:
    """The page as a small PNG."""
    image = Image.open(io.BytesIO(tab.screenshot(full_page=whole))).convert("RGB")
    for colours in (256, 128, 64, 32):
        buffer = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() < LARGEST:
            break
    path.write_bytes(buffer.getvalue())
    print(f"{path.name}: {image.width}×{image.height}, {buffer.tell() // 1000} kB", flush=True)


def choose_vocabulary(tab: Any, page: str, name: str) -> None:
    """Chooses the vocabulary as soon as the page has it."""
    tab.wait_for_selector(f"select[data-vocabulary={page}] option[value='{name}']", state="attached")
    tab.select_option(f"select[data-vocabulary={page}]", name)
    tab.wait_for_timeout(300)


def stage_live(tab: Any, name: str, _: Path) -> None:
    """A word is read from the camera."""
    choose_vocabulary(tab, "live", name)
    tab.click("#live-start")
    tab.wait_for_selector("#live-now .big")
    tab.wait_for_function("document.querySelector('#live-status').dataset.word === 'live.signing'")
    tab.wait_for_timeout(600)


def stage_counter(tab: Any, name: str, folder: Path) -> None:
    """A word is read, and a clerk has answered."""
    stage_live(tab, name, folder)
    tab.click("#live-mode")
    tab.select_option("#counter-venue", "bank")
    tab.locator("#counter-phrases button").first.click()
    tab.wait_for_timeout(600)
    tab.evaluate("scrollTo(0, 0)")


def stage_phone(tab: Any, name: str, folder: Path) -> None:
    """The same on a phone, with the points alone."""
    tab.check("#live-private")
    stage_live(tab, name, folder)
    tab.evaluate("scrollTo(0, 0)")


def stage_video(tab: Any, name: str, folder: Path) -> None:
    """A clip of two movements is read: its words on a timeline."""
    choose_vocabulary(tab, "video", name)
    tab.set_input_files("#page-video input[type=file]", str(folder / "two.mp4"))
    tab.wait_for_selector("#page-video .result")
    tab.locator("#video-result [data-seek]").first.click()
    tab.wait_for_timeout(900)
    tab.evaluate("document.querySelector('#video-result video').pause()")
    tab.evaluate("document.querySelector('#page-video .result').scrollIntoView()")


def stage_teach(tab: Any, name: str, folder: Path) -> None:
    """Two more takes are looked at, beside what the vocabulary knows."""
    tab.wait_for_selector("#teach-vocabulary option:nth-child(2)", state="attached")
    tab.select_option("#teach-vocabulary", name)
    tab.wait_for_selector("#teach-words table")
    tab.locator("#teach-words [data-add]").first.click()
    tab.set_input_files("#teach-clips", [str(folder / "wave1.mp4"), str(folder / "wave2.mp4")])
    tab.wait_for_function("document.querySelectorAll('#teach-takes .fine, #teach-takes .poor').length === 2")
    tab.wait_for_timeout(1200)
    tab.evaluate("document.querySelector('#teach-vocabulary').scrollIntoView({block: 'center'})")


def stage_practice(tab: Any, _: str, folder: Path) -> None:
    """A learner's hand is higher than the example's."""
    tab.wait_for_selector("#practice-word option", state="attached")
    tab.select_option("#practice-word", "circle")
    tab.set_input_files("#practice-file", str(folder / "higher.mp4"))
    tab.wait_for_selector("#practice-result .practised")
    tab.wait_for_timeout(800)
    tab.evaluate("document.querySelector('#practice-result').scrollIntoView()")


def stage_about(tab: Any, _: str, __: Path) -> None:
    """What the networks are and what they were trained on."""
    tab.wait_for_selector("#page-about section")


def stage_classroom(tab: Any, _: str, __: Path) -> None:
    """A drawn class begins to smile; the page keeps its counts and nothing else."""
    tab.fill("#class-name", "5 Б")
    tab.check("#class-consent")
    tab.check('[name="class-place"][value="outside-eu"]')
    tab.click("#class-start")
    tab.wait_for_selector("#class-charts svg")
    tab.wait_for_timeout(LESSON * 420)  # the camera begins anew when its file ends
    tab.fill("#class-moment", "Әңгіме басталды")
    tab.click("#class-note button")
    tab.wait_for_timeout(LESSON * 420)
    tab.evaluate("document.querySelector('#class-status').scrollIntoView()")


SCENES: dict[str, tuple[Callable[[Any, str, Path], None], str, str, str, dict[str, int]]] = {
    "live": (stage_live, "live", "kk", "light", DESKTOP),
    "counter": (stage_counter, "live", "ru", "light", DESKTOP),
    "phone": (stage_phone, "live", "ru", "dark", PHONE),
    "video": (stage_video, "video", "ru", "light", DESKTOP),
    "teach": (stage_teach, "teach", "kk", "light", DESKTOP),
    "practice": (stage_practice, "practice", "en", "dark", DESKTOP),
    "about": (stage_about, "about", "en", "light", DESKTOP),
    "classroom": (stage_classroom, "classroom", "kk", "light", DESKTOP),
}
LESSON = 100  # seconds


def main(
    out: Annotated[Path, typer.Option(help="Where the pictures go.")] = ROOT / "docs" / "pictures",
    only: Annotated[list[str], typer.Option(help="Only these.")] = [],  # noqa: B006
    vocabulary: Annotated[Path | None, typer.Option(help="Where the taught file is kept from run to run.")] = None,
    chromium: Annotated[str, typer.Option(help="The browser.")] = "/usr/bin/chromium",
) -> None:
    """Makes them all."""
    from drawn_person import clip, lesson
    from playwright.sync_api import sync_playwright

    from benchmarks.browser import open_browser, serving

    out.mkdir(parents=True, exist_ok=True)
    name = "Қимылдар"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["KSLR_HOME"] = str(folder / "home")
        there = folder / "home" / "vocabularies" / f"{name}.npz"
        there.parent.mkdir(parents=True)
        if vocabulary is not None and vocabulary.is_file():
            shutil.copy(vocabulary, there)
        else:
            teach_movements(there, folder)
            if vocabulary is not None:
                shutil.copy(there, vocabulary)
        played = write_camera(folder / "camera.mjpeg", clip("wave", CAMERA_FPS, smile=1.0))
        write_video(folder / "two.mp4", [*clip("circle", FPS), *clip("both_up", FPS, smile=1.0)])
        write_video(folder / "higher.mp4", clip("circle", FPS, off=(0, -95)))
        for n in (1, 2):
            write_video(folder / f"wave{n}.mp4", clip("wave", FPS, off=(4 * n, -3 * n)))
        with serving(folder) as url, sync_playwright() as driver:
            for scene, (stage, page, language, scheme, size) in SCENES.items():
                if only and scene not in only:
                    continue
                if scene == "classroom":
                    write_camera(played, lesson(LESSON, 2), CAMERA_FPS // 2)
                browser = open_browser(driver, chromium, played)
                context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=2 if size is PHONE else 1)
                context.set_default_timeout(180_000)
                tab = context.new_page()
                tab.goto(f"{url}?lang={language}#{page}")
                tab.wait_for_selector(f"#page-{page} :is([data-started], .about)", state="attached")
                tab.wait_for_timeout(500)
                stage(tab, name, folder)
                save_screenshot(tab, out / f"{scene}.png")
                browser.close()


if __name__ == "__main__":
    typer.run(main)

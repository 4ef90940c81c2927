"""Two people sign for half an hour: does the server keep memory, threads or files, and does either session get stuck?

    python benchmarks/soak.py CLIP [--minutes 30] [--sessions 2] [--browser/--no-browser] [--json FILE]

A server of its own is started in a process of its own. As many tabs of Chromium as there are sessions play the clip as
their camera, over and over, and press Start on the Live page (without the browser: WebSocket clients that send ten
pictures a second). Every ten seconds the server's resident memory, threads and open files are noted, with what /health
and /metrics say; every answer's time is noted where it arrives. At the end the tabs are closed and all trackers must be
freed. Growth is the median of the last minute less that of the first after the warm-up (five minutes, or a sixth of a
shorter run). Exits with 1 where a limit is broken.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.browser import LISTEN, camera_file, open_browser
from benchmarks.clients import pictures_of, sign_together
from benchmarks.server import RunningServer, run_server

EVERY = 10.0
WARM_MINUTES = 5.0
# What a run may not exceed.
MOST_GROWTH_MEGABYTES = 30.0
LONGEST_PAUSE_SECONDS = 30.0
FIGURES = ("megabytes", "threads", "files", "sessions", "trackers", "answered", "dropped", "words", "errors")


@dataclass
class Soak:
    """What was noted.

    Attributes:
        samples: figures by name, each with ``minutes`` since the beginning.
        pauses: the longest time without an answer of each session, in seconds.
        answers: of each session.
        freed: figures after the sessions were closed.
    """

    samples: list[dict[str, float]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    freed: dict[str, float] = field(default_factory=dict)

    def growth(self, name: str, minutes: float) -> dict[str, float]:
        """How much a figure grew after the warm-up of so many minutes, and the most it ever was there."""
        after = [one for one in self.samples if one["minutes"] >= minutes and name in one]
        if not after:
            return {}
        first = [one[name] for one in after if one["minutes"] < after[0]["minutes"] + 1]
        last = [one[name] for one in after if one["minutes"] > after[-1]["minutes"] - 1]
        levels = {"from": float(np.median(first)), "to": float(np.median(last)), "most": max(one[name] for one in after)}
        return {**levels, "growth": levels["to"] - levels["from"]}

    def problems(self, minutes: float) -> list[str]:
        """What is not as it should be."""
        found = [f"a session had no answer for {pause:.0f} s" for pause in self.pauses if pause > LONGEST_PAUSE_SECONDS]
        grown = self.growth("megabytes", minutes).get("growth", 0.0)
        if grown > MOST_GROWTH_MEGABYTES:
            found.append(f"memory grew by {grown:.0f} MB")
        found += [f"{self.freed[name]:g} {name} are left" for name in ("sessions", "trackers") if self.freed[name]]
        if self.freed["errors"]:
            found.append(f"{self.freed['errors']:g} sessions ended by a fault")
        return found


def sample(server: RunningServer) -> dict[str, float]:
    """The server's figures now."""
    metrics, health = server.metrics(), server.health()
    figures = {
        "trackers": metrics["kslr_trackers"],
        "answered": metrics["kslr_frames_answered_total"],
        "dropped": metrics["kslr_frames_dropped_total"],
        "words": metrics["kslr_words_total"],
        "errors": metrics["kslr_errors_total"],
    }
    return {**server.held(), "sessions": health["sessions"], **figures}


def sample_for(server: RunningServer, seconds: float, soak: Soak, alive: Callable[[], None], every: float = EVERY) -> None:
    """Samples the server for so long; `alive` is called between, and raises where the clients are not."""
    began = time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        soak.samples.append({"minutes": spent / 60, **sample(server)})
        alive()
        time.sleep(min(every, max(0.0, seconds - (time.monotonic() - began))))


def note_freed(server: RunningServer, soak: Soak, seconds: float = 60.0) -> None:
    """Notes what is left a while after the last session was closed."""
    server.wait_for("kslr_trackers", 0, seconds)
    soak.freed = sample(server)


def by_clients(server: RunningServer, clip: Path, sessions: int, seconds: float, every: float = EVERY) -> Soak:
    """WebSocket clients sign."""
    soak, pictures = Soak(), pictures_of(clip, 10.0)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(asyncio.run, sign_together(server.url, pictures, sessions, seconds))

        def alive() -> None:
            if running.done():
                running.result()

        sample_for(server, seconds, soak, alive, every)
        for heard in running.result():
            first = heard.arrivals[0] if heard.arrivals else 0.0
            soak.pauses.append(heard.longest_pause(first, first + seconds - 1) if heard.arrivals else seconds)
            soak.answers.append(len(heard.arrivals))
    note_freed(server, soak)
    return soak


def by_tabs(server: RunningServer, clip: Path, sessions: int, seconds: float, chromium: str, folder: Path) -> Soak:
    """Browser tabs sign."""
    from playwright.sync_api import sync_playwright

    soak, played = Soak(), camera_file(clip, folder / "camera.mjpeg")
    with sync_playwright() as driver:
        browser = open_browser(driver, chromium, played)
        try:
            tabs = []
            for _ in range(sessions):
                tab = browser.new_context().new_page()
                tab.set_default_timeout(240_000)
                tab.add_init_script(LISTEN)
                tab.goto(f"{server.url}?lang=en#live")
                tab.wait_for_selector("[data-started] #live-start")
                tab.click("#live-start")
                tabs.append(tab)
            for tab in tabs:
                tab.wait_for_function("heard.answers.length > 5")

            def alive() -> None:
                for tab in tabs:  # also lets the tab's events through
                    if tab.inner_text("#live-start") != "Stop":
                        raise SystemExit(f"A tab has stopped: {tab.inner_text('#live-status')}")

            sample_for(server, seconds, soak, alive)
            for tab in tabs:
                answers = np.array(tab.evaluate("heard.answers.map((one) => one[0])")) / 1000
                now = tab.evaluate("performance.now()") / 1000
                soak.pauses.append(float(np.diff([*answers, now]).max()))
                soak.answers.append(len(answers))
                tab.context.close()
            note_freed(server, soak)
        finally:
            browser.close()
    return soak


def report(soak: Soak, warm: float) -> dict[str, Any]:
    """Everything, for printing and keeping."""
    return {
        "cores": os.cpu_count(),
        "minutes": round(soak.samples[-1]["minutes"], 1),
        "warm_minutes": warm,
        "growth": {name: soak.growth(name, warm) for name in ("megabytes", "threads", "files")},
        "answers": soak.answers,
        "longest_pause_seconds": [round(pause, 2) for pause in soak.pauses],
        "after_closing": soak.freed,
        "problems": soak.problems(warm),
        "samples": soak.samples,
    }


def main(
    clip: Annotated[Path, typer.Argument(help="A video of one person signing.")],
    minutes: Annotated[float, typer.Option(help="How long.")] = 30.0,
    sessions: Annotated[int, typer.Option(help="Tabs, or clients.")] = 2,
    browser: Annotated[bool, typer.Option(help="Tabs of Chromium; otherwise WebSocket clients.")] = True,
    chromium: Annotated[str, typer.Option(help="The browser.")] = "/usr/bin/chromium",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Runs and prints what grew."""
    warm = min(WARM_MINUTES, minutes / 6)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(Path(folder), "--max-sessions", str(sessions), "--log", "json") as server,
    ):
        if browser:
            soak = by_tabs(server, clip, sessions, 60 * minutes, chromium, Path(folder))
        else:
            soak = by_clients(server, clip, sessions, 60 * minutes)
    found = report(soak, warm)
    who = "tabs" if browser else "clients"
    print(f"{sessions} {who} signing {clip.name} for {found['minutes']:.1f} minutes on {found['cores']} cores")
    for name, figures in found["growth"].items():
        if figures:
            print(
                f"{name:9s} {figures['from']:6.0f} after {warm:.1f} minutes, {figures['to']:6.0f} at the end "
                f"(grew by {figures['growth']:+.1f}, {figures['most']:.0f} at most)"
            )
    print("answers of each:", *soak.answers, "· longest pause of each:", *(f"{pause:.1f} s" for pause in soak.pauses))
    print("after closing:", ", ".join(f"{soak.freed[name]:.0f} {name}" for name in FIGURES if name in soak.freed))
    print("Problems:", "; ".join(found["problems"]) or "none")
    if json_file:
        json_file.write_text(json.dumps(found, indent=1) + "\n")
    if found["problems"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

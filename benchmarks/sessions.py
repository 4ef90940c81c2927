"""How many live sessions one server holds at 10 pictures a second before the wait for an answer doubles.

    python benchmarks/sessions.py CLIP [--tracking browser] [--rate 10] [--seconds 20] [--step 1] [--most 12] [--json FILE]

A server of its own is started. WebSocket clients in this process, which is not the server's, send the clip's pictures (640
pixels, JPEG 80, as the Live page) at that rate, each at most two unanswered, so that like the page they leave out what
the server is too slow for. With --tracking browser they send the clip's landmarks and emotions instead, found before.
One session, and then more by --step, until the median wait from frame to answer is twice that of one and the 95th percentile is
above 150 ms; the first seconds of each round, in which trackers are made and find the person, are not counted. The clients run
on the same machine; what they take of it is small (they decode nothing while they send). Where other work shares the machine
(the load before the first round is told), waits are not the server's own; its milliseconds of processor time a frame are.
"""

import asyncio
import json
import os
import sys
import tempfile
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.clients import packets_of, pictures_of, sign_together
from benchmarks.server import run_server

WARM_SECONDS = 4.0
CPU, ANSWERED = "process_cpu_seconds_total", "kslr_frames_answered_total"
DOUBLED, LATE_MS = 2.0, 150.0


class Tracking(str, Enum):
    """Where people are tracked."""

    server = "server"
    browser = "browser"


def measure_sessions(url: str, pictures: list[bytes], sessions: int, seconds: float, rate: float) -> dict[str, Any]:
    """Waits and rates of so many sessions at once."""
    heard = asyncio.run(sign_together(url, pictures, sessions, seconds + WARM_SECONDS, rate))
    # Counted from a while after the last one's first answer.
    start = max(one.arrivals[0] for one in heard) + WARM_SECONDS / 2
    counted = [one.since(start) for one in heard]
    if min(len(one.arrivals) for one in counted) < 2:
        raise SystemExit(f"{sessions} sessions: one had no two answers in {seconds:g} s. Give more --seconds.")
    waits = np.concatenate([one.waits for one in counted])
    rates = [(len(one.arrivals) - 1) / (one.arrivals[-1] - one.arrivals[0]) for one in counted]
    return {
        "sessions": sessions,
        "answer_ms": (np.percentile(waits, [50, 95]) * 1000).round(1).tolist(),
        "answers_a_second": {"mean": float(np.mean(rates)), "least": min(rates), "most": max(rates)},
        "each_median_ms": [round(float(np.median(one.waits)) * 1000, 1) for one in counted],
    }


def is_held(row: dict[str, Any]) -> bool:
    """Whether a round's people did not wait too long."""
    return row["times_one"] < DOUBLED or row["answer_ms"][1] <= LATE_MS


def cost_of_person(rows: list[dict[str, Any]], rate: float) -> dict[str, float]:
    """What a further person takes of the server, from rounds with one and with more.

    >>> one, more = {"sessions": 1, "megabytes": 100.0}, {"sessions": 11, "megabytes": 110.0, "server_milliseconds_a_frame": 2.0}
    >>> cost_of_person([one, more], rate=10.0)
    {'cores_a_person': 0.02, 'megabytes_a_person': 1.0}
    """
    first, last = rows[0], rows[-1]
    grown = (last["megabytes"] or 0.0) - (first["megabytes"] or 0.0)
    return {
        "cores_a_person": round(rate * last["server_milliseconds_a_frame"] / 1000, 4),
        "megabytes_a_person": round(grown / max(1, last["sessions"] - first["sessions"]), 2),
    }


def main(
    clip: Annotated[Path, typer.Argument(help="A video of one person signing.")],
    tracking: Annotated[Tracking, typer.Option(help="Where people are tracked.")] = Tracking.server,
    rate: Annotated[float, typer.Option(help="Frames a second of each session.")] = 10.0,
    seconds: Annotated[float, typer.Option(help="How long each round is counted.")] = 20.0,
    step: Annotated[int, typer.Option(help="Sessions that each round has more.")] = 1,
    most: Annotated[int, typer.Option(help="Sessions at which to stop in any case.")] = 12,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measures and prints a table."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    frames, rows = (packets_of if tracking is Tracking.browser else pictures_of)(clip, rate), []
    options = ("--max-sessions", str(most), "--max-browser-sessions", str(most), "--log", "none")
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder), *options) as server:
        print(f"{clip.name}, {len(frames)} frames, {rate:g} a second, tracked by the {tracking.value}, on {os.cpu_count()} cores")
        print("Load before: " + ("not known" if load is None else f"{load:.1f}"))
        print("sessions   wait p50, p95   times one   answers/s each (least–most)   server ms a frame   server MB")
        for sessions in (1, *range(max(2, step), most + 1, step)):
            server.wait_for("kslr_trackers", 0)
            before = server.metrics()
            row = measure_sessions(server.url, frames, sessions, seconds, rate)
            spent, answered = (server.metrics()[name] - before[name] for name in (CPU, ANSWERED))
            row["server_milliseconds_a_frame"] = 1000 * spent / answered
            row["times_one"] = row["answer_ms"][0] / (rows[0] if rows else row)["answer_ms"][0]
            row["megabytes"] = server.held().get("megabytes")
            rows.append(row)
            each = row["answers_a_second"]
            print(
                f"{sessions:8d}   {row['answer_ms'][0]:4.0f}, {row['answer_ms'][1]:4.0f} ms   {row['times_one']:9.2f}   "
                f"{each['mean']:5.1f} ({each['least']:.1f}–{each['most']:.1f}){'':15} "
                f"{row['server_milliseconds_a_frame']:17.1f}   {row['megabytes'] or 0:9.0f}",
                flush=True,
            )
            if not is_held(row):
                break
    held = [row for row in rows if is_held(row)]
    last, cost = held[-1], cost_of_person(rows, rate)
    reason = "at least, --most stopped it" if is_held(rows[-1]) else "more double the wait"
    print(f"Held at {rate:g} frames a second: {last['sessions']} ({reason}).")
    print(f"A further person: {cost['cores_a_person']:.2%} of a core, {cost['megabytes_a_person']:.1f} MB.")
    if json_file:
        figures = {
            "clip": clip.name,
            "tracking": tracking.value,
            "rate": rate,
            "cores": os.cpu_count(),
            "held": last["sessions"],
            "p95_milliseconds": last["answer_ms"][1],
            "server_milliseconds_a_frame": last["server_milliseconds_a_frame"],
            **cost,
            "load_before": load,
            "rounds": rows,
        }
        json_file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)

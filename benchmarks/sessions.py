"""How many live sessions one server holds at 10 pictures a second before the wait for an answer doubles.

    python benchmarks/sessions.py CLIP [--rate 10] [--seconds 20] [--most 12] [--json FILE]

A server of its own is started. WebSocket clients in this process, which is not the server's, send the clip's pictures (640
pixels, JPEG 80, as the Live page) at that rate, each at most two unanswered, so that like the page they leave out what
the server is too slow for. One session, two, three and so on, until the median wait from picture to answer is twice that of
one; the first seconds of each round, in which trackers are made and find the person, are not counted. The clients run on
the same machine; what they take of it is small (they decode nothing while they send).
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.clients import pictures_of, sign_together
from benchmarks.server import run_server

WARM_SECONDS = 4.0
DOUBLED = 2.0


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


def main(
    clip: Annotated[Path, typer.Argument(help="A video of one person signing.")],
    rate: Annotated[float, typer.Option(help="Pictures a second of each session.")] = 10.0,
    seconds: Annotated[float, typer.Option(help="How long each round is counted.")] = 20.0,
    most: Annotated[int, typer.Option(help="Sessions at which to stop in any case.")] = 12,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measures and prints a table."""
    pictures, rows = pictures_of(clip, rate), []
    options = ("--max-sessions", str(most), "--log", "none")
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder), *options) as server:
        print(f"{clip.name}, {len(pictures)} pictures, {rate:g} a second, on {os.cpu_count()} cores")
        print("sessions   wait p50, p95   times one   answers/s each (least–most)   server MB")
        for sessions in range(1, most + 1):
            server.wait_for("kslr_trackers", 0)
            row = measure_sessions(server.url, pictures, sessions, seconds, rate)
            row["times_one"] = row["answer_ms"][0] / (rows[0] if rows else row)["answer_ms"][0]
            row["megabytes"] = server.held().get("megabytes")
            rows.append(row)
            each = row["answers_a_second"]
            print(
                f"{sessions:8d}   {row['answer_ms'][0]:4.0f}, {row['answer_ms'][1]:4.0f} ms   {row['times_one']:9.2f}   "
                f"{each['mean']:5.1f} ({each['least']:.1f}–{each['most']:.1f}){'':15} {row['megabytes'] or 0:9.0f}",
                flush=True,
            )
            if row["times_one"] >= DOUBLED:
                break
    held = max(row["sessions"] for row in rows if row["times_one"] < DOUBLED)
    reason = "at least, --most stopped it" if rows[-1]["times_one"] < DOUBLED else "more double the wait"
    print(f"Held at {rate:g} pictures a second: {held} ({reason}).")
    if json_file:
        figures = {"clip": clip.name, "rate": rate, "cores": os.cpu_count(), "held": held, "rounds": rows}
        json_file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)

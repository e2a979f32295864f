"""
`make bench`: what Vigil costs, side by side with what a user would take instead, as ratios from one run.

Prints a table, writes `var/bench.json`, and, with `--page`, the same table as
docs/ref/bench.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

FFMPEG = "ffmpeg -c copy -f segment"
MOTION = "motion, pass-through, sub-stream"
TARGETS = {
    "vigil, encoded file, record only": (FFMPEG, 0.5, 64),
    "vigil, RTSP, record only": (FFMPEG, 0.6, 34),
    "vigil, RTSP, motion on sub-stream": (MOTION, 0.75, 64),
}
"""What each is compared with, how much of its CPU time it may take at most, and how many MiB."""


def machine() -> str:
    """Say on what this was measured."""
    model = next(
        (x.partition(":")[2].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), ""
    )
    cores = f"{os.cpu_count()} × {model or platform.machine()}"
    return f"{cores}, Linux {platform.release()}, Python {platform.python_version()}"


def measure(parts: list[str]) -> dict[str, Any]:
    """Measure what `parts` names, all where it is empty."""
    from bench import block_bytes, contenders, floor, journal, latency, panel, restart

    plan = {
        "contenders": lambda: {n: {"cpu_s": c.cpu_s, "rss_mib": c.rss_mib} for n, c in contenders.contenders().items()},
        "floor": floor.floor,
        "block_bytes_per_media_byte": block_bytes.block_bytes,
        "light_to_disk": latency.light_to_disk,
        "sealing": latency.seal_cost,
        "kill_to_recording": restart.kill_to_recording,
        "panel": panel.panel,
        "journal": lambda: {str(size): figures for size, figures in journal.run().items()},
    }
    results: dict[str, Any] = {"machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    for name, work in plan.items():
        if not parts or name in parts:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            results[name] = work()
    return results


def table(results: dict[str, Any]) -> list[str]:
    """Return the results as lines of Markdown."""
    out = [f"Measured {results['at']} on {results['machine']}.", ""]
    if costs := results.get("contenders"):
        out += [
            "| recording 1080p30, 4 Mbit/s, for a minute | CPU s | peak RSS MiB | ratio | asked |",
            "|---|---|---|---|---|",
        ]
        for name, cost in costs.items():
            rival, most, most_mib = TARGETS.get(name, ("", 0.0, 0))
            ratio = cost["cpu_s"] / costs[rival]["cpu_s"] if rival else 0.0
            met = "met" if ratio <= most and cost["rss_mib"] <= most_mib else "not met"
            words = (
                f"{ratio:.2f} of `{rival.split()[0].strip(',')}` | ≤ {most}, RSS ≤ {most_mib}: {met}"
                if rival
                else " | "
            )
            out.append(f"| {name} | {cost['cpu_s']:.2f} | {cost['rss_mib']:.0f} | {words} |")
        out.append("")
    if blocks := results.get("block_bytes_per_media_byte"):
        out += ["| bit rate, Mbit/s | " + " | ".join(blocks) + " |", "|---" * (len(blocks) + 1) + "|"]
        out += ["| block bytes for each byte of media | " + " | ".join(f"{v:.2f}" for v in blocks.values()) + " |", ""]
    for name, words in (
        ("floor", "the same work with nothing around it, CPU s for a minute, each with those before it"),
        ("light_to_disk", "light to disk, seconds"),
        ("sealing", "age, hash and signatures, 8 cameras of 4 Mbit/s"),
        ("kill_to_recording", "from `kill -9` to recording again, seconds (medians of five)"),
        ("panel", "button, lamp, journal (asked: felt ≤ 50 ms, armed ≤ 100 ms, idle ≤ 0.5 %, PSS ≤ 32 MiB each)"),
    ):
        if figures := results.get(name):
            out += [f"{words}: " + ", ".join(f"{key} {value}" for key, value in figures.items()), ""]
    if logs := results.get("journal"):
        keys = list(next(iter(logs.values())))
        out += [
            "| journal | " + " | ".join(f"{int(size):,} entries" for size in logs) + " |",
            "|---" * (len(logs) + 1) + "|",
        ]
        out += [f"| {key} | " + " | ".join(str(figures[key]) for figures in logs.values()) + " |" for key in keys]
        out.append("")
    return out


def main() -> int:
    """Measure, print, keep."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("part", nargs="*", help="only these parts")
    given.add_argument("--page", action="store_true", help="write docs/ref/bench.md too")
    arguments = given.parse_args()
    results = measure(arguments.part)
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var/bench.json").write_text(json.dumps(results, indent=1) + "\n")
    lines = table(results)
    print("\n".join(lines))
    if arguments.page:
        head = [
            "# What it costs", "",
            "Written by `make bench ARGS=--page`. Ratios are within one run; absolute times are of the machine named.",
            "",
        ]  # fmt: skip
        (ROOT / "docs/ref/bench.md").write_text("\n".join(head + lines).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

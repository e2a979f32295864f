"""What the tests found, on which board: as text for people, and as JSON."""

from __future__ import annotations

import json
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

MODEL = Path("/proc/device-tree/model")
NAME = "hw-tests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """Where and when the tests ran. `emulator` is empty on a board one can touch, as far as can be told from inside."""

    model: str
    emulator: str
    kernel: str
    python: str
    vigil: str
    date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One test in one world. `outcome` is passed, failed or skipped; `why` says why it was not passed."""

    part: str
    test: str
    world: str
    outcome: str
    why: str
    seconds: float


@dataclass(slots=True)
class Gathered:
    """A plugin of pytest's that keeps what every test came to."""

    results: dict[str, Result] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's three phases."""
        before = self.results.get(report.nodeid)
        if before and (report.outcome == "passed" or before.outcome == "failed"):
            return
        name, _, world = report.nodeid.partition("[")
        self.results[report.nodeid] = Result(
            part=Path(name.partition("::")[0]).stem.removeprefix("test_"),
            test=name.rpartition("::")[2].removeprefix("test_").replace("_", " "),
            world=world.rstrip("]"),
            outcome=report.outcome,
            why="" if report.outcome == "passed" else _why(report),
            seconds=round(report.duration, 2),
        )


def this_board() -> Board:
    """What this system says of itself."""
    try:
        vigil = version("vigil")
    except PackageNotFoundError:
        vigil = "not installed"
    return Board(
        model=MODEL.read_text().rstrip("\0") if MODEL.exists() else f"a PC ({platform.machine()})",
        emulator=_emulator(),
        kernel=platform.release(),
        python=platform.python_version(),
        vigil=vigil,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def as_text(board: Board, results: Sequence[Result]) -> str:
    """Tell people: the board, each part in each world with the reason for what was skipped, and every failure whole."""
    counted = Counter(result.outcome for result in results)
    head = [f"{name:10}{value or '-'}" for name, value in asdict(board).items()]
    total = ", ".join(f"{counted[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    lines = ["Vigil: hardware tests", "", *head, f"{'result':10}{total}", ""]
    for part, world in dict.fromkeys((result.part, result.world) for result in results):
        of_it = [result for result in results if (result.part, result.world) == (part, world)]
        lines.append(f"{part:10}{world:21}{_summary(of_it)}")
    for result in results:
        if result.outcome == "failed":
            lines += ["", f"FAILED {result.part}, {result.world}: {result.test}", result.why]
    return "\n".join(lines) + "\n"


def as_json(board: Board, results: Sequence[Result]) -> str:
    """Tell programs."""
    told = {"board": asdict(board), "tests": [asdict(result) for result in results]}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def write(place: Path, board: Board, results: Sequence[Result]) -> list[Path]:
    """Leave both reports in the directory `place`, and return where they lie. Raises `OSError`."""
    place.mkdir(parents=True, exist_ok=True)
    reports = {place / f"{NAME}.txt": as_text(board, results), place / f"{NAME}.json": as_json(board, results)}
    for path, content in reports.items():
        path.write_text(content, encoding="utf-8")
    return list(reports)


def _summary(results: Sequence[Result]) -> str:
    counted = Counter(result.outcome for result in results)
    reasons = dict.fromkeys(result.why for result in results if result.outcome == "skipped")
    total = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items()))
    return total + "".join(f"; {reason}" for reason in reasons)


def _why(report: pytest.TestReport) -> str:
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return report.longreprtext


def _emulator() -> str:
    try:
        done = subprocess.run(["systemd-detect-virt", "--vm"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip().removeprefix("none")

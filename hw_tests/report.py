"""What the tests found, on which board: as text for people, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

MODEL = Path("/proc/device-tree/model")
NAME = "hw-tests"
END = ""


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


@dataclass(frozen=True, slots=True)
class Notes:
    """What the tests of one part came to, line by line, so that it outlives the process that runs them."""

    file: Path

    def results(self) -> list[Result]:
        """Of each test the worst of its phases, in the order in which they ran."""
        found: dict[str, Result] = {}
        for name, said in self._lines():
            if said is None or (name in found and (said.outcome == "passed" or found[name].outcome == "failed")):
                continue
            found[name] = said
        return list(found.values())

    def deselected(self) -> list[str]:
        """Pytest's arguments that leave out what has run already."""
        names = dict.fromkeys(name for name, _ in self._lines() if name != END)
        return [f"--deselect={name}" for name in names]

    def crashed(self, why: str) -> bool:
        """Note that the process ended while a test ran; say whether there was one."""
        names = [name for name, _ in self._lines()]
        if not names or names[-1] == END:
            return False
        self._add(names[-1], _result(names[-1], "failed", why, 0.0))
        self.finished()
        return True

    def _lines(self) -> list[tuple[str, Result | None]]:
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        said = [json.loads(line) for line in lines]
        return [(one["name"], Result(**one["result"]) if one["result"] else None) for one in said]

    def _add(self, name: str, result: Result | None) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "result": asdict(result) if result else None}) + "\n")

    def begun(self, name: str) -> None:
        """Note that a test begins."""
        self._add(name, None)

    def finished(self) -> None:
        """Note that the test has ended with all its phases."""
        self._add(END, None)

    def ended(self, name: str, outcome: str, why: str, seconds: float) -> None:
        """Note how a phase of it ended."""
        self._add(name, _result(name, outcome, why, seconds))


def _result(name: str, outcome: str, why: str, seconds: float) -> Result:
    file, _, test = name.partition("::")
    called, _, world = test.partition("[")
    return Result(
        part=Path(file).stem.removeprefix("test_"),
        test=called.removeprefix("test_").replace("_", " "),
        world=world.rstrip("]"),
        outcome=outcome,
        why=why,
        seconds=round(seconds, 2),
    )


def pytest_runtest_logstart(nodeid: str) -> None:
    """Pytest's hook, where this module is its plugin: a test begins."""
    Notes(Path(os.environ["VIGIL_HW_NOTES"])).begun(nodeid)


def pytest_runtest_logfinish() -> None:
    """Pytest's hook: the test has ended."""
    Notes(Path(os.environ["VIGIL_HW_NOTES"])).finished()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Pytest's hook: a phase of a test has ended."""
    why = "" if report.outcome == "passed" else _why(report)
    Notes(Path(os.environ["VIGIL_HW_NOTES"])).ended(report.nodeid, report.outcome, why, report.duration)


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
            lines += ["", f"FAILED {result.part}{result.world and f', {result.world}'}: {result.test}", result.why]
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

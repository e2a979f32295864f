"""
One command for all hardware tests: `python -m hw_tests` in a checkout, `python hw-tests.pyz` everywhere else.

Whatever a board lacks is skipped and the reason told. Root sees more: the kernel's pretended hardware is root's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hw_tests import report

HERE = Path(__file__).resolve().parent
FINISHED = (0, 1, 5)  # pytest's: all passed, some failed, none to run
# Those that look at the whole box come last: by then it has recorded for a while.
PARTS = ("panel", "body", "cameras", "watchdog", "box")


def main() -> int:
    """Run them, write the report, and return how many failed, at most 1."""
    parser = argparse.ArgumentParser(prog="hw-tests", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), help="where the report goes (default: here)")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be given more than once")
    args = parser.parse_args()
    sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]
    from hw_tests import report

    results = [one for part in PARTS if not args.only or part in args.only for one in results_of(part)]
    board = report.this_board()
    print(report.as_text(board, results))
    for path in report.write(args.out, board, results):
        print(f"written to {path.resolve()}")
    return int(any(one.outcome == "failed" for one in results))


def results_of(part: str) -> list[report.Result]:
    """
    Run one part in a process of its own.

    A driver's library may take its process down with it: that test has failed then, and the others go on in a new one.
    """
    from hw_tests import report

    with tempfile.TemporaryDirectory() as place:
        notes = report.Notes(Path(place) / "notes")
        while True:
            command = [sys.executable, "-u", "-B", "-m", "pytest", *words(part), *notes.deselected()]
            code = subprocess.run(command, env=environment(notes.file), check=False).returncode
            if code in FINISHED:
                return notes.results()
            why = f"the process that ran it ended with {code}"
            if not notes.crashed(why):
                lost = report.Result(part=part, test="any of it", world="", outcome="failed", why=why, seconds=0.0)
                return [*notes.results(), lost]


def words(part: str) -> list[str]:
    """Pytest's arguments, which know nothing of a configuration: there may be no checkout."""
    plain = ["-c", os.devnull, f"--rootdir={HERE.parent}", "--import-mode=importlib", "-p", "no:cacheprovider"]
    return [*plain, "-p", "hw_tests.report", "--verbose", "--tb=short", str(HERE / f"test_{part}.py")]


def environment(notes: Path) -> dict[str, str]:
    """Where the tests' code lies, and nobody's plugins but ours."""
    path = os.pathsep.join([str(HERE.parent), str(HERE.parent / "tests"), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "VIGIL_HW_NOTES": str(notes)}
    return {**os.environ, **own}


if __name__ == "__main__":
    sys.exit(main())

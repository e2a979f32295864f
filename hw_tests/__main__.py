"""
One command for all hardware tests: `python -m hw_tests` in a checkout, `python hw-tests.pyz` everywhere else.

Whatever a board lacks is skipped and the reason told. Root sees more: the kernel's pretended hardware is root's.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Those that look at the whole box come last: by then it has recorded for a while.
PARTS = ("panel", "cameras", "watchdog", "box")


def main() -> int:
    """Run them, write the report, and return pytest's exit code: 0 when nothing failed."""
    parser = argparse.ArgumentParser(prog="hw-tests", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), help="where the report goes (default: here)")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be given more than once")
    args = parser.parse_args()
    sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]
    # A test's plugins are those of the house, not of whatever else is installed.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    import pytest

    from hw_tests import report

    gathered = report.Gathered()
    words = ["-c", os.devnull, f"--rootdir={HERE.parent}", "--import-mode=importlib", "-p", "no:cacheprovider"]
    words += ["--verbose", "--tb=short", "--durations=5"]
    files = [str(HERE / f"test_{part}.py") for part in PARTS if not args.only or part in args.only]
    code = pytest.main([*words, *files], plugins=[gathered])
    board, results = report.this_board(), list(gathered.results.values())
    print(report.as_text(board, results))
    for path in report.write(args.out, board, results):
        print(f"written to {path.resolve()}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())

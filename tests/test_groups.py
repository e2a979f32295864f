"""Tests of one group run one after the other, in one worker: they share a machine, a film, a chroot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Two workers are started.
pytestmark = pytest.mark.slow

TESTS = """
import os, pathlib, pytest
pytestmark = pytest.mark.xdist_group("shared")
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    (pathlib.Path(__file__).parent / f"worker-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_a_group_stays_together(tmp_path: Path):
    for name in ("test_one.py", "test_other.py"):
        (tmp_path / name).write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]

    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "8 passed" in said.stdout, said.stdout + said.stderr
    assert len(list(tmp_path.glob("worker-*"))) == 1

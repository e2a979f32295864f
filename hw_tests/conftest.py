"""What all hardware tests share: one run at a time may use a board's hardware."""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def alone():
    """Hold the hardware for this run; another one waits."""
    with (Path(tempfile.gettempdir()) / "vigil-hw-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""A house of namespaces, its guard and its lookout: who comes is home at once, and whoever leaves last arms the box."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.network_namespace import Household, can, household
from fakes.repository import PACKAGE

# Somebody who has left is known to have after a minute at the earliest.
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(can()), reason=can() or "it can")]

ANNA = "10.77.0.20"
CONFIG = f"""
schema = 1
[arm]
exit_delay_s = 0
[presence]
ping_interval_s = 10
departure_delay_s = 60
empty = "away"
[[presence.member]]
id = "anna"
device = "{ANNA}"
[[camera]]
id = "gate"
source = "synthetic"
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}


def start(home: Household, data: Path, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "vigil", name, "--data", str(data), "--plain"]
    with (data / f"log-{name}").open("ab") as log:
        # Only lookout sees the network; guard has none on the box either.
        return subprocess.Popen(
            home.at_box(*command) if name == "lookout" else command, env=ENVIRONMENT, stdout=log, stderr=log
        )


@contextmanager
def living(home: Household, data: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    processes = {name: start(home, data, name) for name in ("signer", "guard", "lookout")}
    try:
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(timeout=20)


def says(data: Path, command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "vigil", command, "--data", str(data)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip


def until(data: Path, command: str, wanted: str, *, within_s: float) -> str:
    end_s = time.monotonic() + within_s
    while wanted not in (said := says(data, command)):
        assert time.monotonic() < end_s, said
    return said


def test_who_comes_is_home_at_once_and_whoever_leaves_last_arms_the_box(tmp_path):
    (tmp_path / "vigil.toml").write_text(CONFIG)
    with household("whole") as home:
        home.comes(ANNA)
        with living(home, tmp_path) as processes:
            said = until(tmp_path, "presence", "presence: ALL_HOME", within_s=40)
            assert "anna (adult): home since " in said and ANNA not in said
            for name in ("lookout", "guard"):
                processes[name].kill()
                processes[name].wait()
                processes[name] = start(home, tmp_path, name)
            until(tmp_path, "presence", "presence: ALL_HOME", within_s=60)
            assert "alarm: disarmed" in says(tmp_path, "status")

            # The cable is out for longer than it takes to leave: that proves nothing.
            home.cable(plugged=False)
            said = until(tmp_path, "presence", "presence: unknown", within_s=150)
            assert "no cable is plugged in" in said and "anna (adult): home" in said
            assert "alarm: disarmed" in says(tmp_path, "status")
            home.cable(plugged=True)
            until(tmp_path, "presence", "presence: ALL_HOME", within_s=60)

            home.goes(ANNA)
            until(tmp_path, "presence", "presence: EMPTY", within_s=200)
            until(tmp_path, "status", "alarm: armed_away", within_s=20)

"""A house of namespaces, its guard and its lookout: who comes is home at once, and whoever leaves last arms the box."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.network_namespace import Household, can, household
from fakes.repository import PACKAGE
from vigil.events import AskPresence, Health, Message, PresenceKnown, Watch
from vigil.processes.hub import HubClient
from vigil.processes.place import Place

# Somebody who has left is known to have after a minute at the earliest.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.skipif(bool(can()), reason=can() or "it can")]

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


def until(data: Path, wanted: Callable[[Message], bool], *, within_s: float) -> None:
    """Ask guard every second, whenever it says how it is; it may be killed and come back meanwhile."""
    end_s, tick = time.monotonic() + within_s, threading.Event()
    client = HubClient(Place(data).hub, "test")
    last: Message | None = None
    try:
        while time.monotonic() < end_s:
            if not client.connected and not (client.connect() and client.send(Watch())):
                tick.wait(0.2)
            for message in client.listen(timeout_s=1):
                if wanted(message):
                    return
                if isinstance(message, Health):
                    client.send(AskPresence())
                last = message if isinstance(message, PresenceKnown) else last
    finally:
        client.close()
    raise AssertionError(last)


def presence_is(state: str) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, PresenceKnown) and message.state == state


def test_who_comes_is_home_at_once_and_whoever_leaves_last_arms_the_box(tmp_path):
    (tmp_path / "vigil.toml").write_text(CONFIG)
    with household("whole") as home:
        home.comes(ANNA)
        with living(home, tmp_path) as processes:
            until(tmp_path, presence_is("ALL_HOME"), within_s=60)
            said = says(tmp_path, "presence")
            assert said.startswith("presence: ALL_HOME\nanna (adult): home since ") and ANNA not in said
            for name in ("lookout", "guard"):
                processes[name].kill()
                processes[name].wait()
                processes[name] = start(home, tmp_path, name)
            until(tmp_path, presence_is("ALL_HOME"), within_s=60)
            assert "alarm: disarmed" in says(tmp_path, "status")

            # The cable is out for longer than it takes to leave: that proves nothing.
            home.cable(plugged=False)
            until(tmp_path, presence_is("unknown"), within_s=150)
            said = says(tmp_path, "presence")
            assert "no cable is plugged in" in said and "anna (adult): home" in said
            assert "alarm: disarmed" in says(tmp_path, "status")
            home.cable(plugged=True)
            until(tmp_path, presence_is("ALL_HOME"), within_s=60)

            home.goes(ANNA)
            until(tmp_path, presence_is("EMPTY"), within_s=200)
            until(tmp_path, lambda said: isinstance(said, Health) and said.arm == "armed_away", within_s=20)

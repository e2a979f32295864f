"""From an edge of the button to light and journal, and what guard and body cost while nothing happens."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from fakes.box import Box, end
from vigil.events import Lit, SetArm, Touch
from vigil.processes.hub import HubClient
from vigil.processes.place import Place

PRESSES = 60
IDLE_S = 30
PRESS_S = 0.15
"""How long the simulated hand holds a short press (`processes/simulated_panel.py`)."""

_PATIENCE_S = 10.0
CAMERA = '[[camera]]\nid = "bench"\nsource = "synthetic"\nwidth = 640\nheight = 360\n[camera.motion]\nmethod = "off"\n'


def panel() -> dict[str, float]:
    """
    Return milliseconds, p50 and p99, and what idling costs.

    `felt` is from the press to the lamp that answers it; `armed` from the
    release, which decides the gesture, to the lamp that shows the new state:
    that was kept and journaled, durably, before. Both have the 25 ms in them
    for which a contact may bounce.
    """
    with tempfile.TemporaryDirectory() as scratch:
        box = Box(Path(scratch) / "box", CAMERA)
        process = box.start("run", "--for", "600")
        try:
            place = Place(box.data)
            hands, guard = _reach(HubClient(place.panel, "bench")), _reach(HubClient(place.hub, "cli"))
            _until(hands, arm=False)
            time.sleep(5)  # whoever starts has other things to do
            idle = _idle(box)
            felt, armed = [], []
            for _ in range(PRESSES):
                one = _press(hands)
                felt.append(one[0])
                armed.append(one[1])
                guard.ask(SetArm(mode="disarmed"))
                _until(hands, arm=False)
                time.sleep(0.3)
            return {**_named("felt", felt), **_named("armed", armed), **idle}
        finally:
            process.terminate()
            process.wait(timeout=30)
            end(process)


def _press(hands: HubClient) -> tuple[float, float]:
    pressed = time.monotonic()
    hands.send(Touch(gesture="short"))
    felt = _until(hands, arm=True) - pressed
    _until(hands, arm=False)  # the answer to the press ends before the finger is lifted
    return felt, _until(hands, arm=True) - pressed - PRESS_S


def _until(hands: HubClient, *, arm: bool) -> float:
    """Wait until the arm lamp is lit, or dark; return when that was seen."""
    for message in hands.listen(timeout_s=_PATIENCE_S):
        if isinstance(message, Lit) and (message.levels["arm"] != "0") is arm:
            return time.monotonic()
    raise RuntimeError("the lamp did not change")


def _reach(client: HubClient) -> HubClient:
    for _ in range(200):
        if client.connect():
            return client
        time.sleep(0.05)
    raise RuntimeError("nobody is there")


def _named(name: str, seconds: list[float]) -> dict[str, float]:
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}_p50_ms": round(1000 * cut[49], 1), f"{name}_p99_ms": round(1000 * cut[98], 1)}


def _idle(box: Box) -> dict[str, float]:
    pids = {name: _pid(box, name) for name in ("guard", "body")}
    before = {name: _cpu_s(pid) for name, pid in pids.items()}
    time.sleep(IDLE_S)
    found: dict[str, float] = {}
    for name, pid in pids.items():
        found[f"{name}_idle_percent_of_a_core"] = round(100 * (_cpu_s(pid) - before[name]) / IDLE_S, 2)
        found[f"{name}_pss_mib"] = round(_pss_kib(pid) / 1024, 1)
    return found


def _pid(box: Box, name: str) -> int:
    told = subprocess.run(["pgrep", "-f", f"vigil {name} .*{box.data}"], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))

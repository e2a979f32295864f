"""Applying the configuration to the system: its name, its network, and a recorder for each camera."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from vigil.config.model import Config
from vigil.processes.config_trial import take_back_if_on_trial
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.store.disk import Disk
from vigil.upkeep.host import ALWAYS, CABLE, LOOKOUT, RECORDERS, cable, changes, matters, problems, radio, wanted

log = logging.getLogger(__name__)
_LIMIT_S = 30


class Host:
    """The running system, below `root`. What is put there lasts until the next boot, which puts it there again."""

    def __init__(self, root: Path = Path("/"), *, run: Callable[..., str] | None = None) -> None:
        self._network = root / "run/systemd/network" / CABLE
        self._radio = root / "run/vigil-radio.conf"
        self._time_zone = root / "run/vigil-localtime"
        self._zones = root / "usr/share/zoneinfo"
        self._interfaces = root / "sys/class/net"
        self._applied = root / "run/vigil-applied.json"
        self._usb_allowed = root / "run/vigil-usb/allowed"
        self._run = run or _run

    def apply(self, config: Config) -> None:
        """Bring the system to what `config` says; each part for itself, so that one that fails keeps no other."""
        for problem in problems(config.network):
            log.warning("%s", problem)
        for part in (self._name, self._zone, self._cable, self._wireless, self._usb):
            try:
                part(config)
            except (OSError, subprocess.SubprocessError) as error:
                log.error("%s: %s", part.__name__.strip("_"), error)
        self.recorders(config)

    def recorders(self, config: Config) -> None:
        """Start and stop recorders, so that there is one for each camera, and none with settings of before."""
        want, states = wanted(config), self._states()
        due = changes(want, [unit for unit, state in states.items() if state != "failed"], self._known())
        for verb, units in (("stop", due.stop), ("restart", due.restart), ("start", due.start)):
            for unit in units:
                self._run("systemctl", verb, "--no-block", unit)
                log.info("%s %s", verb, unit)
        _put(self._applied, json.dumps(want), mode=0o600)

    def is_well(self, config: Config) -> bool:
        """Say whether every recorder that should run does."""
        states = self._states()
        return all(states.get(unit) == "active" for unit in wanted(config) if matters(unit))

    def _known(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._applied.read_text()))
        except (OSError, ValueError, TypeError):
            return {}

    def _name(self, config: Config) -> None:
        if socket.gethostname() != config.system.hostname:
            socket.sethostname(config.system.hostname)

    def _zone(self, config: Config) -> None:
        zone = self._zones / config.system.time_zone
        if not zone.is_file():
            log.warning("system.time_zone = %s: there is no such time zone, so times are UTC", config.system.time_zone)
            zone = self._zones / "UTC"
        self._time_zone.unlink(missing_ok=True)
        self._time_zone.symlink_to(zone)

    def _cable(self, config: Config) -> None:
        if _put(self._network, cable(config.network), mode=0o644) and self._is_up("systemd-networkd.service"):
            # Not `reload`, for which D-Bus would be needed this early.
            self._run("systemctl", "restart", "--no-block", "systemd-networkd.service")

    def _wireless(self, config: Config) -> None:
        changed = _put(self._radio, radio(config.network), mode=0o600)
        names = sorted(path.parent.name for path in self._interfaces.glob("*/phy80211"))
        for name in names if changed else []:
            verb = "restart" if config.network.wifi_name else "stop"
            self._run("systemctl", verb, "--no-block", f"vigil-radio@{name}.service")

    def _usb(self, config: Config) -> None:
        """Put down which devices the owner lets in, where udev's rules look, and let it judge again."""
        before = {path.name for path in self._usb_allowed.glob("*")}
        wanted_ = set(config.usb.allow)
        for name in before - wanted_:
            (self._usb_allowed / name).unlink()
        if wanted_ - before:
            self._usb_allowed.mkdir(parents=True, exist_ok=True)
        for name in wanted_ - before:
            (self._usb_allowed / name).touch()
        if before != wanted_:
            self._run("systemctl", "start", "--no-block", "vigil-usb-again.service")

    def _states(self) -> dict[str, str]:
        """Return our units that systemd has, or had, something to do with: active, activating, failed …"""
        ours = (f"{RECORDERS}*", LOOKOUT, *ALWAYS)
        said = self._run("systemctl", "list-units", "--plain", "--no-legend", "--all", *ours)
        # UNIT LOAD ACTIVE SUB …: one that waits to be started again is activating.
        lines = [words for line in said.splitlines() if len(words := line.split()) > 3]
        return {words[0]: words[2] for words in lines if words[2] != "inactive"}

    def _is_up(self, unit: str) -> bool:
        return "ActiveState=active" in self._run("systemctl", "show", "--property=ActiveState", unit)


def _put(path: Path, content: str | None, *, mode: int) -> bool:
    """Put `content` at `path`, or nothing; say whether that changed anything."""
    before = path.read_text() if path.exists() else None
    if before == content:
        return False
    if content is None:
        path.unlink()
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.fchmod(descriptor, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    temporary.rename(path)
    return True


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, timeout=_LIMIT_S, capture_output=True, text=True)
    return done.stdout


def main(data: Path) -> int:
    """Apply the configuration as it is; a change that a cut of power left on trial is taken back first."""
    disk = Disk()
    take_back_if_on_trial(Place(data).config_files.owners, disk)
    Host().apply(load(data, disk).salvage.config)
    return 0

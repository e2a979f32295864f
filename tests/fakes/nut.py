"""NUT's own programs over a UPS that is a file, and somebody at upsd's port who is no upsd."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pytest

from fakes.box import until
from vigil.config.model_ups import Ups as Settings

# Debian's /usr/sbin/upsd is a script that asks /etc/nut whether it may.
PROGRAMS = next((Path(place) for place in ("/usr/lib/nut", "/lib/nut") if Path(place, "upsd").exists()), None)

with_nut = pytest.mark.skipif(PROGRAMS is None, reason="NUT's upsd is not installed; `make setup` installs it")

FULL = {"ups.status": "OL CHRG", "battery.charge": "100", "battery.runtime": "1800", "ups.model": "Smart 700"}


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Nut:
    """A server and a driver of NUT's in a directory of their own. `world` says how the UPS is from now on."""

    def __init__(self, place: Path, *, drivers: Path | None = None) -> None:
        assert PROGRAMS
        self.place = place
        self.drivers = drivers or PROGRAMS
        self.settings = Settings(enabled=True, nut_port=free_port(), nut_user="vigil", nut_password="secret")
        self.environment = {
            **os.environ, "NUT_CONFPATH": str(place), "NUT_STATEPATH": str(place), "NUT_ALTPIDPATH": str(place),
        }  # fmt: skip
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._second = 1_000_000_000
        self.write("ups.conf", f'maxretry = 1\npollinterval = 1\ndriverpath = "{self.drivers}"\n'
                   f'[ups]\n    driver = dummy-ups\n    port = "{place}/ups.dev"\n')  # fmt: skip
        self.write("upsd.conf", f"LISTEN 127.0.0.1 {self.settings.nut_port}\nMAXAGE 5\n")
        self.write("upsd.users", "[vigil]\n    password = secret\n    upsmon secondary\n")
        self.world(FULL)

    def __enter__(self) -> Self:
        self.start_driver()
        self.start_server()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.stop(name)

    def write(self, name: str, text: str) -> None:
        """One of NUT's files."""
        (self.place / name).write_text(text)
        (self.place / name).chmod(0o640)

    def world(self, values: Mapping[str, str]) -> None:
        """What the UPS says from now on."""
        new = self.place / "ups.dev.new"
        new.write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
        # dummy-ups reads the file again when it bears another second.
        self._second += 1
        os.utime(new, (self._second, self._second))
        new.rename(self.place / "ups.dev")

    def start_driver(self) -> None:
        """Start dummy-ups; it is there when it listens."""
        self._start("driver", str(self.drivers / "dummy-ups"), "-a", "ups", "-F")
        until((self.place / "dummy-ups-ups").is_socket)

    def start_server(self, *, ready: Callable[[], bool] | None = None) -> None:
        """Start upsd; unless `ready` says otherwise, it is there when it has heard of the UPS by its driver."""
        assert PROGRAMS
        self._start("server", str(PROGRAMS / "upsd"), "-F")
        until(ready or (lambda: self.upsc("ups.status") not in ("", "WAIT")))

    def stop(self, name: str) -> None:
        """End the `driver` or the `server`."""
        process = self._running.pop(name)
        process.terminate()
        process.wait()

    def hang(self, name: str, *, hanging: bool = True) -> None:
        """Let the `driver` or the `server` hang, or go on."""
        self._running[name].send_signal(19 if hanging else 18)  # SIGSTOP, SIGCONT

    def upsc(self, *words: str) -> str:
        """What NUT's own client reads."""
        return self._upsc(*words).stdout.strip()

    def upsc_complains(self) -> str:
        """Why NUT's own client reads nothing."""
        return self._upsc().stderr

    def _upsc(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["upsc", f"ups@127.0.0.1:{self.settings.nut_port}", *words]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def _start(self, name: str, *command: str) -> None:
        as_root = ("-u", "root") if os.geteuid() == 0 else ()
        with (self.place / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen([*command, *as_root], stdout=log, stderr=log, env=self.environment)


def recording_drivers(place: Path) -> Path:
    """A directory with a dummy-ups that cuts the power when it is told to (-k): `cuts` there records it."""
    assert PROGRAMS
    place.mkdir()
    driver = place / "dummy-ups"
    cut = f'case " $* " in *" -k "*) echo "$*" >>{place}/cuts; exit 0 ;; esac'
    driver.write_text(f'#!/bin/sh\n{cut}\nexec {PROGRAMS}/dummy-ups "$@"\n')
    driver.chmod(0o755)
    return place


def upsdrvctl() -> str | None:
    """NUT's own starter and ender of drivers."""
    return shutil.which("upsdrvctl", path="/usr/sbin:/sbin")


class NoUpsd:
    """Somebody at upsd's port who does what `behave` does with each connection, over and over."""

    def __init__(self, behave: Callable[[socket.socket], object]) -> None:
        self._behave = behave
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.settings = Settings(enabled=True, nut_port=self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._talking: socket.socket | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        if self._talking:
            try:
                self._talking.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._talking = connection
            with connection:
                try:
                    self._behave(connection)
                except OSError:
                    pass  # whoever asked has gone

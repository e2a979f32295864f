"""`vigil run`: the whole recorder on a plain host, with what it does to look at."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from vigil.clock import Clock, SystemClock
from vigil.config.model import DEMO, Config, Owner
from vigil.config.read import TakenFrom
from vigil.config.write import written
from vigil.events import Health, Lit, Message, Status, Touch, Watch
from vigil.processes.ending import set_when_asked
from vigil.processes.hub import HubClient
from vigil.processes.panorama_panel import KEYS
from vigil.processes.place import Place
from vigil.processes.settings import Settings, found
from vigil.processes.supervisor import Child, Supervisor
from vigil.segments.age import Identity
from vigil.store.disk import Disk
from vigil.store.layout import MARKER
from vigil.store.marker import make_store

log = logging.getLogger(__name__)
_LOOK_S = 0.1
"""Often enough for a lamp that blinks; who draws does it no more often than there is something new to see."""


class Eyes(Protocol):
    """Whoever shows a person what happens."""

    def take(self, message: Status | Health | Lit) -> None:
        """A process said how it is, or a simulated panel how its lamps are."""

    def typed(self) -> str:
        """Return the keys that were typed since the last time."""

    def processes(self, children: Sequence[Child]) -> None:
        """How the processes are."""

    def draw(self) -> None:
        """Show it."""

    def ending(self) -> None:
        """Say that everything is being sealed, which may take some seconds."""

    def close(self) -> None:
        """Give the terminal back."""


def prepare(data: Path, disk: Disk) -> list[str]:
    """
    Make a data directory ready on its first use; return what a person should be told about it.

    Without a configuration there is a camera `demo` and a throw-away owner
    whose identity lies beside it: good for trying out, and said so.
    """
    disk.make_directory(data)
    place = Place(data)
    notes: list[str] = []
    if found(data, disk).salvage.taken_from is TakenFrom.DEFAULT:
        key = data / "owner.agekey"
        if not key.exists():
            _write_secret(disk, key, Identity.generate(os.urandom))
        recipient = Identity.parse(key.read_text().split()[-1]).recipient
        config = replace(Config(), owner=Owner(recipients=(str(recipient),)), cameras=(DEMO,))
        disk.replace(
            place.config_files.owners, written(config, head="made by `vigil run` for trying out; change it as you like")
        )
    if (data / "owner.agekey").exists():
        notes.append(f"throw-away owner identity: {data / 'owner.agekey'} (whoever has it can watch)")
    settings = found(data, disk)
    video = settings.place.video
    if settings.place.known_store() is None and (
        not video.is_dir() or not any(video.iterdir()) or (video / MARKER).exists()
    ):
        store_id = make_store(disk, video, os.urandom)
        disk.make_directory(place.state)
        disk.replace(place.store_id, (store_id + "\n").encode())
    notes += settings.salvage.faults
    return notes


def _write_secret(disk: Disk, path: Path, identity: Identity) -> None:
    before = os.umask(0o077)
    try:
        text = (
            f"# throw-away owner identity, made by `vigil run`\n# public key: {identity.recipient}\n{identity.text()}\n"
        )
        disk.replace(path, text.encode())
    finally:
        os.umask(before)


def commands(settings: Settings, log_level: str | None) -> list[tuple[str, list[str]]]:
    """Return the processes of this box, in the order in which they are started."""
    data = str(settings.place.data)
    # Their lines go to a terminal or a file, which add no time of their own.
    flags = ["--data", data, "--plain", *(["--log-level", log_level] if log_level else [])]
    vigil = [sys.executable, "-m", "vigil"]
    cameras = [camera.id for camera in settings.salvage.config.cameras if camera.enabled]
    config = settings.salvage.config
    lookout = [("lookout", [*vigil, "lookout", *flags])] if config.presence.enabled and config.members else []
    return [
        ("signer", [*vigil, "signer", *flags]),
        ("guard", [*vigil, "guard", *flags]),
        *((f"record@{camera}", [*vigil, "record", "--camera", camera, *flags]) for camera in cameras),
        ("body", [*vigil, "body", "--simulated", *flags]),
        *lookout,
    ]


class Run:
    """The loop of `vigil run`."""

    def __init__(self, settings: Settings, eyes: Eyes, *, clock: Clock, log_level: str | None) -> None:
        self._eyes = eyes
        self._clock = clock
        self._hub = HubClient(settings.place.hub, "run")
        self._panel = HubClient(settings.place.panel, "run")
        self._watching = False
        self._supervisor = Supervisor(clock)
        for name, command in commands(settings, log_level):
            self._supervisor.add(name, command)

    def run(self, stop: threading.Event, for_s: float | None) -> None:
        """Run until `stop`, for `for_s` seconds, or until every camera's file has ended; then seal and end."""
        end_us = self._clock.steady_us() + round(for_s * 1_000_000) if for_s else None
        try:
            while not stop.is_set() and not self._all_ended():
                if end_us and self._clock.steady_us() >= end_us:
                    break
                self._look()
                stop.wait(_LOOK_S)
        finally:
            self._finish()

    def _look(self) -> None:
        self._supervisor.look()
        self._watching = self._hub.connect() and (self._watching or self._hub.send(Watch()))
        self._panel.connect()
        for message in (*self._hub.receive(), *self._panel.receive()):
            self._see(message)
        for key in self._eyes.typed():
            if key in KEYS:
                self._panel.send(Touch(gesture=KEYS[key]))
        self._watching = self._watching and self._hub.connected
        self._eyes.processes(self._supervisor.children)
        self._eyes.draw()

    def _see(self, message: Message) -> None:
        if isinstance(message, Status | Health | Lit):
            self._eyes.take(message)

    def _all_ended(self) -> bool:
        recorders = [child for child in self._supervisor.children if child.name.startswith("record@")]
        return bool(recorders) and all(child.done for child in recorders)

    def _finish(self) -> None:
        """Recorders seal first; guard then enters what they said; the signer goes last."""
        self._eyes.ending()
        for group in (["record@"], ["body", "lookout"], ["guard"], ["signer"]):
            self._supervisor.end(group)
        for message in self._hub.receive():
            self._see(message)
        self._eyes.processes(self._supervisor.children)
        self._eyes.draw()
        self._eyes.close()
        self._panel.close()
        self._hub.close()


def main(
    data: Path, *, for_s: float | None, log_level: str | None, eyes: Callable[[Place, Sequence[str]], Eyes]
) -> int:
    """Run everything until Ctrl-C, SIGTERM, a closed terminal, or for `for_s` seconds."""
    disk = Disk()
    notes = prepare(data, disk)
    settings = found(data, disk)
    stop = set_when_asked(signal.SIGHUP)
    if settings.salvage.taken_from is TakenFrom.DEFAULT and not settings.recipients:
        log.warning("nobody owns this box yet: hold its button, then `vigil claim take` (docs/guide/claiming.md)")
    shown = eyes(settings.place, notes)
    Run(settings, shown, clock=SystemClock(), log_level=log_level).run(stop, for_s)
    return 0

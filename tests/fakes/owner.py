"""An owner at the keyboard, and a recorder that films what FFmpeg drew."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes.mp4_sources import film_pictures, packets_of
from fakes.recordings import OWNER, recording
from vigil.clock import HandClock
from vigil.frames.packet import Packet
from vigil.segments.sidecar import read_lines
from vigil.store.disk import Disk
from vigil.store.recording import Recording

START = "2026-02-02T02:40:"
"""What `HandClock` shows at first, less the seconds (00)."""
START_US = 1_770_000_000_000_000
FILM_US = 3_000_000
"""How long each film of `fakes.mp4_sources` lasts."""


def vigil(*words: object) -> int:
    """Type a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="vigil")
    subparsers = parser.add_subparsers(required=True)
    for family in ("keys", "listing", "export", "check", "store", "hold"):
        importlib.import_module(f"vigil.cli.{family}").register(subparsers)
    args = parser.parse_args([str(word) for word in words])
    return int(args.run(args))


class Box:
    """A data directory with a recorder at work in it: one camera, one clock, films that follow each other."""

    def __init__(self, data: Path, *, segment_s: float = 60, camera: str = "gate", disk: Disk | None = None) -> None:
        self.data = data
        self.video = data / "video"
        self._segment_s = segment_s
        self._camera = camera
        data.mkdir(exist_ok=True)
        (data / "owner.agekey").write_text(OWNER.text() + "\n")
        self.clock = HandClock()
        self._media = 0
        self.recording: Recording
        self.start(disk=disk)

    def start(self, *, boot: str = "boot", disk: Disk | None = None) -> None:
        """Start the recorder, again where it was cut off."""
        self.recording, _ = recording(
            self.video, disk=disk, clock=self.clock, boot=boot, camera=self._camera, segment_s=self._segment_s
        )

    def cut_off(self, *, lose_statements: int = 0) -> None:
        """Take the power away: nothing more is written, locks are gone, the last statements never reached the disk."""
        path = self.recording.store.current
        self.recording.store.close()
        if lose_statements:
            assert path
            lines = read_lines(path.seal.read_bytes())
            path.seal.write_bytes(b"".join(line + b"\n" for line in lines[:-lose_statements]))

    def film(self, *names: str, why: str = "continuous", begin: bool = True, **fields: Any) -> None:
        """Record films, one behind the other, as one take (`begin` False: as more of it); it stays open."""
        for name in names:
            at_us = self.clock.steady_us()
            for packet in self.packets(name):
                self.clock.forward_us(max(0, packet.at_us - self.clock.steady_us()))
                if begin:
                    self.recording.begin(why, [packet], **fields)
                else:
                    self.recording.append([packet])
                begin = False
                self.recording.tick()
            self.clock.forward_us(at_us + FILM_US - self.clock.steady_us())

    def packets(self, name: str) -> Iterator[Packet]:
        """Yield the packets of a film as they arrive from now on, in the camera's own time."""
        packets, at_us, media = packets_of(name), self.clock.steady_us(), self._media
        self._media += FILM_US * 9 // 100
        for packet in packets:
            yield replace(
                packet,
                at_us=at_us + packet.at_us - packets[0].at_us,
                pts=packet.pts - 900_000 + media,
                dts=packet.dts - 900_000 + media,
            )


def export(box: Box, *words: object, name: str = "clip.mp4") -> tuple[int, Path]:
    """Export, then return the exit code and the film."""
    film = box.data / name
    return vigil("export", "--data", box.data, "-o", film, *words), film


def pictures_of(*names: str) -> list[str]:
    """Return digests of the pictures of films shown one after the other."""
    return [picture for name in names for picture in film_pictures(name)]


def files_in(directory: Path) -> Iterable[str]:
    """Return the names in a directory, hidden ones too."""
    return sorted(path.name for path in directory.iterdir())

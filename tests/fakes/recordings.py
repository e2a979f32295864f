"""Recordings made without a camera: packets with numbers in them, so that each can be found again."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from fakes.packets import H264, picture
from vigil.clock import HandClock
from vigil.frames.packet import Packet
from vigil.segments import age
from vigil.segments.session import Session
from vigil.segments.unseal import Unsealed
from vigil.store.camera_store import CameraStore
from vigil.store.disk import Disk
from vigil.store.layout import SegmentPath, segments_of
from vigil.store.marker import make_store
from vigil.store.recording import Recording
from vigil.store.room import Room

OWNER = age.Identity(bytes(range(32)))
__all__ = ["H264", "OWNER", "picture"]


def recording(
    video: Path,
    *,
    disk: Disk | None = None,
    clock: HandClock | None = None,
    boot: str = "boot",
    camera: str = "gate",
    segment_s: float = 10,
    limit_bytes: int = 32 << 20,
    deletes: bool = True,
) -> tuple[Recording, HandClock]:
    """Return an open recording of `camera` and the clock it lives by."""
    disk, clock = disk or Disk(), clock or HandClock()
    make_store(Disk(), video, os.urandom)
    store = CameraStore(disk, video, camera, session=Session(os.urandom), clock=clock, boot=boot)
    made = Recording(
        store, Room(disk, video, reserve_bytes=1 << 20, deletes=deletes), recipients=[OWNER.recipient], clock=clock,
        random_bytes=os.urandom, segment_s=segment_s, loss_s=2, limit_bytes=limit_bytes,
    )  # fmt: skip
    made.open()
    return made, clock


def numbered(number: int, at_us: int, *, size_bytes: int = 2000) -> Packet:
    """Return picture `number` of a ten-a-second stream with a keyframe each second."""
    payload = struct.pack(">II", size_bytes, number) + bytes(size_bytes - 4)
    return Packet(payload, number * 9000, number * 9000, at_us, number % 10 == 0, H264)


def feed(made: Recording, clock: HandClock, numbers: range) -> None:
    """Let the pictures `numbers` arrive, a tenth of a second apart; do in between what is due."""
    for number in numbers:
        next_us = clock.steady_us() + 100_000
        while (due_us := made.due_us(clock.steady_us())) < next_us:
            clock.forward_us(due_us - clock.steady_us())
            made.tick()
        clock.forward_us(next_us - clock.steady_us())
        made.append([numbered(number, clock.steady_us())])
        made.tick()


def numbers_in(plaintext: bytes) -> list[int]:
    """Return the numbers of the pictures in a plaintext, in order; every box must be whole."""
    found = []
    at = 0
    while at < len(plaintext):
        size, kind = struct.unpack_from(">I4s", plaintext, at)
        assert at + size <= len(plaintext), "a box is cut off"
        if kind == b"mdat":
            inner = at + 8
            while inner < at + size:
                length, number = struct.unpack_from(">II", plaintext, inner)
                found.append(number)
                inner += 4 + length
        at += size
    return found


def recorded(video: Path, camera: str = "gate") -> Iterator[tuple[SegmentPath, list[int]]]:
    """Yield each segment that has pictures, and the numbers found in it. Each must be a complete age file."""
    for segment in segments_of(video / camera):
        if segment.media.exists():
            yield segment, numbers_in(plaintext_of(segment.media))


def plaintext_of(media: Path) -> bytes:
    """Open a sealed file whole."""
    data = media.read_bytes()
    unsealed = Unsealed(lambda offset, size: data[offset : offset + size], len(data), [OWNER])
    return unsealed.read(0, 1 << 40)

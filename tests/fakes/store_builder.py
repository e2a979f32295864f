"""
Stores made by hand: sealed, signed and chained like real ones, from fixed randomness and a clock moved by hand.

The same seed gives the same bytes for ever, so what it makes can be published as test vectors.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vigil.clock import HandClock
from vigil.segments.age import Identity, b64
from vigil.segments.note import NoteKey, NoteSigner
from vigil.segments.seal import Flush, Sealer
from vigil.segments.session import Session, certify, device_id, identity_name
from vigil.segments.sidecar import CHAIN_START, Chain
from vigil.store.disk import Disk
from vigil.store.journal import Journal
from vigil.store.layout import SegmentPath, segment_path

BOOT = "5f0c6c1e-8d0b-4d5e-9b3a-0c5a7b1d2e3f"
START_US = 1_795_356_903_000_000
CODEC = {"name": "h264", "width": 640, "height": 360}


def fixed_random(seed: str) -> Callable[[int], bytes]:
    """Return a source of bytes that gives the same ones for the same seed."""
    state = {"drawn": 0}

    def draw(n: int) -> bytes:
        state["drawn"] += 1
        return hashlib.shake_256(f"{seed} {state['drawn']}".encode()).digest(n)

    return draw


class BoxBuilder:
    """A recorder without a camera: an identity, its sessions, a clock, and a directory to put a store in."""

    def __init__(self, root: Path, *, seed: str = "box", wall_us: int = START_US) -> None:
        self.root = root
        self.video = root / "video"
        self.random = fixed_random(seed)
        self.clock = HandClock(wall_us=wall_us)
        private = Ed25519PrivateKey.from_private_bytes(self.random(32))
        self.identity = NoteSigner(identity_name(device_id(private.public_key().public_bytes_raw())), private)
        self.owner = Identity(self.random(32))
        self.cameras: dict[str, CameraBuilder] = {}
        self.happened: list[tuple[str, dict[str, Any]]] = []
        self.checkpoint: str | None = None
        self._guard: Session | None = None
        self.video.mkdir(parents=True, exist_ok=True)
        (self.video / "identity").write_text(self.identity.key.text() + "\n")

    def certificate(self, session: Session, *, peer: str = "record@front") -> str:
        """Return the identity's certificate for `session`, which the journal hears of."""
        note = certify(
            self.identity, public=session.public, peer=peer, boot=BOOT, root="none", at_us=self.clock.wall_us(),
            clock="synced",
        )  # fmt: skip
        self.happened.append(("session.certified", {"session": b64(session.public), "cert": note}))
        return note

    def session(self, *, certified: bool = True) -> Session:
        """Return a new session key, with its certificate unless that is to come later."""
        session = Session(self.random)
        if certified:
            session.certificate = self.certificate(session)
        return session

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.root / "state" / "journal"

    @property
    def guard_key(self) -> NoteKey:
        """The key that signs the journal's checkpoints; only once something was entered."""
        assert self._guard
        return self._guard.note_signer(self.identity.key.name).key

    def enter(self) -> str:
        """Put all that happened since the last time into the journal; return its checkpoint."""
        if self._guard is None:
            self._guard = self.session()
        with Journal.open(
            Disk(), self.journal, clock=self.clock, random_bytes=self.random,
            device_id=device_id(self.identity.key.public), signer=self._guard.note_signer(self.identity.key.name),
        ) as journal:  # fmt: skip
            journal.append_many(self.happened, clock_trust="synced")
            self.happened.clear()
            self.checkpoint = journal.checkpoint()
        assert self.checkpoint
        return self.checkpoint

    def camera(self, name: str = "front") -> CameraBuilder:
        """Return the camera called `name`, with a certified session."""
        if name not in self.cameras:
            self.cameras[name] = CameraBuilder(self, name, self.session())
        return self.cameras[name]


class CameraBuilder:
    """Writes segments of one camera, each whole at once."""

    def __init__(self, box: BoxBuilder, name: str, session: Session) -> None:
        self.box = box
        self.name = name
        self.directory = box.video / name
        self.seq = 0
        self.segments: dict[int, SegmentPath] = {}
        self.last: dict[int, str] = {}
        self.ended: dict[int, dict[str, Any]] = {}
        self.restart(session)

    def restart(self, session: Session) -> None:
        """Go on with another session key, as a new process does."""
        self.session = session
        self.chain = Chain(session, self.box.clock, prev=self.last[self.seq] if self.seq else CHAIN_START)

    def media(
        self,
        *flushes: int,
        end: str | None = "sealed",
        tail: bytes = b"",
        deletes: Sequence[int] = (),
        certify_late: bool = False,
    ) -> SegmentPath:
        """
        Write a segment whose flushes hold fragments of so many bytes.

        `end` is ``sealed``, ``recovered`` (by a new session, with `tail` behind
        the last flush) or None for a segment that has no last line yet.
        """
        path, lines = self.open("media", recipients=[str(self.box.owner.recipient)], codec=CODEC)
        if certify_late:
            self.session.certificate = self.box.certificate(self.session)
            lines.append(self.say("certified", cert=self.session.certificate))
        sealer = Sealer([self.box.owner.recipient], self.box.random)
        data, flush, ends = b"", None, {"frames": 0, "media": 0, "end_us": self.box.clock.wall_us()}
        for size in flushes or (1000,):
            sealer.add(struct.pack(">I4s", size, b"mdat") + self.box.random(size - 8))
            flush = sealer.flush()
            data += flush.data
            self.box.clock.sleep(1)
            ends = {"frames": ends["frames"] + 15, "media": ends["media"] + 90_000, "end_us": self.box.clock.wall_us()}
            lines.append(
                self.say("flushed", bytes=flush.size_bytes, sha256=flush.sha256, closer=b64(flush.closer), **ends)
            )
        lines += self._deletions(deletes)
        assert flush
        if end == "sealed":
            closer = sealer.close()
            data += closer.data
            lines.append(self.say("sealed", bytes=closer.size_bytes, sha256=closer.sha256, why="full", **ends))
        elif end == "recovered":
            data += flush.closer
            lines.append(self._recovered(data, flush, tail, ends))
        path.media.write_bytes(data)
        if tail:
            path.tail.write_bytes(tail)
        return self.close(path, lines)

    def quiet(self, *, deletes: Sequence[int] = (), end: bool = True) -> SegmentPath:
        """Write a sidecar of a time when no pictures were due."""
        path, lines = self.open("quiet")
        self.box.clock.sleep(30)
        lines.append(self.say("idle", mode="motion", state="waiting"))
        lines += self._deletions(deletes)
        if end:
            lines.append(self.say("sealed", bytes=0, frames=0, media=0, end_us=self.box.clock.wall_us(), why="an hour"))
        return self.close(path, lines)

    def open(self, kind: str, **media: Any) -> tuple[SegmentPath, list[bytes]]:
        """Begin the next segment by hand; return its paths and its first line."""
        self.seq += 1
        self.box.clock.sleep(1)
        now = self.box.clock.wall_us()
        path = segment_path(self.directory, self.seq, now)
        path.directory.mkdir(parents=True, exist_ok=True)
        self.segments[self.seq] = path
        self.chain.next_file()
        if kind == "media":
            media.update(start_us=now - 5_000_000, pre_roll_ms=5000)
        opened = self.say(
            "opened", camera=self.name, seq=self.seq, kind=kind, boot=BOOT, clock="synced", why="continuous",
            cert=self.session.certificate, checkpoint=self.box.checkpoint, **media,
        )  # fmt: skip
        return path, [opened]

    def say(self, type_: str, **fields: Any) -> bytes:
        """Return the next line of the chain."""
        line, digest = self.chain.statement(type_, **fields)
        self.chain.written(digest)
        self.last[self.seq] = digest
        self.ended[self.seq] = {"type": type_, **fields}
        self._happened(type_, fields)
        return line

    def _happened(self, type_: str, fields: dict[str, Any]) -> None:
        """Note what guard would enter into the journal."""
        now = self.box.clock.wall_us()
        common = {
            "camera": self.name, "segment": self.seq, "stated_in": self.seq, "line": self.chain.n - 1, "stated_us": now,
        }  # fmt: skip
        if type_ == "opened":
            path = f"{self.segments[self.seq].directory.relative_to(self.box.video)}/{self.segments[self.seq].stem}"
            entry = {"path": path, "started_us": fields.get("start_us", now), "media": fields["kind"] == "media"}
        elif type_ in ("sealed", "recovered"):
            names = ("bytes", "frames", "sha256", "tail_bytes", "damaged")
            entry = {name: fields[name] for name in names if name in fields}
            entry |= {"started_us": 0, "ended_us": fields["end_us"], "last": self.last[self.seq]}
        elif type_ == "deleted":
            entry = {"segment": fields["seq"], "reason": fields["why"]}
        else:
            return
        self.box.happened.append((f"segment.{type_}", {**common, **entry}))

    def _recovered(self, data: bytes, flush: Flush, tail: bytes, ends: dict[str, int]) -> bytes:
        number = self.chain.n
        self.restart(self.box.session())
        self.chain.n = number
        tails = {"tail_sha256": hashlib.sha256(tail).hexdigest()} if tail else {}
        return self.say(
            "recovered", bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), tail_bytes=len(tail), damaged=False,
            by_boot=BOOT, **tails, **ends,
        )  # fmt: skip

    def _deletions(self, deletes: Sequence[int]) -> list[bytes]:
        lines = []
        for seq in deletes:
            path = self.segments[seq]
            size = path.media.stat().st_size if path.media.exists() else 0
            lines.append(
                self.say(
                    "deleted",
                    seq=seq,
                    last=self.last[seq],
                    bytes=size,
                    sha256=self.ended[seq].get("sha256"),
                    why="space",
                )
            )
            for file in (path.media, path.tail, path.seal):
                file.unlink(missing_ok=True)
        return lines

    def close(self, path: SegmentPath, lines: list[bytes]) -> SegmentPath:
        """Put the lines of a segment on the disk."""
        path.seal.write_bytes(b"".join(lines))
        return path

"""Journals whose keys, clock and randomness are known, so that their bytes are the same on every machine."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fakes.faulty import FaultyCalls
from vigil.clock import HandClock
from vigil.segments.note import NoteSigner
from vigil.store import journal as journal_module
from vigil.store import journal_check, journal_read, log_files, log_prune, standing
from vigil.store.disk import Disk
from vigil.store.journal import Journal

S = 1_000_000
"""Microseconds in a second."""
DEVICE = "00d1ce0fca3e5a11"


def signer_of(seed="guard", *, name=f"vigil/{DEVICE}"):
    """A signer whose private key is the SHA-256 of `seed`."""
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest()))


class Dice:
    """Random bytes that fall the same way each time: SHA-256 of the seed and a counter."""

    def __init__(self, seed="dice"):
        self._seed = seed
        self._thrown = 0

    def __call__(self, size):
        self._thrown += 1
        return hashlib.sha256(f"{self._seed} {self._thrown}".encode()).digest()[:size]


class Bench:
    """A place with a journal in it, which can be opened again and again as a box does."""

    def __init__(self, root, *, signer=None, seed="dice"):
        self.directory = root / "journal"
        self.signer = signer or signer_of()
        self.clock = HandClock(wall_us=1_770_000_000_000_000)
        self.dice = Dice(seed)

    def open(self, *, calls=None, floor=None):
        return Journal.open(
            Disk(calls or FaultyCalls(0)),
            self.directory,
            clock=self.clock,
            random_bytes=self.dice,
            signer=self.signer,
            device_id=DEVICE,
            floor=floor,
        )


def happened(number):
    """A thing that happens: what kind, and the fields of it."""
    return "motion.began", {"camera": "door", "segment": number // 4, "line": number % 4}


def segment_story(camera, number, *, begins_s, lasts_s=60, ends="segment.sealed"):
    """The entries that one segment leaves in the journal."""
    of = {"camera": camera, "segment": number, "stated_in": number}
    began, ended = begins_s * S, (begins_s + lasts_s) * S
    path = f"{camera}/{number}.mp4.age"
    told = [
        ("segment.opened", {**of, "path": path, "started_us": began, "line": 0}),
        ("motion.began", {**of, "line": 2}),
        ("motion.ended", {**of, "line": 5}),
    ]
    if ends:
        closed = {"bytes": 1000 + number, "sha256": "ab" * 32, "started_us": began, "ended_us": ended, "frames": 900}
        told.append((ends, {**of, **closed, "line": 9}))
    return told


def deletion(gone, *, by, line):
    """The entry of a deletion statement: it stands in the sidecar of segment `by`."""
    fields = {"camera": "door", "segment": gone, "stated_in": by, "line": line, "reason": "old"}
    return [("segment.deleted", fields)]


def tell(journal, *stories):
    return journal.append_many([each for story in stories for each in story], clock_trust="synced")


def fill(journal, count, *, every=0):
    """Append `count` entries one by one, with a checkpoint after `every`; return them."""
    entries = []
    for number in range(count):
        kind, fields = happened(number)
        entries.append(journal.append(kind, fields, clock_trust="synced"))
        if every and not (number + 1) % every:
            journal.checkpoint()
    return entries


def clean(bench, outside=()):
    """Assert that a stranger finds nothing wrong; return the verdict on the newest log."""
    verdicts = journal_check.check_journal(bench.directory, [bench.signer.key], outside)
    assert [verdict.problems for verdict in verdicts] == [[] for _ in verdicts]
    return verdicts[-1]


def shrink_files(monkeypatch):
    """Eight entries to a file, so that a test need not write 65,536 to see the next one begun."""
    for module in (log_files, standing, log_prune, journal_module, journal_read, journal_check):
        monkeypatch.setattr(module, "PER_FILE", 8)

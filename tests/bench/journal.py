"""What an entry of the journal costs, and what it costs to prove one, in logs of 10^4, 10^5 and 10^6 entries."""

import os
import random
import shutil
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vigil.clock import SystemClock
from vigil.segments.note import NoteSigner
from vigil.store import merkle
from vigil.store.disk import Calls, Disk
from vigil.store.entry import read_entry
from vigil.store.index import Index
from vigil.store.journal import Journal
from vigil.store.journal_check import check_log
from vigil.store.journal_read import LogReader

SIZES = (10_000, 100_000, 1_000_000)
_BATCH = 500
_SINGLE = 100
_PROOFS = 200


class CountedCalls(Calls):
    """The real disk; counts bytes read and written."""

    def __init__(self):
        self.read_bytes = self.written_bytes = self.reads = self.syncs = 0

    def write(self, fd, data):
        done = super().write(fd, data)
        self.written_bytes += done
        return done

    def pread(self, fd, size, offset):
        data = super().pread(fd, size, offset)
        self.reads += 1
        self.read_bytes += len(data)
        return data

    def fdatasync(self, fd):
        self.syncs += 1
        super().fdatasync(fd)


def run(directory=None, *, sizes=SIZES):
    """
    Return {entries: {figure: value}}; the journal grows in `directory` (a scratch one by default), on its own disk.

    Times are wall clock in microseconds unless the name says seconds.
    """
    return {size: _measure(size, directory) for size in sizes}


def _measure(size, directory):
    root = Path(tempfile.mkdtemp(prefix="journal-bench-", dir=directory))
    calls = CountedCalls()
    try:
        return _grow_and_ask(root, size, calls)
    finally:
        shutil.rmtree(root)


def _open(root, calls):
    signer = NoteSigner("vigil/bench", Ed25519PrivateKey.generate())
    journal = Journal.open(
        Disk(calls),
        root / "journal",
        clock=SystemClock(),
        random_bytes=os.urandom,
        signer=signer,
        device_id="bench",
    )
    return journal, signer


def _event(number):
    """A typical entry: one in three seals a segment, the others are motion."""
    camera, segment = f"camera{number % 8}", number // 24
    of = {"camera": camera, "segment": segment, "stated_in": segment, "line": number % 61, "stated_us": number * 1000}
    if number % 3:
        return ("motion.began" if number % 3 == 1 else "motion.ended"), {**of, "when_us": number * 1000}
    sealed = {"bytes": 30_000_000 + number, "sha256": "5e" * 32, "started_us": number, "ended_us": number + 60_000_000}
    return "segment.sealed", {**of, **sealed, "frames": 1800, "last": "1a" * 32}


def _grow_and_ask(root, size, calls):
    journal, signer = _open(root, calls)
    figures = {}
    began, cpu = time.perf_counter(), time.process_time()
    while journal.size < size - _SINGLE:
        count = min(_BATCH, size - _SINGLE - journal.size)
        journal.append_many([_event(journal.size + n) for n in range(count)], clock_trust="synced")
    figures["append_in_batches_us"] = _each_us(began, size)
    figures["append_in_batches_cpu_us"] = round((time.process_time() - cpu) / size * 1e6, 1)
    began, syncs = time.perf_counter(), calls.syncs
    while journal.size < size:
        journal.append(*_event(journal.size), clock_trust="synced")
    figures["append_one_by_one_us"] = _each_us(began, _SINGLE)
    figures["syncs_per_append"] = (calls.syncs - syncs) / _SINGLE
    figures["written_bytes_per_entry"] = round(calls.written_bytes / size, 1)
    began = time.perf_counter()
    journal.checkpoint()
    figures["checkpoint_us"] = _each_us(began, 1)
    figures |= _proofs(journal, calls)
    checkpoint = journal.newest_checkpoint
    directory = journal.directory
    journal.close()
    began = time.perf_counter()
    _open(root, calls)[0].close()
    figures["open_us"] = _each_us(began, 1)
    began = time.perf_counter()
    verdict = check_log(directory, [signer.key], [checkpoint])
    figures["check_s"] = round(time.perf_counter() - began, 2)
    assert verdict.ok, verdict.problems
    assert verdict.anchored == checkpoint
    began = time.perf_counter()
    with Index.open(root / "index.sqlite") as index:
        index.catch_up(root / "journal")
    figures["index_rebuild_s"] = round(time.perf_counter() - began, 2)
    figures["disk_bytes_per_entry"] = round(_bytes_in(directory) / size, 1)
    figures["index_bytes_per_entry"] = round((root / "index.sqlite").stat().st_size / size, 1)
    return figures


def _proofs(journal, calls):
    dice = random.Random(journal.size)
    numbers = [dice.randrange(1, journal.size) for _ in range(_PROOFS)]
    reads, read_bytes, began = calls.reads, calls.read_bytes, time.perf_counter()
    inclusion = [journal.inclusion(number) for number in numbers]
    figures = {
        "inclusion_us": _each_us(began, _PROOFS),
        "inclusion_reads": (calls.reads - reads) / _PROOFS,
        "inclusion_read_bytes": round((calls.read_bytes - read_bytes) / _PROOFS),
    }
    began = time.perf_counter()
    consistency = [journal.consistency(number) for number in numbers]
    figures["consistency_us"] = _each_us(began, _PROOFS)
    reader = LogReader(journal.directory)
    for number, path in zip(numbers[:5], inclusion, strict=False):
        _, _, line = next(reader.lines(number))
        read_entry(journal.log_id, number, line)
        merkle.verify_inclusion(merkle.leaf_hash(line), number, journal.size, path, journal.root)
    began = time.perf_counter()
    for number, path in zip(numbers, consistency, strict=True):
        merkle.verify_consistency(number, journal.size, reader.root_at(number), journal.root, path)
    figures["verify_consistency_us"] = _each_us(began, _PROOFS)
    return figures


def _each_us(began, count):
    return round((time.perf_counter() - began) / count * 1e6, 1)


def _bytes_in(directory):
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())

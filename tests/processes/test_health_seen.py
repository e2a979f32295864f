"""What guard sees itself becomes evidence: which trouble a disk has, what is lost lately, what became of an update."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vigil.clock import HandClock
from vigil.errors import StoreFault, WrongStore
from vigil.guard.health_memory import Past
from vigil.guard.probes.disk import Trouble
from vigil.guard.probes.journal import JournalSeen
from vigil.processes import health_seen
from vigil.processes.forgetting import Forgetting
from vigil.processes.settings import load
from vigil.segments.session import Session
from vigil.store.disk import Disk
from vigil.upkeep.slots import Slot
from vigil.upkeep.update_record import Phase, Record


@pytest.fixture
def shelf(tmp_path: Path) -> Forgetting:
    (tmp_path / "video").mkdir()
    return Forgetting(load(tmp_path, Disk()), disk=Disk(), clock=HandClock(), session=Session(os.urandom))


def fault(number: int) -> StoreFault:
    failed = StoreFault(os.strerror(number))
    failed.errno = number
    return failed


@pytest.mark.parametrize(
    ("failed", "trouble"),
    [
        (None, Trouble.NONE),
        (WrongStore("another disk"), Trouble.WRONG),
        (fault(errno.EROFS), Trouble.READ_ONLY),
        (OSError(errno.EROFS, "read-only"), Trouble.READ_ONLY),
        (fault(errno.EIO), Trouble.REFUSES),
    ],
    ids=str,
)
def test_what_the_disk_failed_with_says_which_trouble_it_has(shelf, failed, trouble):
    seen = health_seen.disk(shelf, failed, least_bytes=5)

    assert (seen.trouble, seen.why, seen.least_bytes) == (trouble, str(failed) if failed else "", 5)
    assert seen.total_bytes >= seen.free_bytes > 0


def test_a_disk_on_which_nothing_may_be_deleted_says_so_in_its_own_words(shelf):
    shelf.complaint = "all is held"
    assert health_seen.disk(shelf, None, least_bytes=5).trouble is Trouble.OVER, (
        "more than is allowed, but there is room"
    )
    shelf.is_short = True

    seen = health_seen.disk(shelf, None, least_bytes=5)

    assert (seen.trouble, seen.why) == (Trouble.HELD, "all is held")


def test_without_a_journal_only_why_is_known():
    assert health_seen.journal(None, "read-only", 5) == JournalSeen(open=False, closed="read-only")


@pytest.mark.parametrize(
    ("phase", "failed", "trial"),
    [
        (Phase.NONE, "", ""),
        (Phase.INSTALLED, "", "version 2.0.0 is in slot B and has yet to prove itself"),
        (Phase.CONFIRMED, "", ""),
        (Phase.FAILED, "the update to 2.0.0: it panicked", ""),
    ],
)
def test_an_update_is_on_trial_until_it_is_confirmed_or_failed(phase, failed, trial):
    record = Record(phase=phase, version="2.0.0", before="1.0.0", slot=Slot.B, why="it panicked")

    seen = health_seen.update(record, Past(alone="B does not start", refused="not signed"))

    assert (seen.failed, seen.trial, seen.alone, seen.refused) == (failed, trial, "B does not start", "not signed")

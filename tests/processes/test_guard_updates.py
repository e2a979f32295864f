"""Guard and updates: what became of the last one is a fault or not, and everything that happened is in the journal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.guards import guarding, has_fault, signing, wait_for
from vigil.clock import HandClock
from vigil.events import Health
from vigil.processes.place import Place
from vigil.processes.update import Records
from vigil.store.disk import Disk
from vigil.store.journal_read import read_logs
from vigil.store.marker import make_store
from vigil.upkeep.slots import Slot
from vigil.upkeep.update_record import Phase, Record


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    return place


def test_an_update_that_failed_is_a_fault_until_one_succeeds_and_all_of_it_is_in_the_journal(place: Place):
    records = Records(place, Disk(), HandClock())
    failed = Record(phase=Phase.FAILED, version="2.0.0", before="1.0.0", slot=Slot.B, why="it panicked")
    records.keep(failed, "update.failed")

    with signing(place), guarding(place) as client:
        wait_for(client, has_fault("update: the update to 2.0.0: it panicked"))
        records.keep(Record(phase=Phase.CONFIRMED, version="2.0.1", slot=Slot.B), "update.confirmed")
        wait_for(client, lambda m: isinstance(m, Health) and not any(f.startswith("update") for f in m.faults))

    assert list(place.tellings.iterdir()) == []
    told = [entry for log in read_logs(place.journal) for entry in log.entries() if entry.kind.startswith("update.")]
    assert [(entry.kind, entry.fields["version"]) for entry in told] == [
        ("update.failed", "2.0.0"),
        ("update.confirmed", "2.0.1"),
    ]
    said = told[0].fields
    assert (said["why"], said["before"], said["slot"]) == ("it panicked", "1.0.0", "B")

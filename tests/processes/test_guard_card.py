"""Guard and a card that goes bad: a fault for whoever looks, and entries in the journal."""

from __future__ import annotations

import os
from pathlib import Path

from fakes.guards import guarding, has_fault, signing, wait_for
from vigil.clock import HandClock
from vigil.processes.card_errors import CardWatch
from vigil.processes.place import Place
from vigil.store.disk import Disk
from vigil.store.journal_read import read_logs
from vigil.store.marker import make_store
from vigil.upkeep.card_errors import CardMap


def test_what_upkeep_tells_of_the_card_is_a_fault_and_in_the_journal(tmp_path: Path):
    place = Place(tmp_path)
    place.state.mkdir()
    place.store_id.write_text(make_store(Disk(), place.video, os.urandom))
    records = ["3,1,2,-;device-mapper: integrity: dm-2: Checksum failed at sector 0x2a8\n"]
    watch = CardWatch(
        place, Disk(), HandClock(), records=lambda: iter(records), card=lambda: CardMap("vda", {}, {"dm-2": "video"}),
        disorder=lambda: iter(()),
    )  # fmt: skip

    with signing(place), guarding(place) as client:
        watch.look()
        told = "card: it goes bad: in its partition “video” it gives back other bytes than were written"
        wait_for(client, has_fault(told))

    assert list(place.tellings.iterdir()) == []
    entries = [entry for log in read_logs(place.journal) for entry in log.entries()]
    (failing,) = (entry.fields for entry in entries if entry.kind == "card.failing")
    assert (failing["what"], failing["partition"], failing["times"]) == ("turned", "video", 1)
    raised = [entry.fields["what"] for entry in entries if entry.kind == "fault.raised"]
    assert "card" in raised

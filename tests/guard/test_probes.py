"""Each probe by itself: what it makes of what it is told, and that every kind of fault can be found by somebody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.health import DISK, WELL, camera
from vigil.clock.trust import Trust
from vigil.config.read import NO_CAMERA
from vigil.events import Board
from vigil.guard.faults import Blink, Level
from vigil.guard.panel import FAULT_CLASSES, fault_class
from vigil.guard.probes import FAULTS, PROBES
from vigil.guard.probes.card import CardSeen
from vigil.guard.probes.clock import ClockSeen
from vigil.guard.probes.configuration import ConfigurationSeen
from vigil.guard.probes.disk import Trouble
from vigil.guard.probes.journal import JournalSeen
from vigil.guard.probes.keys import KeysSeen
from vigil.guard.probes.network import NetworkSeen
from vigil.guard.probes.part import PartSeen
from vigil.guard.probes.power import PowerSeen
from vigil.guard.probes.process import PATIENCE_S, ProcessSeen
from vigil.guard.probes.update import UpdateSeen
from vigil.guard.probes.wear import WearSeen

CASES = [
    (camera(state="lost", fault="nothing answers", fps=0), ["camera.lost"]),
    (camera(state="opening", fault="it was lost", fps=0), ["camera.lost"]),
    (camera(state="opening", fps=0), ["camera.opening"]),
    (camera(state="disk fault", fault="no space"), ["camera.disk"]),
    (camera(state="paused"), ["camera.paused"]),
    (camera(state="unclaimed"), ["camera.unclaimed"]),
    (camera(state="stopped"), ["camera.stopped"]),
    (camera(state="ended", fault="over", clock="unsynced"), []),
    (camera(state="watching", durable_age_s=5000.0), []),
    (camera(durable_age_s=12.5), ["camera.late"]),
    (camera(durable_age_s=12.5, mode="keyframes+motion"), []),
    (camera(durable_age_s=42.5, mode="keyframes+motion"), ["camera.late"]),
    (camera(fps=0), ["camera.still"]),
    (camera(fps=-1.0), []),
    (camera(picture_check="frozen"), ["camera.frozen"]),
    (camera(picture_check="black"), ["camera.black"]),
    (camera(picture_check="not checked"), []),
    (camera(clock="stepped"), ["camera.clock"]),
    (replace(DISK, trouble=Trouble.WRONG, total_bytes=0), ["disk.wrong"]),
    (replace(DISK, trouble=Trouble.READ_ONLY), ["disk.read-only"]),
    (replace(DISK, trouble=Trouble.REFUSES), ["disk.refuses"]),
    (replace(DISK, trouble=Trouble.OVER), ["disk.over"]),
    (replace(DISK, trouble=Trouble.HELD, free_bytes=1), ["disk.held", "disk.full"]),
    (replace(DISK, total_bytes=0, free_bytes=0), ["disk.unknown"]),
    (CardSeen(complaint="it goes bad"), ["card.failing"]),
    (ClockSeen(trust=Trust.UNSYNCED), ["clock.unsynced"]),
    (ClockSeen(trust=Trust.UNSYNCED, was_synced=True), ["clock.lost"]),
    (ClockSeen(trust=Trust.STEPPED, was_synced=True, complaint="confirm it"), ["clock.jumped", "clock.stepped"]),
    (PowerSeen(last="battery"), ["power.battery"]),
    (PowerSeen(last="low", alarms=("worn",)), ["power.low", "power.worn"]),
    (PowerSeen(last="critical", unknown="nobody answers"), ["power.unknown", "power.critical"]),
    (PowerSeen(last="unknown", unknown="nobody answers"), ["power.unknown"]),
    (PowerSeen(last="mains", alarms=("overloaded", "bypassed")), ["power.overloaded", "power.bypassed"]),
    (Board(flags=["under-voltage", "frequency-capped", "soft-limit"]), ["board.under-voltage"]),
    (Board(flags=["throttled"], temperature_c=85.0), ["board.throttled"]),
    (Board(temperature_c=80.0), ["board.hot"]),
    (Board(flags=["frequency-capped", "soft-limit"]), []),
    (WearSeen(used_pct=89, days=0), []),
    (WearSeen(used_pct=90, stated=True), ["wear.worn"]),
    (WearSeen(spare_low=True), ["wear.spare"]),
    (NetworkSeen(reached=False), ["network.none"]),
    (NetworkSeen(reached=False, was_reached=True), ["network.lost"]),
    (PartSeen(what="camera gate", words="it was pulled out"), ["part.camera"]),
    (PartSeen(what="disk of the neighbour", words="it hums"), ["part.storage"]),
    (PartSeen(what="power off", words="this host is not switched off by Vigil"), ["part.power"]),
    (PartSeen(what="sensor hall", words="it chatters"), ["part.alarm"]),
    (PartSeen(what="clock chip", words="its battery is empty"), ["part.clock"]),
    (PartSeen(what="keys of me", words="lost"), ["part.records"]),
    (PartSeen(what="mqtt", words="nobody answers"), ["part.network"]),
    (PartSeen(what="presence", words="nobody is named"), ["part.settings"]),
    (PartSeen(what="judgement (Power)", words="a mistake in Vigil itself"), ["part.other"]),
    (PartSeen(what="memory of arm", words="it is not kept"), ["part.alarm"]),
    (KeysSeen(certified=False), ["keys.uncertified"]),
    (KeysSeen(certified=False, refusal="nobody answers"), ["keys.signer"]),
    (KeysSeen(certified=True, refusal="nobody answers"), []),
    (ConfigurationSeen(faults=(NO_CAMERA,)), ["configuration.no-camera"]),
    (ConfigurationSeen(faults=("mode: not a setting",)), ["configuration.salvaged"]),
    (ConfigurationSeen(on_trial=True), ["configuration.trial"]),
    (UpdateSeen(failed="it panicked"), ["update.failed"]),
    (UpdateSeen(trial="2.0.0", refused="not signed"), ["update.trial", "update.refused"]),
    (UpdateSeen(alone="slot B does not start"), ["update.one-system"]),
    (JournalSeen(open=False), ["journal.waiting"]),
    (JournalSeen(open=False, closed="read-only"), ["journal.closed"]),
    (JournalSeen(open=True, lost="gone", unreadable="line 3"), ["journal.lost", "journal.unreadable"]),
    (ProcessSeen(name="body", away_s=PATIENCE_S - 1), []),
    (ProcessSeen(name="body", away_s=PATIENCE_S), ["process.away"]),
]  # fmt: skip


def found(said: object) -> list[str]:
    (probe,) = (one for one in PROBES if isinstance(said, one.evidence))
    return [finding.id for finding in probe.look(said)]


@pytest.mark.parametrize("said", WELL, ids=lambda said: type(said).__name__)
def test_what_is_well_has_no_fault(said: object):
    assert found(said) == []


def test_every_probe_has_heard_of_a_box_that_is_well():
    assert {type(said) for said in WELL} == {probe.evidence for probe in PROBES}


@pytest.mark.parametrize(("said", "ids"), CASES, ids=lambda case: ",".join(case) if isinstance(case, list) else None)
def test_a_probe_finds_what_is_wrong(said: object, ids: list[str]):
    assert found(said) == ids


def test_every_kind_of_fault_is_found_by_somebody():
    of_silence = {probe.unknown_id for probe in PROBES}
    known = {fault for _, ids in CASES for fault in ids}

    assert known | of_silence >= set(FAULTS)
    assert known <= set(FAULTS)


def test_every_kind_belongs_to_its_probe_and_none_has_an_id_twice():
    assert sum(len(probe.faults) for probe in PROBES) == len(FAULTS)
    assert [kind.id for probe in PROBES for kind in probe.faults if kind.probe != probe.name] == []


def test_every_probe_has_a_fault_for_not_knowing():
    assert [probe.name for probe in PROBES if probe.unknown_id not in FAULTS] == []


def test_every_fault_is_counted_out_as_the_lamp_counts_its_name():
    kinds = [kind for kind in FAULTS.values() if kind.probe != "part"]

    assert [kind.id for kind in kinds if fault_class(kind.what.format("x")) != kind.blink] == []
    assert len(Blink) == len(FAULT_CLASSES)


def test_the_fault_lamp_has_something_to_count_for_every_place():
    assert {kind.blink for kind in FAULTS.values()} == set(Blink)
    assert {kind.level for kind in FAULTS.values()} == set(Level) - {Level.OK}

"""That a deletion is decided stands in the journal before the bytes go, whatever fails and wherever the power goes."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from fakes.diaries import diary
from fakes.faulty import FaultyCalls
from fakes.guards import guarding, has_fault, signing, wait_for
from fakes.power import CutCalls, PowerCut
from fakes.recordings import numbered, recording
from vigil.clock import HandClock
from vigil.config.model import Config
from vigil.config.model_storage import Storage
from vigil.config.write import written
from vigil.errors import VigilError
from vigil.events import Delete
from vigil.processes.forgetting import Forgetting
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.segments.session import Session
from vigil.store.disk import Calls, Disk
from vigil.store.journal_read import read_logs
from vigil.store.layout import segments_of
from vigil.store.marker import make_store

START_US = 1_770_000_000_000_000
SEGMENTS = 15
"""Minutes; four of them are too much, and ten are too young to go."""


def box(data: Path) -> Path:
    """A data directory with a camera that nobody records any more."""
    place = Place(data)
    make_store(Disk(FaultyCalls(0)), place.video, os.urandom)
    place.state.mkdir()
    storage = Storage(maximum_bytes=1 << 20, free_start_bytes=1 << 20, free_target_bytes=2 << 20, reserve_bytes=1 << 20)
    place.config_files.owners.write_bytes(written(replace(Config(), storage=storage)))
    made, clock = recording(place.video, clock=HandClock(wall_us=START_US), disk=Disk(FaultyCalls(0)))
    for number in range(SEGMENTS):
        made.begin("continuous", [numbered(number * 10, clock.steady_us(), size_bytes=90_000)])
        clock.forward_us(59_000_000)
        made.append([numbered(number * 10 + 1, clock.steady_us())])
        made.end("over")
        clock.forward_us(1_000_000)
    made.close("stopped")
    return data


def forget(data: Path, calls: Calls) -> None:
    """What guard does about it: decide, enter, delete."""
    place, clock, disk = Place(data), HandClock(wall_us=START_US + 10**10), Disk(calls)
    book = diary(place, clock, disk=disk)

    def enter(kind: str, fields: object) -> bool:
        try:
            book.happened(kind, fields)  # type: ignore[arg-type]
        except VigilError:
            return False
        return True

    try:
        forgetting = Forgetting(load(data, Disk()), disk=disk, clock=clock, session=Session(os.urandom))
        orders = forgetting.due(now_us=clock.wall_us(), days_count=False, enter=enter)
        forgetting.do("gate", orders)
    finally:
        book.close()


def gone(data: Path) -> set[int]:
    """The segments of which anything is gone."""
    there = segments_of(Place(data).video / "gate")
    return set(range(1, SEGMENTS + 1)) - {one.seq for one in there if one.media.exists() and one.seal.exists()}


def decided(data: Path) -> set[int]:
    """The segments whose deletion stands in the journal, as a guard finds it that starts now."""
    place = Place(data)
    diary(place, HandClock(), disk=Disk(FaultyCalls(0))).close()
    entries = [one for log in read_logs(place.journal) for one in log.entries() if one.kind == "deletion.decided"]
    runs = [run for one in entries for run in one.fields["segments"]]
    return {seq for first, last in runs for seq in range(first, last + 1)}


def check_cuts(tmp_path: Path, lefts: Sequence[str], *, step: int) -> tuple[int, int]:
    """Cut at every `step`-th operation; return how many states were looked at, and in how many something was gone."""
    prepared = box(tmp_path / "prepared")
    states = with_loss = 0
    for nth in count(1, step):
        data = shutil.copytree(prepared, tmp_path / f"{nth}")
        calls = CutCalls(data, nth)
        calls.adopt()
        try:
            forget(data, calls)
            assert gone(data) == decided(data) != set()
            return states, with_loss
        except PowerCut:
            pass
        for left in lefts:
            after = calls.survivor(tmp_path / f"{nth}-{left}", random.Random(nth) if left == "between" else left)
            lost = gone(after)
            assert lost <= decided(after), f"cut {nth}, {left}"
            states, with_loss = states + 1, with_loss + bool(lost)
            shutil.rmtree(after)
        shutil.rmtree(data)
    raise AssertionError("it never came to an end")


def test_wherever_the_power_goes_what_is_gone_was_decided(tmp_path: Path):
    states, with_loss = check_cuts(tmp_path, ["between"], step=17)

    assert states > 4
    assert with_loss > 1


@pytest.mark.slow  # every operation, and all that a cut may leave of each
def test_every_cut_of_a_deletion(tmp_path: Path):
    states, with_loss = check_cuts(tmp_path, ["synced", "written", "between"], step=1)

    assert states > 150
    assert with_loss > 20


@pytest.mark.slow  # every other operation fails once
@pytest.mark.parametrize(("mode", "lasting"), [("EIO", False), ("EIO", True), ("ENOSPC", True), ("short", False)])
def test_whichever_operation_fails_what_is_gone_was_decided(tmp_path: Path, mode: str, *, lasting: bool):
    prepared, losses = box(tmp_path / "prepared"), 0
    for nth in count(1, 2):
        data = shutil.copytree(prepared, tmp_path / f"{nth}")
        calls = FaultyCalls(nth, mode=mode, lasting=lasting)
        try:
            forget(data, calls)
        except VigilError:
            pass
        lost = gone(data)
        assert lost <= decided(data), f"{calls.befell} {nth}"
        losses += bool(lost)
        shutil.rmtree(data)
        if not calls.fired:
            break
    assert losses > 2


def order_of(recorder: HubClient) -> Delete:
    found = wait_for(recorder, lambda message: isinstance(message, Delete))
    assert isinstance(found, Delete)
    return found


def test_when_guard_orders_a_deletion_that_stands_in_the_journal(tmp_path: Path):
    place = Place(box(tmp_path / "data"))
    keeps = [one.keep for one in segments_of(place.video / "gate")]
    for keep in keeps:
        keep.touch()
    recorder = HubClient(place.hub, "record@gate")
    with signing(place), guarding(place) as client:
        assert recorder.connect()
        wait_for(client, has_fault("store"))
        for keep in keeps:
            keep.unlink()
        order = order_of(recorder)
        entries = [one for one in read_logs(place.journal)[-1].entries() if one.kind == "deletion.decided"]
    recorder.close()

    assert (order.camera, order.segment, order.why) == ("gate", 1, "recordings took more room than allowed")
    assert entries[0].fields["segments"][0][0] == 1
    assert entries[0].fields["camera"] == "gate"
    assert gone(place.data) == set(), "the recorder deletes, and it did not"

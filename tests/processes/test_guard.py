"""Guard: what it forgets and what it never does, whatever the clock says, and that no disk brings it down."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import vigil
from fakes.faulty import FaultyCalls
from fakes.guards import guarding, has_fault, has_no_fault, signing, wait_for
from fakes.recordings import numbered, recording
from vigil.clock import Clock, HandClock
from vigil.config.model import Camera, Config, Owner
from vigil.config.model_storage import Storage
from vigil.config.write import written
from vigil.events import Answer, Cue, Health, LogLevel, Pause, Status
from vigil.processes.forgetting import Forgetting
from vigil.processes.hub import HubClient
from vigil.processes.place import Place
from vigil.processes.settings import load
from vigil.processes.timekeeper import Timekeeper
from vigil.segments.age import Identity
from vigil.segments.note import NoteKey
from vigil.segments.session import Session, device_id, open_certificate
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.index import Index, index_path
from vigil.store.journal_read import read_logs
from vigil.store.layout import RESERVE, segments_of
from vigil.store.marker import make_store

DAY_US = 86_400_000_000
YEAR_US = 365 * DAY_US
NOW_US = vigil.BUILT_US + 100 * DAY_US
CONFIG = Config(
    cameras=(Camera(id="gate", source="synthetic"),),
    owner=Owner(recipients=(str(Identity(bytes(range(32))).recipient),)),
    storage=Storage(keep_days=30, free_start_bytes=1 << 20, free_target_bytes=2 << 20, reserve_bytes=1 << 20),
)


@pytest.fixture
def place(tmp_path) -> Place:
    place = Place(tmp_path)
    store_id = make_store(Disk(), place.video, os.urandom)
    place.state.mkdir()
    place.store_id.write_text(store_id)
    configure(place, CONFIG)
    return place


def configure(place: Place, config: Config) -> None:
    place.config_files.owners.write_bytes(written(config))


def record(place: Place, count: int, *, wall_us: int = NOW_US, trust: str = "synced", camera: str = "gate") -> None:
    """Segments of a minute each, as far as their times go; two pictures in each."""
    made, clock = recording(place.video, clock=HandClock(wall_us=wall_us - count * 60_000_000), camera=camera)
    made.trust = trust
    for number in range(count):
        made.begin("continuous", [numbered(number * 10, clock.steady_us())])
        clock.forward_us(59_000_000)
        made.append([numbered(number * 10 + 1, clock.steady_us())])
        made.end("over")
        clock.forward_us(1_000_000)
    made.close("stopped")


def entered(_kind: str, _fields: object) -> bool:
    return True


class Retention:
    """Guard's clock and retention, looked at by hand."""

    def __init__(self, place: Place, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = clock
        self.synced = True
        self.place = place
        monkeypatch.setattr("vigil.processes.timekeeper.synchronised", lambda: self.synced)
        self.boot("first")

    def boot(self, name: str) -> None:
        self.time = Timekeeper(Disk(), self.place, self.clock, boot=name)
        self.forgetting = Forgetting(
            load(self.place.data, Disk()), disk=Disk(), clock=self.clock, session=Session(os.urandom)
        )

    def live(self, hours: float) -> int:
        """Let time pass; return how many deletions were due at most."""
        worst = 0
        for number in range(round(hours * 6)):
            self.clock.sleep(600)
            self.time.look()
            if number % 48 < 2 or (number % 6 == 5 and hours < 24):
                now_us, days_count = self.clock.wall_us(), self.time.days_count
                due = self.forgetting.due(now_us=now_us, days_count=days_count, enter=entered)
                worst = max(worst, len(list(due)))
        return worst


@pytest.fixture
def retention(place, monkeypatch) -> Retention:
    record(place, 100)
    return Retention(place, HandClock(wall_us=NOW_US), monkeypatch)


@pytest.mark.slow  # a month, a look every few minutes
def test_an_honest_clock_forgets_after_the_days_to_keep(retention):
    assert retention.live(hours=2) == 0
    for _ in range(31):
        retention.live(hours=24)

    assert retention.live(hours=1) >= 80


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_steps_by_years_forgets_nothing(retention, years):
    retention.live(hours=2)
    retention.clock.step(years * 365 * 86_400)

    assert retention.live(hours=72) == 0
    assert retention.forgetting.segments == 100


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_was_wrong_since_the_box_was_switched_on_forgets_nothing(retention, years):
    retention.live(hours=2)
    retention.time.save()
    retention.clock.step(years * 365 * 86_400)
    retention.boot("second")

    assert retention.live(hours=72) == 0


@pytest.mark.slow  # forty days, a look every few minutes
def test_a_box_that_is_offline_forgets_nothing_by_days(retention):
    retention.synced = False
    retention.boot("second")

    assert retention.live(hours=24 * 40) == 0


def test_a_box_that_lost_its_state_and_gets_a_wrong_time_forgets_nothing_at_once(place, monkeypatch):
    record(place, 100)
    retention = Retention(place, HandClock(wall_us=NOW_US + 10 * YEAR_US), monkeypatch)

    assert retention.live(hours=0.9) == 0, "an hour in step with the world comes first"


# On disks that are not ours, or refuse


def forgetting(place: Place, clock: Clock | None = None) -> Forgetting:
    return Forgetting(
        load(place.data, Disk()), disk=Disk(), clock=clock or HandClock(wall_us=NOW_US), session=Session(os.urandom)
    )


def test_a_camera_that_nobody_records_is_tidied_in_one_sidecar_of_our_own(place):
    record(place, 60, wall_us=NOW_US - 31 * DAY_US)
    ours = forgetting(place)
    orders = list(ours.due(now_us=NOW_US, days_count=True, enter=entered))
    assert len(orders) == 49, "ten minutes of each camera always stay"
    held = segments_of(place.video / "gate")[3]
    held.keep.touch()

    ours.do("gate", orders)

    left = segments_of(place.video / "gate")
    assert [s.seq for s in left] == [4, *range(50, 61), 61]
    said = [read_line(line) for line in read_lines(left[-1].seal.read_bytes())]
    assert [one.type for one in said] == ["opened", *["deleted"] * 48, "sealed"]


def test_a_camera_that_somebody_records_after_all_is_left_to_them(place, caplog):
    record(place, 20, wall_us=NOW_US - 31 * DAY_US)
    orders = list(forgetting(place).due(now_us=NOW_US, days_count=True, enter=entered))
    made, _ = recording(place.video, clock=HandClock(wall_us=NOW_US))

    forgetting(place).do("gate", orders)

    made.close("stopped")
    assert "another process records gate" in caplog.text
    assert len(segments_of(place.video / "gate")) == 20


def kinds(place: Place) -> list[str]:
    return [entry.kind for entry in read_logs(place.journal)[-1].entries()]


def test_a_guard_that_starts_before_the_signer_is_certified_late(place):
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)
    with guarding(place) as client:
        wait_for(client, has_fault("signer"))
        wait_for(client, lambda m: isinstance(m, Health) and m.entries > 0)
        with signing(place):
            wait_for(client, has_no_fault)

    log = read_logs(place.journal)[-1]
    certified = [entry.fields for entry in log.entries() if entry.kind == "session.certified"]
    assert len({fields["session"] for fields in certified}) == 2
    identity = NoteKey.parse((place.state / "identity.vkey").read_text().strip())
    assert all(open_certificate(str(fields["cert"]), identity).peer == "guard" for fields in certified)


def test_a_state_disk_that_becomes_read_only_is_told_and_comes_back(place):
    calls = FaultyCalls(0, mode="EROFS", lasting=True)
    with signing(place), guarding(place, disk=Disk(calls)) as client:
        wait_for(client, has_no_fault)
        calls.nth, calls.seen = 1, 0
        record(place, 1)
        wait_for(client, has_fault("journal"))
        wait_for(client, lambda m: isinstance(m, Health) and m.entries == 0)
        calls.heal()
        wait_for(client, has_no_fault)

    assert kinds(place).count("segment.sealed") == 1
    assert len(read_logs(place.journal)) == 1


def test_nothing_is_written_where_the_disk_should_be_and_it_is_told(place, tmp_path):
    away = place.video.rename(tmp_path / "away")
    place.video.mkdir()
    with signing(place), guarding(place) as client:
        wait_for(client, has_fault("store"))
        assert list(place.video.iterdir()) == []
        place.video.rmdir()
        away.rename(place.video)
        wait_for(client, has_no_fault)
        wait_for(client, lambda _: (place.video / "identity").exists() and (place.video / RESERVE).exists())


def test_a_box_without_a_camera_says_so_as_a_fault(place):
    configure(place, replace(CONFIG, cameras=()))
    with signing(place), guarding(place) as client:
        wait_for(client, has_fault("configuration: no camera is configured"))


def test_a_disk_full_of_holds_is_a_fault_that_says_what_to_do(place):
    configure(place, replace(CONFIG, storage=replace(CONFIG.storage, maximum_bytes=1 << 20)))
    record(place, 30)
    for segment in segments_of(place.video / "gate"):
        segment.keep.touch()
    with signing(place), guarding(place) as client:
        health = wait_for(client, has_fault("store"))

    assert isinstance(health, Health)
    assert "release a hold" in health.faults[0]
    assert len(segments_of(place.video / "gate")) == 30


def test_a_statement_that_is_not_right_is_a_fault_and_the_rest_is_entered(place):
    record(place, 3)
    damaged = segments_of(place.video / "gate")[1]
    lines = damaged.seal.read_bytes().split(b"\n")
    lines[-2] = lines[-2].replace(b'"frames":2', b'"frames":3')
    damaged.seal.write_bytes(b"\n".join(lines))
    with signing(place), guarding(place) as client:
        wait_for(client, has_fault("statements: 1 could not be taken in"))

    assert kinds(place).count("segment.sealed") == 2


def test_a_pause_for_a_camera_that_nobody_records_is_answered_no(place):
    with guarding(place) as client:
        client.send(Pause(camera="gate", paused=True, who="me"))
        answer = wait_for(client, lambda message: isinstance(message, Answer))

    assert isinstance(answer, Answer)
    assert not answer.ok
    assert "no recorder" in answer.words


def test_an_order_counts_as_done_when_its_recorder_has_obeyed_and_not_before(place):
    with guarding(place) as client:
        recorder = HubClient(place.hub, "record@gate")
        assert recorder.connect()
        # Whoever comes is told that no alarm is on.
        wait_for(recorder, lambda message: isinstance(message, Cue))
        recorder.send(Answer(ok=True, words="done"))
        recorder.send(Status(camera="gate", state="recording"))
        wait_for(client, lambda message: isinstance(message, Status))
        client.send(Pause(camera="gate", paused=True, who="me"))
        wait_for(recorder, lambda message: isinstance(message, Pause))
        client.send(LogLevel(level="info"))
        first = wait_for(client, lambda message: isinstance(message, Answer))
        recorder.send(Answer(ok=True, words="done"))
        second = wait_for(client, lambda message: isinstance(message, Answer))
        client.send(Pause(camera="gate", paused=False, who="me"))
        wait_for(recorder, lambda message: isinstance(message, Pause))
        recorder.close()
        third = wait_for(client, lambda message: isinstance(message, Answer))

    assert isinstance(first, Answer)
    assert "now logs from" in first.words
    assert second == Answer(ok=True, words="done")
    assert isinstance(third, Answer)
    assert not third.ok
    assert "has not obeyed yet" in third.words


def test_whoever_holds_or_releases_a_segment_is_in_the_journal_once_and_in_the_index(place):
    record(place, 3)
    holds, (first, second, _) = Holds(Disk(), place.video / "gate"), segments_of(place.video / "gate")
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)
        holds.place(first, who="me", why="the bicycle", at_us=NOW_US)
        holds.place(second, who="me", why="the bicycle", at_us=NOW_US)
        wait_for(client, lambda _: kinds(place).count("segment.kept") == 2)
    holds.release(first, who="you", why="found again", at_us=NOW_US)
    with signing(place), guarding(place) as client:
        wait_for(client, lambda _: "segment.released" in kinds(place))
    with Index.open(index_path(place.state)) as index:
        rows = index.events(kinds=["segment.kept", "segment.released"])
        said = [(row.kind, row.fields["segment"], row.fields["who"], row.fields["why"]) for row in rows]
        kept = [row.kept for row in index.segments("gate", 0, 1 << 53)]

    assert said == [
        ("segment.kept", 1, "me", "the bicycle"), ("segment.kept", 2, "me", "the bicycle"),
        ("segment.released", 1, "you", "found again"),
    ]  # fmt: skip
    assert kept == [False, True, False]


def test_everything_is_entered_before_guard_ends(place):
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)
        record(place, 2)

    assert kinds(place).count("segment.sealed") == 2
    assert not Path(place.hub).exists()


def test_a_box_that_lost_its_identity_keeps_the_key_that_proves_what_it_recorded_before(place):
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)
    before = (place.video / "identity").read_text()
    place.identity_key.unlink()
    with signing(place), guarding(place) as client:
        wait_for(client, has_no_fault)

    device = device_id(NoteKey.parse(before.strip()).public)
    assert (place.video / "identity").read_text() != before
    assert (place.video / f"identity-{device}").read_text() == before

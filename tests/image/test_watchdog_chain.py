"""
Whatever hangs, the box records again: each link of the watchdog chain, broken in a box that records.

Every test here begins with a box whose memory was kept while it recorded. Times are printed: they are those of the
emulator, in which a start takes a minute or more; docs/reliability.md has them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fakes.qemu import emulated_for
from fakes.recording_box import Box, Running, Start, recording_box, resumed

# A minute until a watchdog bites, and one or two for the start: the emulator takes as long as it takes.
pytestmark = emulated_for(2400)


CAMERA = "vigil-record@bench.service"
HOW_THE_BOX_IS = "systemctl show --value -p StatusText vigil-upkeep"


@pytest.fixture(scope="module")
def box() -> Box:
    return recording_box()


def tell(what: str, seconds: float) -> None:
    print(f"{what}: durable again after {seconds:.0f} s")


def reset_by(running: Running, command: str, *, called: str) -> Start:
    """Type a command that nobody outlives, wait until the box records again, and return how it started."""
    began = time.monotonic()
    running.shell.tell(command)
    found = running.records_after_reset(began)
    tell(f"{called}, reset after {found.reset_s:.0f} s", found.records_s)
    return found.start


def budget(running: Running) -> dict[str, object]:
    """What the card remembers of restarts."""
    found: dict[str, object] = json.loads(running.shell.ask("cat /vigil/state/reboot-budget.json; echo"))
    return found


def has_restarted(times: int) -> str:
    """Commands after which the box thinks that it has just restarted itself so many times."""
    note = json.dumps({"forced": times, "calm_s": 0, "ended": "restarted", "why": "a test"})
    return f"systemctl stop vigil-upkeep; echo '{note}' >/vigil/state/reboot-budget.json; systemctl start vigil-upkeep"


def test_a_recorder_that_hangs_is_ended_and_another_records(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        boot = running.shell.ask("cat /proc/sys/kernel/random/boot_id")
        running.shell.ask(f"kill -STOP $(systemctl show --value -p MainPID {CAMERA})")
        session, seconds = running.shell.until_recording(instead_of=running.session)
        tell("recorder stopped", seconds)

        assert session != running.session
        assert seconds < 200
        assert running.shell.ask("cat /proc/sys/kernel/random/boot_id") == boot
        assert running.shell.ask(f"systemctl show --value -p NRestarts {CAMERA}") == "1"
        assert "Watchdog timeout" in running.shell.ask(f"journalctl --no-pager -b -u {CAMERA}")


def test_a_systemd_that_hangs_is_reset_by_the_hardware(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        start = reset_by(running, "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze", called="systemd hung")

        assert (start.slot, start.after, start.left) == ("A", "reset", (3, 3))


@pytest.mark.torture
def test_a_writer_that_the_card_leaves_waiting_ends_in_a_restart_within_the_budget(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        began = time.monotonic()
        running.shell.ask("dmsetup suspend --noflush --nolockfs vigil-video")
        found = running.records_after_reset(began)
        tell(f"video stalled, restarted after {found.reset_s:.0f} s", found.records_s)
        assert (found.start.slot, found.start.after, found.start.left) == ("A", "reset", (3, 3))

        spent = budget(running)
        assert spent["forced"] == 1
        assert "the box restarted itself" in running.shell.ask("journalctl --no-pager -b -u vigil-upkeep")


@pytest.mark.torture
def test_a_stall_for_which_no_restart_is_left_is_waited_out_and_recording_goes_on(box: Box, tmp_path: Path):
    """Five minutes, with the budget spent: for now first, then for the day."""
    with resumed(box, tmp_path) as running:
        boot = running.shell.ask("cat /proc/sys/kernel/random/boot_id")
        running.shell.ask(has_restarted(1))
        running.shell.ask("dmsetup suspend --noflush --nolockfs vigil-video; sleep 150", timeout_s=400)
        for_now = running.shell.ask(HOW_THE_BOX_IS)
        running.shell.ask(f"{has_restarted(4)}; sleep 150", timeout_s=400)
        for_the_day = running.shell.ask(HOW_THE_BOX_IS)
        running.shell.ask("dmsetup resume vigil-video")
        session, seconds = running.shell.until_recording()
        tell("video stalled for 300 s, and the budget spent", seconds)

        assert "degraded" in for_now and "may be restarted later" in for_now
        assert "degraded" in for_the_day and "is not restarted again" in for_the_day
        assert "all is well" in running.shell.ask(f"sleep 10; {HOW_THE_BOX_IS}")
        assert running.shell.ask("cat /proc/sys/kernel/random/boot_id") == boot
        # The recorder that had waited for the card was ended by its watchdog, and gone when that answered.
        assert session != running.session


@pytest.mark.torture
def test_a_stalled_state_ends_in_a_restart_that_counts_though_no_note_could_be_taken(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        began = time.monotonic()
        running.shell.ask("dmsetup suspend --noflush --nolockfs vigil-state")
        # Meanwhile it records: a recorder needs no state.
        running.shell.until_recording(timeout_s=60)
        found = running.records_after_reset(began)
        tell(f"state stalled, restarted after {found.reset_s:.0f} s", found.records_s)

        assert budget(running)["forced"] == 1
        assert found.start.left == (3, 3)


@pytest.mark.torture
def test_a_card_that_stalls_as_a_whole_ends_in_a_restart(box: Box, tmp_path: Path):
    """A sector a second: nothing of the card can be read any more, the programs that are to act included."""
    at_will = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    with resumed(box, tmp_path) as running, running.guest.qmp() as control:
        began = time.monotonic()
        control.execute("block_set_io_throttle", device="card", **{**at_will, "bps_rd": 512, "bps_wr": 512})
        running.guest.wait_for("^U-Boot", timeout_s=600)
        control.execute("block_set_io_throttle", device="card", **at_will)
        found = running.records_after_reset(began)
        tell(f"whole card stalled, reset after {found.reset_s:.0f} s", found.records_s)

        assert (found.start.slot, found.start.after, found.start.left) == ("A", "reset", (3, 3))
        assert budget(running)["forced"] == 1


@pytest.mark.torture
def test_a_panic_ends_in_a_reset(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        start = reset_by(running, "echo c >/proc/sysrq-trigger", called="kernel panic")

        assert (start.slot, start.after, start.left) == ("A", "reset", (3, 3))
        assert budget(running)["forced"] == 1


@pytest.mark.torture
def test_a_systemd_that_crashes_restarts_the_box(box: Box, tmp_path: Path):
    with resumed(box, tmp_path) as running:
        start = reset_by(running, "kill -SEGV 1", called="systemd crashed")

        assert (start.slot, start.after) == ("A", "reset")

"""An update that is no good: the system before it records again by itself, and says what happened."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.inside import UNITS, files_of
from fakes.inside_shell import SHELL
from fakes.qemu import emulated_for
from fakes.recording_box import Box, Start, recording_box, resumed
from fakes.updates import UPDATE, changed_program, slot_with, system_update, told_of_updates
from fakes.web_files import serving

pytestmark = emulated_for(3600)

THREE_TIMES = "it was started three times and has not proved itself"
FIRST = """[Unit]
DefaultDependencies=no
After=initrd-root-device.target
Before=initrd.target
[Service]
Type=oneshot
ExecStart=/bin/bash /first.sh
"""
PANICS = "echo c > /proc/sysrq-trigger"
# How many tries the new system has left, U-Boot has just written to the first partition.
ANOTHER_WAY_EACH_TIME = f"""
left=$(tr -c 'A-Z_=0-9' '\\n' </dev/disk/by-partuuid/56494749-01 | sed -n '/BOOT_B_LEFT=/{{s/.*=//p;q}}')
echo "inside: $left left" >/dev/console
[ "$left" != 3 ] || {PANICS}
[ "$left" != 2 ] || sleep infinity
"""
NO_RECORDER = "[Service]\nExecStart=\nExecStart=/bin/false\n"
NO_PROGRAM = """[Unit]
DefaultDependencies=no
Before=local-fs.target
[Mount]
What=tmpfs
Where=/opt/vigil
Type=tmpfs
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is wrong with a new system: `first` runs before its root is there, `run_files` lie below /run after that."""

    first: str = ""
    more: dict[str, bytes | str] = field(default_factory=dict)
    run_files: dict[str, str] = field(default_factory=dict)
    starts: int = 3
    why: str = THREE_TIMES

    @property
    def files(self) -> dict[str, bytes | str]:
        """What its initrd gets, a shell for the test included."""
        unit: dict[str, bytes | str] = {
            "first.sh": self.first.encode(),
            f"{UNITS}/first.service": FIRST.encode(),
            f"{UNITS}/initrd.target.wants/first.service": "../first.service",
        }
        return unit | self.more | files_of(SHELL, run_files=self.run_files)


TRIALS = {
    "panics": Trial(first=PANICS),
    # It panics, hangs before its root, and comes up without a single program of ours, one after the other. Waits of
    # minutes are shorter here; how long they are on a box is held by tests/image/test_watchdog_times.py.
    "dies in another way each time": Trial(
        first=ANOTHER_WAY_EACH_TIME,
        more={f"{UNITS}/initrd.target.d/sooner.conf": b"[Unit]\nJobTimeoutSec=40\n"},
        run_files={
            "systemd/system/opt-vigil.mount": NO_PROGRAM,
            "systemd/system/local-fs.target.d/no.conf": "[Unit]\nWants=opt-vigil.mount\n",
            "systemd/system/vigil-trial.timer.d/sooner.conf": "[Timer]\nOnBootSec=\nOnBootSec=60\n",
        },
    ),
    # It would be watched for ten minutes; for a test it loses its patience after four.
    "does not record": Trial(
        run_files=changed_program("upkeep", "sed -i 's/^TRIAL_US = .*/TRIAL_US = 240_000_000/' health.py")
        | {"systemd/system/vigil-record@.service.d/no.conf": NO_RECORDER},
        starts=1,
        why="it ran, but did not prove itself: vigil-record@bench.service",
    ),
}


@pytest.fixture(scope="module")
def box() -> Box:
    return recording_box()


@pytest.mark.parametrize(
    "name",
    [
        "panics",
        # Seven minutes each.
        pytest.param("dies in another way each time", marks=pytest.mark.torture),
        pytest.param("does not record", marks=pytest.mark.torture),
    ],
)
def test_a_trial_that_is_no_good_gives_way_to_the_old_system(box: Box, tmp_path: Path, name: str):
    trial = TRIALS[name]
    files = tmp_path / "files"
    files.mkdir()
    bundle = system_update(files / "vigil-0.2.0-debian.raucb", slot_with(SHELL, tmp_path, trial.files), "0.2.0")

    with serving(files) as port, resumed(box, tmp_path) as running:
        shell = running.shell
        shell.ask(f"{UPDATE} install http://10.0.2.2:{port}/{bundle.name} --data /vigil", timeout_s=600)
        began = time.monotonic()
        shell.tell("systemctl reboot")
        starts = [running.start(timeout_s=1200) for _ in range(trial.starts + 1)]
        left = time.monotonic()
        while shell.wait() != "A":
            """The new system's shells were there, too."""
        shell.until_recording(instead_of=running.session)
        records = time.monotonic()
        status = shell.ask(f"{UPDATE} status --data /vigil")
        told = told_of_updates(shell)

    print(f"{name}: the old system was started {left - began:.0f} s after the restart, and recorded after "
          f"{records - began:.0f} s")  # fmt: skip
    tried = [Start(slot="B", after="reset", left=(3, left)) for left in (3, 2, 1)[: trial.starts]]
    assert starts == [*tried, Start(slot="A", after="reset", left=(3, 0))]
    assert "version 0.1.0 (vigil-debian) runs from slot A" in status
    assert f"the update to 0.2.0 failed: {trial.why}" in status
    assert told[:2] == ["began", "installed"] and told[-1] == "failed"

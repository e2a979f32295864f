"""The owner goes back to the version before: it records, with what it understands of the settings."""

from __future__ import annotations

import time
from pathlib import Path

from fakes.qemu import emulated_for
from fakes.recording_box import Start, recording_box, resumed
from fakes.updates import UPDATE, slots_in

# A start.
pytestmark = emulated_for(1200, at_length=True)

# What the newer version has made of the settings, by the owner's wish.
NEWER = "sed -i 's/^schema = 1$/schema = 2/; s/^fps = 5$/fps = 4/' /vigil/state/vigil.toml"


def test_going_back_by_hand_finds_settings_of_a_newer_version_and_records(tmp_path: Path):
    with resumed(recording_box(), tmp_path) as running:
        shell = running.shell
        shell.ask(NEWER)
        newer = shell.ask("cat /vigil/state/vigil.toml")
        began = time.monotonic()
        shell.tell(f"{UPDATE} rollback --data /vigil")
        running.guest.wait_for("going back from 0.1.0 to the version in slot B; the box restarts", timeout_s=120)
        assert running.start() == Start(slot="B", after="reset", left=(3, 3))
        shell.wait()
        shell.until_recording(instead_of=running.session)
        print(f"recorded {time.monotonic() - began:.0f} s after the command")
        status = shell.ask(f"{UPDATE} status --data /vigil")
        used = shell.ask("journalctl --no-pager -b -o cat | grep -o 'configuration: .*' | sort -u || true")
        slots = slots_in(shell)
        kept = shell.ask("cat /vigil/state/vigil.toml")

    assert "you went back from 0.1.0 to the version before it" in status
    assert "schema = 2\n" in newer and "fps = 4\n" in newer
    assert "written for a newer version of Vigil" in used and kept == newer
    assert slots == "A_LEFT=3, B_LEFT=3, CUTS=0, ORDER=B A, TRIAL=-, TRY=B"

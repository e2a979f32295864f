"""
What the box is doing when its power goes. A further workload is one more entry in `WORKLOADS`.

Each begins with a card: one that was just flashed, or what a cut during another workload has left. The box is started
with its disk logged and the witness in it, does what the workload's script says, and is killed at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fakes.footage import footage
from fakes.inside import copy_of
from fakes.qemu import Machine, running
from fakes.recordings import OWNER
from power.host_tier import mount_options

CARD_MIB = 2048
BOOT_S = 1500
ALWAYS = "busy"
"""The camera that records all the time."""

SETUP = f"""owner_recipient = "{OWNER.recipient}"
hostname = "cut"

[recording]
segment_s = 10

[storage]
free_start_bytes = 2000000
free_target_bytes = 4000000
reserve_bytes = 1048576

[[camera]]
id = "{ALWAYS}"
source = "replay"
path = "/run/inside/film.mp4"

[camera.motion]
method = "off"

[[camera]]
id = "moved"
source = "synthetic"
mode = "motion"
width = 160
height = 120
fps = 2
bit_rate_kbps = 64
pre_roll_s = 2
post_roll_s = 2
"""
WITNESS = """
/opt/vigil/bin/python /run/inside/witness.py \
    "/dev/$(lsblk -ndo PKNAME "$(findmnt -no SOURCE /boot)")" /vigil/video
"""
NO_BARRIER = f"[Mount]\nOptions={mount_options()},nobarrier\n"
# What virtio-blk merges or drops by itself is not logged as it is done.
LOGGED = tuple(
    word
    for name in ("request-merging", "discard", "write-zeroes")
    for word in ("-global", f"virtio-blk-device.{name}=off")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """
    `script` runs beside the witness. The power goes once the camera that always records has promised segment `until`.

    `after` names the workload in the midst of which the power went before; "" for a card just flashed. `run_files` are
    put below /run before the system starts, and files `on_card` onto p1. One that `forgets` is not asked for what was
    promised before it. A control is made to fail, so that a pass means something.
    """

    name: str
    what: str
    until: int
    script: str = ""
    after: str = ""
    run_files: Mapping[str, str] = field(default_factory=dict)
    on_card: Mapping[str, str] = field(default_factory=dict)
    forgets: bool = False
    is_control: bool = False


WORKLOADS = {
    one.name: one
    for one in (
        Workload(name="recording", what="first boot and recording", until=9),
        Workload(name="recovery", what="recovery after a cut", until=2, after="recording"),
        Workload(
            name="reset", what="factory reset", until=3, after="recording", forgets=True,
            # A set-up file that was not taken over before is what the new box begins with.
            on_card={"reset.txt": "everything\n", "vigil.toml": f"{SETUP}# anew\n"},
        ),
        Workload(
            name="nobarrier", what="control: ext4 without barriers", until=4, is_control=True,
            run_files={"systemd/system/vigil-video.mount.d/50-control.conf": NO_BARRIER},
        ),
    )
}  # fmt: skip


def flashed(image: Path, place: Path, workload: Workload) -> Path:
    """A card as it would be flashed, with cameras, their film, the witness and the workload's script."""
    beside = {
        "film.mp4": footage("h264", frames=500, fps=25).read_bytes(),
        "witness.py": Path(__file__).with_name("witness.py").read_bytes(),
    }
    script = f"({workload.script}) &\n{WITNESS}" if workload.script else WITNESS
    copy_of(image, place, size_mib=CARD_MIB, setup=SETUP, script=script, beside=beside, run_files=workload.run_files)
    return place


def logged(card: Path, log: Path) -> Machine:
    """A machine whose disk is `card`, and every write to it goes to `log` too; nothing waits for this host's disk."""
    log.write_bytes(b"")
    drive = "driver=blklogwrites,node-name=card,log-sector-size=512"
    for name, file in (("file", card), ("log", log)):
        drive += f",{name}.driver=file,{name}.filename={file},{name}.cache.no-flush=on"
    return Machine(board="virt", card=card, card_drive=("-blockdev", drive), more=LOGGED)


def play(workload: Workload, card: Path, log: Path) -> None:
    """Run a workload on `card` until its power goes; every write of it is in `log` then."""
    with running(logged(card, log)) as guest:
        guest.wait_for("witness: watches", timeout_s=BOOT_S)
        end = time.monotonic() + BOOT_S
        while time.monotonic() < end:
            said = guest.wait_for(r"witness: \d+ marks, (\{.*\})|Traceback|I/O error", timeout_s=240)
            assert said[1], guest.told()
            if json.loads(said[1]).get(ALWAYS, [0])[0] >= workload.until:
                return
        raise AssertionError(f"{workload.name} never came so far:\n{guest.told()}")

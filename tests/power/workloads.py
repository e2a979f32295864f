"""
What the box is doing when its power goes. A further workload is one more entry in `WORKLOADS`.

Each begins with a card: one that was just flashed, or what a cut during another workload has left. The box is started
with its disk logged and the witness in it, does what the workload's script says, and is killed at the end.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fakes.footage import footage
from fakes.inside import copy_of
from fakes.qemu import Machine, running
from fakes.recordings import OWNER
from fakes.updates import UPDATE, make_stick, slot_with, system_update
from power.host_tier import mount_options
from power.results import CONTROL

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


VERSION = "9.0.0"
UPDATING = f"""
mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick
# A system that has yet to prove itself takes no update.
until {UPDATE} install /run/stick/vigil.raucb --data /vigil; do sleep 5; done
systemctl reboot
"""
KEPT = "inside: the update is kept"
UPDATED = f"""
until {UPDATE} status --data /vigil | grep "proved itself"; do sleep 5; done
sync
echo "{KEPT}"
"""


def update_on_a_stick(target: Path) -> Path:
    """A disk with an update to this very system, in which witness, film and a script are there again."""
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        files = Path(name) / "files"
        files.mkdir()
        more: dict[str, bytes | str] = {f"inside/{name}": data for name, data in beside().items()}
        system_update(files / "vigil.raucb", slot_with(in_box(UPDATED), Path(name), more), VERSION)
        return make_stick(target, files)


def in_box(script: str) -> str:
    """What runs in the box: a script, and the witness."""
    return f"({script}) &\n{WITNESS}" if script else WITNESS


def beside() -> dict[str, bytes]:
    """What the cameras film, and the witness."""
    return {
        "film.mp4": footage("h264", frames=500, fps=25).read_bytes(),
        "witness.py": Path(__file__).with_name("witness.py").read_bytes(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """
    `script` runs beside the witness, and `stick` makes a further disk for it. The power goes once the camera that
    always records has promised segment `until`, or, where that is 0, when the script says "`ends`".

    `after` names the workload in the midst of which the power went before; "" for a card just flashed. `run_files` are
    put below /run before the system starts, and files `on_card` onto p1. One that `forgets` is not asked for what was
    promised before it. A control is made to fail, so that a pass means something.
    """

    name: str
    what: str
    until: int = 0
    ends: str = ""
    script: str = ""
    stick: Callable[[Path], Path] | None = None
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
            name="update", what="an update and its trial", ends=KEPT, after="recording", script=UPDATING,
            stick=update_on_a_stick,
        ),
        Workload(
            name="nobarrier", what=f"{CONTROL} ext4 without barriers", until=4, is_control=True,
            run_files={"systemd/system/vigil-video.mount.d/50-control.conf": NO_BARRIER},
        ),
    )
}  # fmt: skip


def flashed(image: Path, place: Path, workload: Workload) -> Path:
    """A card as it would be flashed, with cameras, their film, the witness and the workload's script."""
    script, run_files = in_box(workload.script), workload.run_files
    copy_of(image, place, size_mib=CARD_MIB, setup=SETUP, script=script, beside=beside(), run_files=run_files)
    return place


def logged(card: Path, log: Path, disks: Sequence[Path] = ()) -> Machine:
    """A machine whose disk is `card`, and every write to it goes to `log` too; nothing waits for this host's disk."""
    log.write_bytes(b"")
    drive = "driver=blklogwrites,node-name=card,log-sector-size=512"
    for name, file in (("file", card), ("log", log)):
        drive += f",{name}.driver=file,{name}.filename={file},{name}.cache.no-flush=on"
    return Machine(board="virt", card=card, card_drive=("-blockdev", drive), disks=tuple(disks), more=LOGGED)


def play(workload: Workload, card: Path, log: Path, disks: Sequence[Path] = ()) -> None:
    """Run a workload on `card` until its power goes; every write of it is in `log` then."""
    ends = f"|{workload.ends}" if workload.ends else ""
    with running(logged(card, log, disks)) as guest:
        guest.wait_for("witness: watches", timeout_s=BOOT_S)
        end = time.monotonic() + BOOT_S
        while time.monotonic() < end:
            said = guest.wait_for(rf"witness: \d+ marks, (\{{.*\}})|Traceback|I/O error{ends}", timeout_s=400)
            if workload.ends and said[0] == workload.ends:
                return
            assert said[1], guest.told()
            if workload.until and json.loads(said[1]).get(ALWAYS, [0])[0] >= workload.until:
                return
        raise AssertionError(f"{workload.name} never came so far:\n{guest.told()}")

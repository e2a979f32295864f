"""A box takes an update from a USB stick, tries it, and keeps it once it has proved itself; others it refuses."""

from __future__ import annotations

import time

import pytest

from fakes.card import Card
from fakes.image import built
from fakes.inside import copy_of
from fakes.qemu import Machine, emulated, running
from fakes.updates import SETUP, make_stick, refused_updates, slot_with, system_update
from vigil.upkeep.slots import Slot, SlotState, decode

# Two boots of some minutes each, and 240 MB that are written to an emulated card: more than `make test` has time for.
pytestmark = [
    *(mark for mark in emulated if mark.name not in ("timeout", "slow")),
    pytest.mark.torture,
    pytest.mark.timeout(2400),
]

BOOT_S = 900
# Every line begins with a word that the test looks for. The same script runs in both slots.
SCRIPT = """
slot=$(grep -o 'rauc.slot=.' /proc/cmdline)
sealed() { find /vigil/video/bench -name '*.age' -size +8k 2>/dev/null | wc -l; }
recording() {
    for _ in $(seq 300); do [ "$(sealed)" -gt "$1" ] && break; sleep 2; done
    echo "inside: pictures $(sealed) before $1"
}
state() { cat /boot/slots.env /boot/slots2.env | sha256sum; }
update() { /opt/vigil/bin/vigil update "$@" --data /vigil; }
echo "inside: in $slot"
if [ "$slot" = rauc.slot=A ]; then
    recording 0
    mkdir -p /run/stick
    before=$(state)
    for _ in $(seq 30); do mount -o ro /dev/sda /run/stick && break; sleep 2; done
    for one in stranger older board unsigned truncated forged; do
        echo "inside: $one $(update install /run/stick/$one.raucb 2>&1 | grep -v ' %' | tail -n 1)"
    done
    umount /run/stick
    [ "$(state)" = "$before" ] && echo "inside: changed nothing"
    sealed > /vigil/state/had
    update status 2>&1 | sed 's/^/said: /'
    update install usb --restart 2>&1 | sed 's/^/said: /'
    systemctl --failed --no-legend | sed 's/^/said: /'
    journalctl -u rauc --no-pager | tail -n 40 | sed 's/^/said: /'
else
    recording "$(cat /vigil/state/had)"
    for _ in $(seq 200); do update status | grep -q 'has proved itself' && break; sleep 3; done
    update status | sed 's/^/inside: status /'
    echo "inside: failed $(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | paste -sd,)"
    for _ in $(seq 60); do grep -qs update.confirmed /vigil/state/journal/*/entries/* && break; sleep 1; done
    echo "inside: journal $(cat /vigil/state/journal/*/entries/* | grep -o 'update[.][a-z]*' | uniq -c | xargs)"
    echo "inside: root $(cat /proc/cmdline | grep -o 'verity_root_data=[^ ]*')"
    journalctl --boot --no-pager --priority=warning | tail -n 30 | sed 's/^/said: /'
    sync
    echo "inside: end"
fi
"""


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    """A flashed card, and a stick with updates; why each of those that are no good must be refused."""
    place = tmp_path_factory.mktemp("update")
    stick = place / "stick"
    stick.mkdir()
    reasons = refused_updates(stick)
    system_update(stick / "vigil-0.2.0-debian.raucb", slot_with(SCRIPT, place), "0.2.0")
    (place / "slot.img").unlink()
    card = copy_of(built().image, place / "card.img", size_mib=4096, setup=SETUP, script=SCRIPT)
    image = make_stick(place / "stick.img", stick)
    return card, image, reasons


def plugged(stick):
    return ("-device", "qemu-xhci", "-drive", f"if=none,id=stick,format=raw,readonly=on,file={stick}",
            "-device", "usb-storage,drive=stick")  # fmt: skip


def state_of(card: Card) -> SlotState:
    return decode(card.read(1, "slots.env"))


def test_updates_are_refused_taken_tried_and_kept(boxes):
    card, stick, reasons = boxes
    machine = Machine(board="virt", card=card.path, is_watched=True, ports=(443,), more=plugged(stick))
    with running(machine) as guest:
        for name, why in reasons.items():
            found = guest.wait_for(f"inside: {name} (.*)", timeout_s=BOOT_S)
            assert why in found[1], guest.told()
        guest.wait_for("inside: changed nothing", timeout_s=60)
        guest.wait_for("said: version 0.2.0 is installed", timeout_s=BOOT_S)
        installed = time.monotonic()
        guest.wait_for("^Vigil: slot B after reset, left A 3 B 3, trial B", timeout_s=BOOT_S)
        guest.wait_for("inside: pictures", timeout_s=BOOT_S)
        print(f"restart to recording from the new slot: {time.monotonic() - installed:.0f} s")
        guest.wait_for("inside: end", timeout_s=BOOT_S)
        said = [line.partition("inside: ")[2] for line in guest.lines if "inside: " in line]
        told = "\n".join(guest.lines)

    assert "status the update from 0.1.0 to 0.2.0 has proved itself" in said, told
    assert "failed" in [line.strip() for line in said], told
    assert "root verity_root_data=PARTUUID=56494749-06" in said
    journal = next(line for line in said if line.startswith("journal"))
    assert journal == "journal 6 update.refused 1 update.began 1 update.installed 1 update.trial 1 update.confirmed", (
        told
    )
    assert state_of(card) == SlotState(order=(Slot.B, Slot.A))

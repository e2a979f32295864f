"""A new card holds its system twice: what is lost with slot A, slot B has."""

from __future__ import annotations

from pathlib import Path

from fakes.damage import overwrite
from fakes.image import built
from fakes.inside import copy_of
from fakes.qemu import Machine, emulated, running
from vigil.upkeep.slots import SlotState, encode

# One boot in the emulator: two minutes, and more where the machine has other things to do.
pytestmark = emulated

BOOT_S = 900
SCRIPT = """
for device in /sys/block/dm-*; do
    [ "$(cat $device/dm/name)" = root ] && echo "inside: root on $(ls $device/slaves)"
done
echo "inside: slot $(grep -o 'rauc.slot=.' /proc/cmdline)"
echo "inside: read $(find /opt/vigil -type f -exec cat {} + | wc -c)"
echo "inside: end"
"""


def test_slot_b_of_a_new_card_starts_from_its_own_root_when_a_is_spent_and_destroyed(tmp_path: Path):
    card = copy_of(built().image, tmp_path / "card.img", size_mib=2048, setup="", script=SCRIPT, part=3)
    spent = encode(SlotState(left_a=0))
    card.write(1, "slots.env", spent)
    card.write(1, "slots2.env", spent)
    overwrite(card, 5, b"\xa5" * (200 << 20))

    with running(Machine(board="virt", card=card.path)) as guest:
        guest.wait_for("inside: end", timeout_s=BOOT_S)
        said = [line.partition("inside: ")[2] for line in guest.lines if "inside: " in line]

    assert said[:2] == ["root on vda6", "slot rauc.slot=B"]
    assert int(said[2].split()[1]) > 100_000_000

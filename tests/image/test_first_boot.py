"""A flashed card starts for the first time: it makes what it lacks, records, and goes on after the plug was pulled."""

from __future__ import annotations

import pytest

from fakes.configs import KEYS
from fakes.image import built
from fakes.inside import copy_of
from fakes.qemu import Machine, emulated_for, running
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import Stage, read_table

# A boot takes a minute and a half in the emulator, some minutes where the machine has other things to do.
pytestmark = emulated_for(1800)

BOOT_S = 800
SETUP = f"""owner_recipient = "{KEYS[0]}"
hostname = "garage"

[network]
wifi_name = "home"
wifi_password = "correct horse"

[[camera]]
id = "bench"
source = "synthetic"
width = 320
height = 240
fps = 5
bit_rate_kbps = 200
"""

# Every line begins with a word that the test looks for.
SCRIPT = """
sealed() { find /vigil/video/bench -name '*.age' -size +8k 2>/dev/null | wc -l; }
had=$(cat /vigil/state/had 2>/dev/null || echo 0)
for _ in $(seq 300); do [ "$(sealed)" -gt "$had" ] && break; sleep 2; done
echo "inside: pictures $(sealed) before $had"
sealed > /vigil/state/had
echo "inside: failed $(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | paste -sd,)"
echo "inside: name $(hostname) machine $(cat /etc/machine-id)"
echo "inside: mounts $(findmnt -no SOURCE /vigil/state) $(findmnt -no SOURCE /vigil/video)"
echo "inside: root $(findmnt -no OPTIONS / | cut -d, -f1)"
echo "inside: device $(cat /vigil/state/identity.vkey)"
echo "inside: listening $(cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == "0A"' | wc -l)"
echo "inside: firewall $(nft list chain inet vigil input | grep -c 'policy drop')"
echo "inside: tainted $(cat /proc/sys/kernel/tainted)"
journalctl --boot --no-pager --priority=warning | tail -n 30 | sed 's/^/said: /'
sync
echo "inside: end"
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """The card stays the same for all tests here: they are the boots of one box."""
    place = tmp_path_factory.mktemp("card") / "card.img"
    return copy_of(built().image, place, size_mib=4096, setup=SETUP, script=SCRIPT)


def boot(card):
    """Boot until the script has ended; what it said, by its first word."""
    with running(Machine(board="virt", card=card.path, is_watched=True)) as guest:
        guest.wait_for("inside: end", timeout_s=BOOT_S)
        lines = [line.partition("inside: ")[2].strip() for line in guest.lines if "inside: " in line]
        told = "\n".join(line for line in guest.lines if "said: " in line)
    return {line.split()[0]: line.partition(" ")[2] for line in lines}, told


def test_a_flashed_card_records_on_its_first_boot_and_goes_on_after_the_plug_was_pulled(card):
    first, told = boot(card)
    table = read_table(Sectors(card.path).read_sector)
    second, told_again = boot(card)

    for said, words in ((first, told), (second, told_again)):
        assert int(said["pictures"].split()[0]) > 0, words
        assert said["failed"] == "", words
        assert said["name"].startswith("garage machine ")
        assert said["mounts"] == "/dev/mapper/vigil-state /dev/mapper/vigil-video"
        assert (said["root"], said["firewall"], said["tainted"]) == ("ro", "1", "0"), words
    assert (table[7].type, table[8].type) == (Stage.READY, Stage.READY)
    assert table[8].end * 512 == 4096 << 20
    assert second["device"] == first["device"]
    was, before = second["pictures"].split()[0], second["pictures"].split()[-1]
    assert int(was) > int(before) > 0
    assert b"correct horse" not in card.read(1, "vigil.toml")

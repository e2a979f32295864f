"""Boots of a flashed card, as one watches them from outside: what it says of itself, and how long it took to record."""

from __future__ import annotations

import lzma
import shutil
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from boot.products import cache_directory
from builder.cache import sha256_of
from builder.publish import compress
from fakes.card import SECTOR, Card
from fakes.configs import KEYS
from fakes.image import built
from fakes.inside import copy_of
from fakes.qemu import Machine, running
from power.integrity import SUPER_BYTES, read_layout
from vigil.upkeep.block_devices import Card as Sectors
from vigil.upkeep.partition_table import read_table

BOOT_S = 2400
VIDEO = 8
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

# Every line begins with a word that a test looks for. `durable` comes first, as soon as it is true: it is timed.
SCRIPT = r"""
read -r boot </proc/sys/kernel/random/boot_id
# Looks at what this boot has begun to record, or with -L at what others have.
begun() { grep "$1" -a "\"boot\":\"$boot\"" /vigil/video/bench/*/*/*/*.seal 2>/dev/null; }
is_durable() { for seal in $(begun -l); do grep -aq '"type":"flushed"' "$seal" && return; done; return 1; }
until is_durable; do sleep 0.5; done
echo "inside: durable $(cut -d' ' -f1 /proc/uptime)"
earlier=$(begun -L)
echo "inside: earlier $(for seal in $earlier; do
    grep -aoE '"type":"(sealed|recovered)"' "$seal" | tail -n1 || echo neither
done | sort | uniq -c | paste -sd' ')"
echo "inside: failed $(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | paste -sd,)"
echo "inside: name $(hostname) machine $(cat /etc/machine-id)"
echo "inside: mounts $(findmnt -no SOURCE /vigil/state) $(findmnt -no SOURCE /vigil/video)"
echo "inside: root $(findmnt -no OPTIONS / | cut -d, -f1)"
echo "inside: device $(cat /vigil/state/identity.vkey)"
echo "inside: firewall $(nft list chain inet vigil input | grep -c 'policy drop')"
echo "inside: tainted $(cat /proc/sys/kernel/tainted)"
systemd-analyze time 2>&1 | sed 's/^/said: /'
systemd-analyze blame 2>/dev/null | head -n 12 | sed 's/^/said: /'
journalctl --boot --no-pager --priority=warning | tail -n 30 | sed 's/^/said: /'
echo "inside: end"
"""
POWER_OFF = "sync; systemctl poweroff\n"


@dataclass(frozen=True, slots=True)
class Boot:
    """What one boot said, by its first word; what else its script told; seconds from power to a durable fragment."""

    said: dict[str, str]
    told: str
    recording_s: float


def flashed(place: Path, *, size_mib: int, setup: str = SETUP, script: str = SCRIPT) -> Card:
    """A card as Raspberry Pi Imager writes it from the compressed image, with the owner's set-up file."""
    image = built().image
    digest = sha256_of(image)
    archive = _packed(digest, place.parent) / "card.img.xz"
    unpacked = place.with_suffix(".unpacked")
    with lzma.open(archive) as source, unpacked.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    assert sha256_of(unpacked) == digest, f"{archive} does not unpack to the card"
    card = copy_of(unpacked, place, size_mib=size_mib, setup=setup, script=script)
    unpacked.unlink()
    return card


def _packed(digest: str, scratch: Path) -> Path:
    """Where the compressed image lies: `make image` has made it, or it is made now."""
    for known in cache_directory().glob("packed-*/sha256"):
        if known.read_text().strip() == digest:
            return known.parent
    packed = scratch / "packed"
    packed.mkdir()
    compress(packed, built())
    return packed


def boot(card: Card, board: str = "virt", *, until_off: bool = False) -> Boot:
    """Give it power until its script has ended, or until it has switched itself off. On `virt` it has a network."""
    ports = (443,) if board == "virt" else ()
    with running(Machine(board=board, card=card.path, is_watched=board == "virt", ports=ports)) as guest:
        began = time.monotonic()
        guest.wait_for("inside: durable", timeout_s=BOOT_S)
        recording_s = time.monotonic() - began
        guest.wait_for("inside: end", timeout_s=300)
        if until_off:
            guest.wait_until_off(timeout_s=BOOT_S)
        lines = [line.partition("inside: ")[2].strip() for line in guest.lines if "inside: " in line]
        told = "\n".join(line for line in guest.lines if "said: " in line)
    return Boot({line.split()[0]: line.partition(" ")[2] for line in lines if line}, told, recording_s)


def needs_recovery(card: Card) -> bool:
    """
    Whether the journal of the file system of recordings waits to be played again, as after a cut.

    Only there can this be told from outside: writes to the state wait in dm-integrity's own journal.
    """
    first = read_table(Sectors(card.path).read_sector)[VIDEO].start
    with card.path.open("rb") as file:
        file.seek(first * SECTOR)
        layout = read_layout(file.read(SUPER_BYTES))
        assert layout, "the video partition has no dm-integrity"
        file.seek((first + layout.first + layout.tags) * SECTOR + 1024)
        super_block = file.read(1024)
    assert super_block[56:58] == b"\x53\xef", "the video partition has no ext4"
    return bool(struct.unpack_from("<I", super_block, 96)[0] & 4)

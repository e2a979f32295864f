"""
The smallest card on which the slot selector can be seen at work: no Linux, only a few instructions for each slot.

The payload that stands for a kernel says which slot it is on the serial port, then resets the machine (it died) or
waits for ever (it runs, or hangs).
"""

from __future__ import annotations

import gzip
import random
import struct
import subprocess
from pathlib import Path

from boot.products import boot_files
from fakes.card import TOOLS, Card

MIB = 1 << 20
IMAGE_BYTES = 0x10000
FIRST_MIB = 40  # p1 is FAT32, as on the real card, and that starts at 33 MiB


def make_tiny_card(path: Path, board: str, *, firmware_tree: bytes = b"", slot_mib: int = 8) -> Card:
    """A card whose slots A and B both die at once, with the boot files of the product on p1."""
    sizes = {1: FIRST_MIB * MIB, 2: slot_mib * MIB, 3: slot_mib * MIB}
    with path.open("wb") as file:
        file.truncate(1 << sum(sizes.values()).bit_length())  # QEMU's card reader wants a power of two
    at = MIB
    table = "label: dos\nlabel-id: 0x56494749\n"
    for part, size in sizes.items():
        table += f"{path}{part} : start={at // 512}, size={size // 512}, type={'c' if part == 1 else '83'}\n"
        at += size
    subprocess.run(["sfdisk", "--quiet", path], input=table.encode(), check=True, env=TOOLS)
    card = Card(path)
    for part, size in sizes.items():
        first, _ = card.extent(part)
        fat = ["-F", "32", "-s", "1"] if part == 1 else ["-F", "16", "-s", str(1 + slot_mib // 16)]
        made = ["mkfs.vfat", "--invariant", *fat, "--offset", str(first // 512), str(path), str(size // 1024)]
        subprocess.run(made, check=True, capture_output=True, env=TOOLS)
    for name, data in boot_files().items():
        card.write(1, name, data)
    if firmware_tree:
        card.write(1, "bcm2837-rpi-3-b.dtb", firmware_tree)
    for part, slot in ((2, "A"), (3, "B")):
        card.write(part, "vmlinuz", payload(board, f"payload {slot} died", dies=True))
        card.write(part, "initrd", b"no initrd is needed to die")
        card.write(part, "slot.env", f"slotargs_{slot}=slot-{slot}-args panic=10\n".encode())
    return card


def payload(board: str, says: str, *, dies: bool, compressed: bool = False) -> bytes:
    """An arm64 kernel image that prints a line and resets the machine, or waits."""
    uart = 0x3F215040 if board == "raspi3b" else 0x09000000
    end = _reset(board) if dies else [0xD503207F, 0x17FFFFFF]  # wfi; b to it
    code = [
        *_load(2, uart),
        0x10000001 | ((len(end) + 4 + 1) << 5),  # adr x1, the text: behind the loop and the end
        0x38401423,  # ldrb w3, [x1], #1
        0x34000063,  # cbz w3, +3: the end
        0xB9000043,  # str w3, [x2]
        0x17FFFFFD,  # b back to ldrb
        *end,
    ]
    text = b"\r\n" + says.encode() + b"\r\n\0"
    body = struct.pack(f"<{len(code)}I", *code) + text
    # Branch over the header; text offset 0; size; flags: little-endian, 4 KiB pages, may lie anywhere.
    head = struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, 0, IMAGE_BYTES, 0xA, 0, 0, 0, b"ARM\x64", 0)
    image = head + body
    # U-Boot's inflate gives up on the few bytes that zeros shrink to; real kernels shrink to a third.
    image += random.Random(0).randbytes(IMAGE_BYTES - len(image))
    return gzip.compress(image, mtime=0) if compressed else image


def _load(register: int, value: int) -> list[int]:
    """movz, movk: a 32-bit number into a register."""
    return [0xD2800000 | (value & 0xFFFF) << 5 | register, 0xF2A00000 | (value >> 16) << 5 | register]


def _reset(board: str) -> list[int]:
    if board == "raspi3b":
        # The watchdog, one tick from now, with a full reset.
        return [
            *_load(2, 0x3F100000),
            *_load(3, 0x5A000001),
            0xB9002443,  # str w3, [x2, #0x24]
            *_load(3, 0x5A000020),
            0xB9001C43,  # str w3, [x2, #0x1c]
            0x14000000,  # b .
        ]
    return [*_load(0, 0x84000009), 0xD4000002, 0x14000000]  # PSCI system reset; hvc #0; b .

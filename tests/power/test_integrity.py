"""Reading around the tags: where the kernel puts the data of a device, worked out beside it."""

from __future__ import annotations

import struct

from power.integrity import Layout, read_layout


def super_block(*, sections: int, provided: int) -> bytes:
    """As `integritysetup format --integrity crc32c --sector-size 4096` makes it: measured on a device of 256 MB."""
    head = struct.pack("<8sBBHIQIBB", b"integrt\0", 4, 15, 4, sections, provided, 8, 3, 15)
    return head.ljust(64, b"\0")


def test_a_device_of_256_mb_has_its_data_where_the_kernel_had_them():
    layout = read_layout(super_block(sections=10, provided=520_000))

    assert layout == Layout(first=3928, tags=32, interleave=32_768, provided=520_000)


def test_what_has_no_super_block_has_no_layout():
    assert read_layout(bytes(64)) is None
    assert read_layout(b"") is None


def test_tags_and_journal_are_left_out_and_runs_follow_each_other():
    layout = Layout(first=8, tags=2, interleave=4, provided=10)

    found = list(layout.inside(0, 30 * 512))

    # Runs of 2 + 4 sectors from sector 8 on; the last is short because the device is.
    assert found == [(10 * 512, 0, 2048), (16 * 512, 2048, 2048), (22 * 512, 4096, 1024)]


def test_a_write_that_begins_within_a_run_lands_there():
    layout = Layout(first=8, tags=2, interleave=4, provided=100)

    assert list(layout.inside(11 * 512 + 100, 300)) == [(0, 512 + 100, 300)]
    assert list(layout.inside(8 * 512, 2 * 512)) == []
    assert list(layout.inside(13 * 512, 4 * 512)) == [(0, 3 * 512, 512), (3 * 512, 4 * 512, 512)]


def test_where_a_byte_lies_is_where_a_write_of_it_is_found():
    layout = Layout(first=8, tags=2, interleave=4, provided=100)

    for byte in (0, 512 + 100, 4 * 512 - 1, 4 * 512, 99 * 512):
        assert list(layout.inside(layout.place_of(byte), 1)) == [(0, byte, 1)]

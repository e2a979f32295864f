"""Sealing: every flush is a place where the file can end, and nothing is ever sealed twice under one nonce."""

from __future__ import annotations

import hashlib
import os
import struct
from itertools import pairwise

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.errors import Truncated
from vigil.segments import age
from vigil.segments.seal import EMPTY_FREE_BOX, Sealer, padding
from vigil.segments.stream import CHUNK_BYTES, SEALED_CHUNK_BYTES
from vigil.segments.unseal import Unsealed, plain_offset

OWNER = age.Identity(bytes(range(32)))
THEIRS = pyrage.x25519.Identity.from_str(OWNER.text())


def box(size: int) -> bytes:
    """An mdat of `size` bytes in all."""
    return struct.pack(">I4s", size, b"mdat") + os.urandom(size - 8)


def without_free(plaintext: bytes) -> bytes:
    """Leave out the `free` boxes of a row of boxes."""
    kept, at = [], 0
    while at < len(plaintext):
        size, kind = struct.unpack_from(">I4s", plaintext, at)
        kept.append(b"" if kind == b"free" else plaintext[at : at + size])
        at += size
    assert at == len(plaintext)
    return b"".join(kept)


sizes = st.lists(st.integers(8, 200_000), min_size=1, max_size=6)


@settings(max_examples=60)
@given(sizes)
def test_a_file_may_end_at_any_flush_and_its_closer_makes_it_whole(fragments: list[int]):
    sealer = Sealer([OWNER.recipient], os.urandom)
    file, plain = b"", b""
    for size in fragments:
        fragment = box(size)
        plain += fragment
        sealer.add(fragment)
        flush = sealer.flush()
        file += flush.data

        assert (flush.size_bytes, flush.sha256) == (len(file), hashlib.sha256(file).hexdigest())
        opened = pyrage.decrypt(file + flush.closer, [THEIRS])
        assert opened.endswith(EMPTY_FREE_BOX)
        assert without_free(opened) == plain

    end = sealer.close()
    assert end.data == flush.closer  # the same plaintext under the same nonce: the same bytes
    assert end.sha256 == hashlib.sha256(file + end.data).hexdigest()


@given(st.integers(CHUNK_BYTES - 9, CHUNK_BYTES - 1))
def test_padding_never_needs_a_box_smaller_than_a_box(unfilled: int):
    pad = padding(unfilled)

    assert (unfilled + len(pad)) % CHUNK_BYTES == 0
    assert len(pad) >= 8
    assert struct.unpack_from(">I4s", pad) == (len(pad), b"free")


def test_a_flush_with_nothing_new_adds_nothing():
    sealer = Sealer([OWNER.recipient], os.urandom)
    sealer.add(box(100))
    first = sealer.flush()
    again = sealer.flush()

    assert again.data == b""
    assert again.sha256 == first.sha256


def test_a_file_without_its_closer_does_not_open_whole():
    sealer = Sealer([OWNER.recipient], os.urandom)
    sealer.add(box(CHUNK_BYTES))
    flush = sealer.flush()

    with pytest.raises(Truncated):
        age.open_bytes(bytes(flush.data), [OWNER])


@settings(max_examples=30)
@given(st.integers(0, 400_000), st.lists(st.integers(0, 400_000), max_size=20), st.data())
def test_however_boxes_come_in_pieces_the_file_is_the_same(size: int, cuts: list[int], data: st.DataObject):
    plain = box(size + 8)
    edges = [0, *sorted(min(cut, len(plain)) for cut in cuts), len(plain)]
    pieces = [plain[begin:end] for begin, end in pairwise(edges)]
    sealer = Sealer([OWNER.recipient], os.urandom)
    together = data.draw(st.integers(0, len(pieces)))
    sealer.add(*pieces[:together])
    for piece in pieces[together:]:
        sealer.add(piece)

    assert sealer.unfilled == len(plain) % CHUNK_BYTES
    flush = sealer.flush()
    assert without_free(pyrage.decrypt(bytes(flush.data) + flush.closer, [THEIRS])) == plain


def test_what_a_flush_handed_out_stays_what_it_is_until_as_much_was_added_again():
    """The disk may still be at it; only one flush later its room is used again."""
    sealer = Sealer([OWNER.recipient], os.urandom)
    file = b""
    for size in (100, 3 * CHUNK_BYTES, 40 * CHUNK_BYTES, 100, 200_000):
        sealer.add(box(size))
        flush = sealer.flush()
        file += flush.data

        assert flush.sha256 == hashlib.sha256(file).hexdigest()


def test_closing_before_flushing_is_our_own_mistake():
    sealer = Sealer([OWNER.recipient], os.urandom)
    sealer.add(box(100))

    with pytest.raises(RuntimeError, match="internal error"):
        sealer.close()


def test_a_span_between_two_flushes_is_found_from_the_sidecar_alone():
    sealer = Sealer([OWNER.recipient], os.urandom)
    fragments = [box(300_000) for _ in range(4)]
    file, marks = b"", []
    for fragment in fragments:
        marks.append(len(file))
        sealer.add(fragment)
        file += sealer.flush().data
    file += sealer.close().data
    touched = set()

    def read_at(offset: int, size: int) -> bytes:
        if offset >= sealer.header_bytes:
            touched.add((offset - sealer.header_bytes) // SEALED_CHUNK_BYTES)
        return file[offset : offset + size]

    unsealed = Unsealed(read_at, len(file), [OWNER])
    touched.clear()
    start = plain_offset(marks[2], unsealed.header_bytes)

    assert unsealed.read(start, 300_000) == fragments[2]
    assert touched == {10, 11, 12, 13, 14}

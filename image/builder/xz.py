"""
Packs a card as `.xz`, in seconds: what is new is packed, or kept where it is packed already; what was there, is named.

`xz` itself would find the second root too, but takes minutes and 3.4 GB to look for it. We know where to look.
"""

from __future__ import annotations

import hashlib
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

from .again import LONGEST_BYTES, chunk
from .errors import BuildError
from .repeats import BLOCK_BYTES, Span, digests, spans

# How far back an unpacker must remember, and so the memory it takes. Roots lie this far apart, to the byte.
REACH_BYTES = 512 << 20

MAGIC, END_MAGIC = b"\xfd7zXZ\0", b"YZ"
CRC32 = b"\0\x01"
LZMA2 = 0x21
# LZMA2's way of saying 2^29.
REACH_CODE = 34
END = b"\0"

STORED, STORED_AT_FIRST = 2, 1
STORED_BYTES = 64 << 10
# What zlib cannot make smaller by so much at its quickest, LZMA need not try.
WORTH_IT = 0.97


def pack(source: Path, target: Path) -> str:
    """
    Pack a file whose size is a multiple of 64 KiB, and return its SHA-256, in hexadecimal.

    The same bytes always become the same bytes.

    Raises:
        BuildError: if what was packed does not unpack to the same.
    """
    known = digests(_blocks(source))
    with source.open("rb") as file, target.open("wb") as out:
        stream = MAGIC + CRC32 + _crc(CRC32)
        header = _block_header()
        out.write(stream + header)
        check, whole = 0, hashlib.sha256()
        for span in spans(known, REACH_BYTES, LONGEST_BYTES):
            data = file.read(span.size_bytes)
            check = zlib.crc32(data, check)
            whole.update(data)
            out.write(_chunks(span, data))
        out.write(END)
        unpadded = out.tell() - len(stream) + 4
        out.write(bytes(-out.tell() % 4) + check.to_bytes(4, "little"))
        index = _index(unpadded, len(known) * BLOCK_BYTES)
        out.write(index + _footer(len(index)))
    _prove(target, source)
    return whole.hexdigest()


def _prove(packed: Path, source: Path) -> None:
    """Unpack it as everybody does; the checksum in the file is that of the source."""
    try:
        with lzma.open(packed) as file:
            size = sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))
    except (lzma.LZMAError, EOFError) as error:
        raise BuildError(f"{packed.name} does not unpack to {source.name}: a mistake of builder/xz.py") from error
    if size != source.stat().st_size:
        raise BuildError(f"{packed.name} unpacks to {size} bytes, {source.name} has {source.stat().st_size}")


def _blocks(source: Path) -> Iterator[bytes]:
    if source.stat().st_size % BLOCK_BYTES:
        raise BuildError(f"{source.name} is no whole number of blocks of {BLOCK_BYTES} bytes")
    with source.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _chunks(span: Span, data: bytes) -> bytes:
    """A span as chunks of LZMA2."""
    if span.distance:
        return chunk(span.distance, span.size_bytes)
    if len(zlib.compress(data, 1)) > WORTH_IT * len(data):
        first = STORED_AT_FIRST if span.start == 0 else STORED
        pieces = [data[start : start + STORED_BYTES] for start in range(0, len(data), STORED_BYTES)]
        kinds = [first, *[STORED] * (len(pieces) - 1)]
        return b"".join(
            bytes([kind]) + (len(piece) - 1).to_bytes(2, "big") + piece
            for kind, piece in zip(kinds, pieces, strict=True)
        )
    # lc = 0: the byte before, which the packer does not see here, must not matter.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": LONGEST_BYTES, "lc": 0}]
    made = bytearray(lzma.compress(data, lzma.FORMAT_RAW, filters=filters)[: -len(END)])
    if span.start:
        # It was packed as a beginning; within the file it must not make an unpacker forget what was before.
        made[0] = STORED if made[0] == STORED_AT_FIRST else made[0] & 0x1F | 0xC0
    return bytes(made)


def _block_header() -> bytes:
    said = bytes([0, LZMA2, 1, REACH_CODE])
    padded = said + bytes(-(len(said) + 1) % 4)
    head = bytes([(len(padded) + 1 + 4) // 4 - 1]) + padded
    return head + _crc(head)


def _index(unpadded_bytes: int, unpacked_bytes: int) -> bytes:
    said = b"\0" + _number(1) + _number(unpadded_bytes) + _number(unpacked_bytes)
    said += bytes(-len(said) % 4)
    return said + _crc(said)


def _footer(index_bytes: int) -> bytes:
    said = (index_bytes // 4 - 1).to_bytes(4, "little") + CRC32
    return _crc(said) + said + END_MAGIC


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    said = bytearray()
    while value >= 0x80:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*said, value])


def _crc(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")

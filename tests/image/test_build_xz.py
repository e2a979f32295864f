"""How a card is packed: what it holds twice is packed once, and everybody's unpackers read it."""

from __future__ import annotations

import hashlib
import lzma
import random
import subprocess
from pathlib import Path

import pytest

from builder import again, xz
from builder.config import read_image
from builder.disk import MIB, layout
from builder.errors import BuildError
from builder.repeats import BLOCK_BYTES, Span, digests, spans
from fakes.repository import ROOT

NOISE = random.Random(1).randbytes(40 * BLOCK_BYTES)


def blocks(text: str) -> list[bytes]:
    """Digests of blocks, one a letter."""
    return digests(letter.encode() for letter in text)


def packed(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "card.img").write_bytes(data)
    xz.pack(tmp_path / "card.img", tmp_path / "card.img.xz")
    return tmp_path / "card.img.xz"


def test_what_was_seen_before_is_named_by_its_distance():
    found = list(spans(blocks("abcabcabx"), reach_bytes=10 * BLOCK_BYTES, longest_bytes=4 * BLOCK_BYTES))

    size = BLOCK_BYTES
    assert found == [
        Span(0, 3 * size, 0),
        Span(3 * size, 4 * size, 3 * size),
        Span(7 * size, size, 3 * size),
        Span(8 * size, size, 0),
    ]


def test_nothing_is_named_that_an_unpacker_has_forgotten():
    found = list(spans(blocks("abca"), reach_bytes=2 * BLOCK_BYTES, longest_bytes=BLOCK_BYTES))

    assert [span.distance for span in found] == [0, 0, 0, 0]


@pytest.mark.parametrize("distance", [128, 1000, BLOCK_BYTES, 39 * BLOCK_BYTES, 40 * BLOCK_BYTES])
@pytest.mark.parametrize("size", [2, 17, 273, 274, 275, BLOCK_BYTES, again.LONGEST_BYTES])
def test_a_repetition_unpacks_to_what_stood_there(distance: int, size: int):
    pieces = [NOISE[start : start + BLOCK_BYTES] for start in range(0, len(NOISE), BLOCK_BYTES)]
    stored = b"".join(bytes([2 if number else 1, 0xFF, 0xFF]) + piece for number, piece in enumerate(pieces))
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 4 << 20}]

    said = lzma.decompress(stored + again.chunk(distance, size) + b"\0", lzma.FORMAT_RAW, filters=filters)

    expected = (NOISE[-distance:] * (size // distance + 1))[:size]
    assert said == NOISE + expected


@pytest.mark.host
def test_others_unpack_a_card_and_what_is_on_it_twice_costs_nothing(tmp_path: Path):
    text = b"".join(b"%d bottles " % number for number in range(20_000))
    zeros = bytes(3 * BLOCK_BYTES)
    system = NOISE[: 30 * BLOCK_BYTES] + text[:BLOCK_BYTES] + zeros
    data = bytes(BLOCK_BYTES) + system + zeros + text[BLOCK_BYTES : 3 * BLOCK_BYTES] + system + zeros

    made = packed(tmp_path, data)

    assert len(data) > 2 * len(system)
    assert made.stat().st_size < 31 * BLOCK_BYTES
    for command in ("xz --decompress --stdout", "bsdcat"):
        assert subprocess.run([*command.split(), made], capture_output=True, check=True).stdout == data, command
    assert lzma.decompress(made.read_bytes()) == data


@pytest.mark.parametrize("data", [b"", NOISE[:BLOCK_BYTES], bytes(BLOCK_BYTES), NOISE + NOISE])
def test_small_cards_are_packed_too(tmp_path: Path, data: bytes):
    assert lzma.decompress(packed(tmp_path, data).read_bytes()) == data


def test_the_same_card_is_packed_to_the_same_bytes(tmp_path: Path):
    first = packed(tmp_path, NOISE + NOISE).read_bytes()

    digest = xz.pack(tmp_path / "card.img", tmp_path / "again.xz")
    assert (tmp_path / "again.xz").read_bytes() == first
    assert digest == hashlib.sha256(NOISE + NOISE).hexdigest()


def test_a_file_of_no_whole_blocks_is_refused(tmp_path: Path):
    with pytest.raises(BuildError, match="no whole number of blocks"):
        packed(tmp_path, b"short")


def test_what_does_not_unpack_to_the_card_is_not_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(xz, "chunk", lambda distance, size_bytes: again.chunk(distance // 2, size_bytes))

    with pytest.raises(BuildError, match="does not unpack to card"):
        packed(tmp_path, NOISE + NOISE)


def test_the_second_root_lies_where_an_unpacker_still_remembers_the_first():
    places = {part.number: part.start_mib * MIB for part in layout(read_image(ROOT / "image/vigil.toml").disk)}

    assert places[6] - places[5] == xz.REACH_BYTES

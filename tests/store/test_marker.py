"""Whose disk is this? Nothing may be written to one that does not say that it is ours."""

from __future__ import annotations

import json
import os

import pytest

from fakes.faulty import BadSectors
from vigil.errors import WrongStore
from vigil.store.disk import Disk
from vigil.store.layout import MARKER
from vigil.store.marker import check_marker, make_store


def test_a_new_store_has_an_id_of_its_own_and_keeps_it(tmp_path):
    first = make_store(Disk(), tmp_path / "a", os.urandom)

    assert make_store(Disk(), tmp_path / "a", os.urandom) == first
    assert make_store(Disk(), tmp_path / "b", os.urandom) != first
    assert check_marker(Disk(), tmp_path / "a", first) == first
    assert check_marker(Disk(), tmp_path / "a", None) == first, "where nobody remembers, any store is taken"


def test_another_disk_is_refused_and_the_words_say_which_and_what_to_do(tmp_path):
    ours = make_store(Disk(), tmp_path / "a", os.urandom)
    theirs = make_store(Disk(), tmp_path / "b", os.urandom)

    with pytest.raises(WrongStore, match=f"{theirs[:8]}.*{ours[:8]}.*adopt"):
        check_marker(Disk(), tmp_path / "b", ours)


def test_a_place_where_nothing_is_mounted_is_refused(tmp_path):
    with pytest.raises(WrongStore, match="is the right disk mounted"):
        check_marker(Disk(), tmp_path, None)
    with pytest.raises(WrongStore, match="is the right disk mounted"):
        check_marker(Disk(), tmp_path / "not even there", None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"\0" * 50, b"[]", b"null", b'{"store": 1}', b'{"store": "0"}', b'{"shop": "00"}', b"\xff", b"[" * 100_000,
     json.dumps({"store": "g" * 32}).encode(), json.dumps({"store": "A" * 32}).encode()],
)  # fmt: skip
def test_a_spoilt_marker_is_no_marker(tmp_path, spoilt):
    (tmp_path / MARKER).write_bytes(spoilt)

    with pytest.raises(WrongStore, match="damaged"):
        check_marker(Disk(), tmp_path, None)


def test_a_marker_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    make_store(Disk(), tmp_path, os.urandom)

    with pytest.raises(WrongStore, match="Input/output error"):
        check_marker(Disk(BadSectors(tmp_path / MARKER)), tmp_path, None)

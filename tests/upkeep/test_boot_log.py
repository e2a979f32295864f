"""The log that outlasts a boot: bounded in every direction."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigil.upkeep.boot_log import BOOTS, MOST_BYTES, name_of, next_number, numbers, share, surplus


def test_boots_count_upwards_and_the_oldest_go():
    names = {name_of(number) for number in range(5, 5 + BOOTS)} | {"notes.txt", "boot-1.log"}

    assert next_number(names) == 5 + BOOTS
    assert surplus(names) == [name_of(5)]
    assert surplus({name_of(1)}) == []
    assert numbers(names)[0] == 5


@given(chunks=st.lists(st.integers(1, 200_000), max_size=12))
def test_a_file_never_grows_past_its_bound_and_ends_with_whole_lines(chunks):
    kept, full = b"", False
    for length in chunks:
        if full:
            break
        goes = share(len(kept), b"x" * (length % 97) + b"\n" + b"line of text\n" * (length // 13))
        kept, full = kept + goes.data, goes.full

    assert len(kept) <= MOST_BYTES
    assert not kept or kept.endswith(b"\n")
    assert full == kept.endswith(b"is not kept.\n")


def test_what_fits_is_kept_as_it_is():
    assert share(0, b"one\ntwo\n").data == b"one\ntwo\n"

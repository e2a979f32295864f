"""Where a film begins and ends, picture by picture."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from vigil.out.trim import Piece, Timed, from_key, until_again, up_to
from vigil.segments.mp4_read import Fragment, Sample

START_US = 1_770_000_000_000_000
TICKS = 90_000


def pieces(order: Sequence[int], *, fragment: int, keys: frozenset[int] = frozenset({0})) -> list[Piece]:
    """
    Return pictures, ten a second, in fragments of so many; `order` is the order of decoding.

    Each picture's only byte is its number. It is decoded at the latest when it
    is shown, as far as that can be in this order.
    """
    late = max((at - number for at, number in enumerate(order)), default=0)
    samples = [
        Sample(at, 1, (at - late) * TICKS // 10, number * TICKS // 10, TICKS // 10, number in keys)
        for at, number in enumerate(order)
    ]
    return [
        Piece(
            Timed(
                Fragment(n, first, first + fragment, None, 0, samples[first : first + fragment], []),
                START_US, TICKS, 1,
            ),
            0, bytes(order), signed=True, broken=False,
        )
        for n, first in enumerate(range(0, len(samples), fragment))
    ]  # fmt: skip


def numbers(found: Sequence[Piece]) -> list[int]:
    return [one.picture(at)[0] for one in found for at in range(len(one.timed.fragment.video))]


@st.composite
def orders(draw: st.DrawFn) -> list[int]:
    """Orders of decoding as encoders make them: a picture, then those that are shown before it, in any order."""
    order, number = [0], 1
    while number < 40:
        ahead = draw(st.integers(0, 3))
        group = list(range(number, number + ahead))
        order += [number + ahead, *draw(st.permutations(group))]
        number += ahead + 1
    return order


@given(order=orders(), fragment=st.integers(1, 12), to=st.integers(1, 45))
def test_a_film_ends_with_the_last_picture_asked_for_in_the_order_of_decoding(order: list[int], fragment: int, to: int):
    found = numbers(list(up_to(pieces(order, fragment=fragment), START_US + to * 100_000)))

    last = max(at for at, number in enumerate(order) if number < to)
    assert found == order[: last + 1]


@given(order=orders(), fragment=st.integers(1, 12), to=st.integers(1, 40))
def test_nothing_is_asked_for_that_lies_wholly_behind_the_end(order: list[int], fragment: int, to: int):
    asked = []
    everything = pieces(order, fragment=fragment)

    def counted():
        for piece in everything:
            asked.append(piece)
            yield piece

    list(up_to(counted(), START_US + to * 100_000))

    past = next((n for n, piece in enumerate(everything) if piece.timed.is_past(START_US + to * 100_000)), None)
    assert len(asked) == (len(everything) if past is None else past + 1)


@given(fragment=st.integers(1, 12), at=st.integers(0, 29), off_us=st.integers(-4_000_000, 4_000_000))
def test_the_picture_with_which_another_segment_goes_on_is_found_wherever_the_clock_puts_it(
    fragment: int, at: int, off_us: int
):
    everything = pieces(range(30), fragment=fragment, keys=frozenset(range(30)))

    found = until_again(everything, bytes([at]), START_US + at * 100_000 + off_us)

    assert numbers(list(found)) == list(range(at))


def test_where_that_picture_is_not_nothing_is_cut():
    everything = pieces(range(30), fragment=5, keys=frozenset(range(0, 30, 10)))

    assert numbers(list(until_again(everything, b"\xff", START_US + 1_500_000))) == list(range(30))
    assert numbers(list(until_again(everything, bytes([15]), START_US + 1_500_000))) == list(range(30))


def test_of_pictures_that_look_alike_the_nearest_counts():
    everything = pieces(range(30), fragment=5, keys=frozenset({0, 10, 20}))
    alike = [Piece(one.timed, 0, bytes(30), signed=True, broken=False) for one in everything]

    assert sum(len(one.timed.fragment.video) for one in until_again(alike, b"\0", START_US + 2_100_000)) == 20


def test_a_film_begins_with_the_keyframe_and_goes_on_with_one_behind_a_break():
    everything = pieces(range(30), fragment=5, keys=frozenset({0, 8, 17, 26}))
    broken = [Piece(one.timed, 0, one.data, signed=True, broken=n == 3) for n, one in enumerate(everything) if n != 2]

    assert numbers(list(from_key(everything, START_US + 800_000))) == list(range(8, 30))
    assert numbers(list(from_key(everything[1:], None))) == list(range(8, 30))
    assert numbers(list(from_key(broken, None))) == [*range(10), *range(17, 30)]

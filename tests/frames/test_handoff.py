"""From the camera's thread to the recorder's: in order, bounded, and decodable however much had to be dropped."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from fakes.packets import picture, sound
from vigil.frames.handoff import Handoff, Hole
from vigil.frames.packet import Luma, Packet

S = 1_000_000
SIZE = 100


def pictures(first: int, count: int, *, keyframe_every: int = 5) -> list[Packet]:
    return [picture(n * S, key=n % keyframe_every == 0, size_bytes=SIZE) for n in range(first, first + count)]


def grey(at_us: int) -> Luma:
    return Luma(b"\0\0", 2, 1, at_us)


def test_everything_arrives_in_order_and_once():
    handoff = Handoff(1 << 20)
    items: list[Packet | Luma] = [*pictures(0, 3), grey(2 * S), sound(2 * S), *pictures(3, 2)]
    handoff.put(items[:2])
    handoff.put(items[2:])

    assert handoff.take() == items
    assert handoff.take() == []
    assert handoff.hole() is None


def test_when_nobody_comes_the_oldest_stay_and_the_newest_go():
    handoff = Handoff(7 * SIZE)
    handoff.put(pictures(0, 20))

    assert handoff.take() == pictures(0, 7)


def test_after_a_hole_it_goes_on_with_a_keyframe_and_the_hole_is_told_once():
    handoff = Handoff(7 * SIZE)
    handoff.put(pictures(0, 8))
    handoff.take()
    handoff.put(pictures(8, 5))

    assert handoff.take() == pictures(10, 3)
    assert handoff.hole() == Hole(7 * S, 9 * S, 3)
    assert handoff.hole() is None


def test_a_hole_is_told_when_it_is_over_or_when_everything_is():
    handoff = Handoff(7 * SIZE)
    handoff.put(pictures(0, 9))
    handoff.take()

    assert handoff.hole() is None, "it may grow"
    assert handoff.hole(so_far=True) == Hole(7 * S, 8 * S, 2)


def test_a_keyframe_that_just_fits_does_not_make_many_small_holes():
    """Half of the room must be free before it goes on: else each group would be cut short again."""
    handoff = Handoff(10 * SIZE)
    handoff.put(pictures(0, 7))
    handoff.put([picture(7 * S, size_bytes=8 * SIZE)])
    handoff.put([picture(10 * S, key=True, size_bytes=SIZE)])

    assert handoff.take() == pictures(0, 7)


def test_sound_alone_does_not_open_the_way_again():
    handoff = Handoff(7 * SIZE)
    handoff.put(pictures(0, 9))
    handoff.take()
    handoff.put([sound(9 * S, size_bytes=SIZE)])

    assert handoff.take() == []


def test_grey_pictures_take_no_room_and_wait_only_while_there_is_some():
    handoff = Handoff(5 * SIZE)
    handoff.put([*pictures(0, 4), grey(1 * S), *pictures(4, 3), grey(2 * S)])

    assert [item for item in handoff.take() if isinstance(item, Luma)] == [grey(1 * S)]


def test_two_threads_lose_nothing_between_them():
    handoff = Handoff(1 << 30)
    every = pictures(0, 5000)

    def read() -> None:
        for packet in every:
            handoff.put([packet])

    reader = threading.Thread(target=read)
    reader.start()
    taken = []
    while reader.is_alive():
        taken += handoff.take()
    taken += handoff.take()
    reader.join()

    assert taken == every


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400), st.booleans()), max_size=80), st.integers(100, 2000))
def test_whatever_comes_and_goes_what_is_taken_can_be_decoded(came, limit):
    """Key or not, any size, taken or not at any moment."""
    handoff = Handoff(limit)
    taken: list[Packet] = []
    holes = 0
    for number, (key, size, take) in enumerate(came):
        handoff.put([picture(number * S, key=key or number == 0, size_bytes=size)])
        if take:
            got = handoff.take()
            assert sum(len(item.data) for item in got if isinstance(item, Packet)) <= limit
            taken += [item for item in got if isinstance(item, Packet)]
            holes += hole.pictures if (hole := handoff.hole()) else 0
    taken += [item for item in handoff.take() if isinstance(item, Packet)]
    holes += hole.pictures if (hole := handoff.hole(so_far=True)) else 0

    assert len(taken) + holes == len(came), "each picture was taken, or counted"
    numbers = [packet.at_us // S for packet in taken]
    assert numbers == sorted(set(numbers))
    for before, after in zip([-1, *numbers], taken, strict=False):
        assert after.key or after.at_us // S == before + 1, "behind a hole comes a keyframe"

"""What waits in memory while the disk is away: bounded, decodable, and what had to go is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes.packets import picture, sound
from vigil.frames.packet import Packet
from vigil.store.script import Deleting, Ending, Opening, Saying, Script

SIZE = 100


def group(first: int, count: int) -> list[Packet]:
    """A keyframe and what depends on it, one picture a second."""
    return [picture(n * 1_000_000, key=n == first, size_bytes=SIZE) for n in range(first, first + count)]


def filled(limit_bytes: int, *entries) -> Script:
    script = Script(limit_bytes)
    for entry in entries:
        script.add(entry)
    return script


def packets(script: Script) -> list[Packet]:
    return [entry for entry in script if isinstance(entry, Packet)]


def test_what_does_not_fit_goes_in_whole_groups_oldest_first_and_is_counted():
    old, newer, newest = group(0, 5), group(5, 5), group(10, 5)
    script = filled(7 * SIZE, Opening("continuous"), *old, *newer, *newest)

    script.bound()

    assert packets(script) == newest
    assert script.bytes == 5 * SIZE
    assert script.dropped
    assert (script.dropped.from_us, script.dropped.to_us, script.dropped.pictures) == (0, 9_000_000, 10)


def test_the_last_group_stays_even_when_it_is_too_large():
    script = filled(3 * SIZE, Opening("continuous"), *group(0, 5))

    script.bound()

    assert len(packets(script)) == 5
    assert script.dropped is None


def test_what_was_said_and_ordered_stays_in_its_place_when_pictures_go():
    opening, ending = Opening("motion"), Ending("over")
    began, order = Saying("motion", {"state": "began"}), Deleting(3, "too old")
    script = filled(
        2 * SIZE, opening, *group(0, 2), began, *group(2, 2), order, ending, Opening("motion"), *group(4, 2)
    )

    script.bound()

    assert [entry for entry in script if not isinstance(entry, Packet)][:4] == [opening, began, order, ending]
    assert packets(script) == group(4, 2)


def test_dropping_adds_up_over_time():
    script = Script(4 * SIZE)
    script.add(Opening("continuous"))
    for first in range(0, 50, 2):
        for packet in group(first, 2):
            script.add(packet)
        script.bound()

    assert script.dropped
    assert script.dropped.pictures == 46
    assert (script.dropped.from_us, script.dropped.to_us) == (0, 45_000_000)


def test_sound_is_dropped_with_its_pictures_and_not_counted_as_one():
    script = filled(3 * SIZE, Opening("continuous"), *group(0, 2), sound(1_500_000, size_bytes=SIZE), *group(2, 2))

    script.bound()

    assert packets(script) == group(2, 2)
    assert script.dropped
    assert script.dropped.pictures == 2


def test_sound_is_no_place_to_begin():
    """Every slice of sound can be decoded alone, the pictures behind it cannot."""
    late = sound(2_500_000, size_bytes=SIZE)
    script = filled(3 * SIZE, Opening("continuous"), *group(0, 3), late, *group(3, 2))

    script.bound()

    assert packets(script)[0].key
    assert not packets(script)[0].audio


def test_after_a_flush_everything_from_its_last_keyframe_on_is_kept():
    first, second = group(0, 4), group(4, 4)
    script = filled(1 << 20, Opening("continuous"), *first, *second)

    script.durable_until(second[1])

    assert packets(script) == second
    assert script.taking == Opening("continuous")
    assert script.bytes == 4 * SIZE


def test_a_flush_of_pictures_that_were_forgotten_forgets_nothing():
    script = filled(1 << 20, Opening("continuous"), *group(0, 4))

    script.durable_until(group(0, 4)[1])

    assert len(packets(script)) == 4


def test_when_a_take_is_whole_nothing_of_it_is_kept():
    ending = Ending("over")
    script = filled(1 << 20, Opening("motion"), *group(0, 4), ending, Opening("motion"), *group(4, 2))

    script.through(ending)

    assert packets(script) == group(4, 2)
    assert script.taking is None


def test_what_is_done_is_forgotten_only_from_the_front():
    done, waiting = Saying("motion", {}, done=True), Saying("gap", {})
    script = filled(1 << 20, done, Deleting(1, "old", done=True), waiting, Saying("motion", {}, done=True))

    script.settle()

    assert next(iter(script)) is waiting
    assert len(script) == 2


def test_an_order_that_is_repeated_for_days_is_kept_once():
    script = Script(1 << 20)
    for _ in range(1000):
        for seq in (7, 8):
            script.add(Deleting(seq, "too old"))

    assert list(script) == [Deleting(7, "too old"), Deleting(8, "too old")]


def test_of_idle_statements_only_the_newest_waits():
    said = Saying("idle", {"state": "waiting"}, done=True)
    script = filled(1 << 20, said, *[Saying("idle", {"state": str(n)}) for n in range(1000)], Saying("motion", {}))

    assert list(script) == [said, Saying("idle", {"state": "999"}), Saying("motion", {})]


ENTRIES = st.lists(st.sampled_from("kpaosebd"), max_size=60)


@given(ENTRIES, st.integers(0, 30))
def test_whatever_waits_the_bound_holds_and_every_group_is_whole(letters, limit):
    """Pictures, sound, takes, statements in any order: what is left begins decodable, what is lost is counted."""
    script = Script(limit * SIZE)
    pictures = 0
    in_take = False
    for number, letter in enumerate(letters):
        at_us = number * 1_000_000
        if letter == "o" or (letter in "kpa" and not in_take):
            script.add(Opening("continuous"))
            script.add(picture(at_us, key=True, size_bytes=SIZE))
            pictures, in_take = pictures + 1, True
        elif letter in "kp":
            script.add(picture(at_us, key=letter == "k", size_bytes=SIZE))
            pictures += 1
        elif letter == "a":
            script.add(sound(at_us, size_bytes=SIZE))
        elif letter == "e" and in_take:
            script.add(Ending("over"))
            in_take = False
        elif letter == "b":
            script.bound()
        else:
            script.add(Saying("motion", {}))
    script.bound()

    left = packets(script)
    assert script.bytes == sum(len(packet.data) for packet in left)
    assert sum(not packet.audio for packet in left) + (script.dropped.pictures if script.dropped else 0) == pictures
    first = next((packet for packet in left if not packet.audio), None)
    assert first is None or first.key, "what is left begins with a keyframe"
    keys = [packet for packet in left if packet.key and not packet.audio]
    assert script.bytes <= limit * SIZE or len(keys) <= 1, "more than one group, and more than fits"

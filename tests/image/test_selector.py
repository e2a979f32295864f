"""
The slot selector as U-Boot runs it, on both boards: each start goes as docs/spec/slots.md says.

There is no Linux on these cards, only a few instructions in each slot: tests/fakes/tiny_card.py.
"""

from __future__ import annotations

import contextlib

import pytest

from fakes.card import Card
from fakes.qemu import Machine, emulated, running
from fakes.selector_cards import START_S, Cards, reset, started, state_of
from fakes.slot_vectors import SlotVector, environment, slot_vectors
from vigil.upkeep.slots import Slot, SlotState, decode, encode, try_next

# Machines are emulated: half a second for each start on `virt`, one to two on `raspi3b`.
pytestmark = emulated

VECTORS = slot_vectors()
# The Pi runs the same script through another build of U-Boot, from another kind of disk.
ON_THE_PI = {"both-garbage", "first-garbage", "cut", "death", "third-death", "both-spent", "trial-third-cut"}
BOARDS = ["virt", "raspi3b"]
each_board = pytest.mark.parametrize("board", BOARDS)


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    return Cards(tmp_path_factory.mktemp("cards"))


def put_files(card: Card, vector: SlotVector) -> None:
    """Both copies as the vector has them."""
    for name, data in (("slots.env", vector.first), ("slots2.env", vector.second)):
        if data is None:
            with contextlib.suppress(FileNotFoundError):
                card.remove(1, name)
        else:
            card.write(1, name, data)


CASES = [(board, vector) for board in BOARDS for vector in VECTORS if board == "virt" or vector.name in ON_THE_PI]


@pytest.mark.parametrize(("board", "vector"), CASES, ids=lambda case: getattr(case, "name", case))
def test_a_start_goes_as_the_vector_says(cards: Cards, board: str, vector: SlotVector):
    card = cards.make(board)
    if not vector.after_reset:
        put_files(card, vector)

    with running(Machine(board=board, card=card.path)) as guest:
        if vector.after_reset:
            started(guest)
            put_files(card, vector)
            reset(guest)
        slot, came, said = started(guest)

    assert (slot, came, said) == (vector.starts, "reset" if vector.after_reset else "power", f"{vector.starts} runs")
    kept = environment(vector.then)
    if vector.first and vector.first[: len(kept)] == kept:
        # Nothing has changed: nothing was written.
        assert card.read(1, "slots.env") == vector.first
    else:
        assert [card.read(1, name) for name in ("slots.env", "slots2.env")] == [encode(decode(kept))] * 2
    assert card.fault(1) == ""


@each_board
def test_a_slot_that_dies_three_times_is_left_and_both_are_tried_anew(cards: Cards, board: str):
    card = cards.make(board, a_dies=True, b_dies=True)

    with running(Machine(board=board, card=card.path)) as guest:
        taken = "".join(started(guest)[0] for _ in range(7))

    assert taken == "AAABBBA"


@each_board
@pytest.mark.parametrize("damage", ["kernel", "initrd", "arguments"])
def test_a_slot_that_cannot_be_loaded_is_left_after_three_tries(cards: Cards, board: str, damage: str):
    card = cards.make(board)
    if damage == "kernel":
        card.write(2, "vmlinuz", bytes(range(256)) * 4096)
    else:
        card.remove(2, {"initrd": "initrd", "arguments": "slot.env"}[damage])

    with running(Machine(board=board, card=card.path)) as guest:
        for _ in range(3):
            guest.wait_for(r"^Vigil: slot A cannot be started$", timeout_s=START_S)
        assert started(guest)[2] == "B runs"

    assert state_of(card) == SlotState(left_a=0, trying=Slot.B)


def test_a_slot_whose_partition_is_no_file_system_is_left(cards: Cards):
    card = cards.make("virt")
    first, size = card.extent(2)
    with card.path.open("r+b") as file:
        file.seek(first)
        file.write(b"\xa5" * size)

    with running(Machine(board="virt", card=card.path)) as guest:
        assert started(guest)[2] == "B runs"

    assert state_of(card) == SlotState(left_a=0, trying=Slot.B)


@each_board
def test_twenty_power_cuts_change_no_slot(cards: Cards, board: str):
    """Each is killed at another line of what it says, from U-Boot's first to the payload's."""
    card = cards.make(board)
    with running(Machine(board=board, card=card.path)) as guest:
        started(guest)
        lines = len(guest.lines)

    cuts = 20
    for number in range(cuts):
        with running(Machine(board=board, card=card.path)) as guest:
            guest.wait_until(lines=1 + number * (lines - 2) // cuts, timeout_s=START_S)

    with running(Machine(board=board, card=card.path)) as guest:
        assert started(guest) == ("A", "power", "A runs")
    state = state_of(card)
    assert (state.left_a, state.left_b, state.trying) == (3, 3, Slot.A)
    assert 0 < state.cuts <= cuts + 1
    assert card.fault(1) == ""


def test_a_cut_at_any_moment_of_a_trial_leaves_a_state_that_can_be_read(cards: Cards):
    """On trial, every start writes. No kill may leave both copies bad, or take more than its one try."""
    card = cards.make("virt")
    with running(Machine(board="virt", card=card.path)) as guest:
        started(guest)
        lines = len(guest.lines)
    seen = set()
    for line in range(1, lines):
        card.write(1, "slots.env", encode(try_next(SlotState(), Slot.B)))
        card.write(1, "slots2.env", encode(try_next(SlotState(), Slot.B)))
        before = state_of(card)

        with running(Machine(board="virt", card=card.path)) as guest:
            guest.wait_until(lines=line, timeout_s=START_S)

        after = state_of(card)
        seen.add(after)
        assert after in {before, SlotState(order=(Slot.B, Slot.A), trial=Slot.B, trying=Slot.B)}
        assert card.fault(1) == ""
    assert len(seen) == 2


def test_a_card_that_cannot_be_written_still_starts(cards: Cards):
    card = cards.make("virt")
    stiff = ("-drive", f"if=none,id=card,format=raw,readonly=on,file={card.path}")

    with running(Machine(board="virt", card=card.path, card_drive=stiff)) as guest:
        assert started(guest)[2] == "A runs"

    assert state_of(card) == SlotState()

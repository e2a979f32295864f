"""Which system starts next: the format, the procedures, and what holds whatever happens."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fakes.selector import refused, start
from fakes.slot_vectors import NAMES, SlotVector, environment, slot_vectors
from vigil.errors import FormatError, SealError, Truncated
from vigil.upkeep.slot_files import read_slots
from vigil.upkeep.slots import (
    CUTS_A_TRY,
    SIZE_BYTES,
    TRIES,
    Slot,
    SlotState,
    confirm,
    decode,
    encode,
    give_up,
    go_back,
    try_next,
)

VECTORS = slot_vectors()
A, B = Slot.A, Slot.B

slots = st.sampled_from(Slot)
orders = st.sampled_from([(A, B), (B, A), (A,), (B,)])
tries = st.integers(0, TRIES)
states = st.builds(
    SlotState,
    order=orders,
    left_a=tries,
    left_b=tries,
    trial=st.none() | slots,
    trying=st.none() | slots,
    cuts=st.integers(0, CUTS_A_TRY - 1),
)


def words_of(state: SlotState) -> tuple[str, ...]:
    """The six words that a state is written as."""
    text = encode(state)[4:].split(b"\0\0", 1)[0].decode()
    found = dict(line.split("=", 1) for line in text.split("\0"))
    return tuple(found[name] for name in NAMES)


def test_there_are_vectors():
    assert len(VECTORS) > 40


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_start_goes_as_the_vector_says(vector: SlotVector, tmp_path: Path):
    for name, data in (("slots.env", vector.first), ("slots2.env", vector.second)):
        if data is not None:
            (tmp_path / name).write_bytes(data)

    slot, state = start(read_slots(tmp_path).state, after_reset=vector.after_reset)

    assert (slot, words_of(state)) == (vector.starts, vector.then)


@given(states)
def test_what_is_written_is_read_again(state: SlotState):
    assert decode(encode(state)) == state
    assert len(encode(state)) == SIZE_BYTES


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_no_bytes_are_more_than_damaged(begins: bytes, ends: bytes):
    with pytest.raises(SealError):
        decode(begins)
    with pytest.raises(FormatError):
        decode(begins.ljust(SIZE_BYTES - 64, b"\xff") + ends.ljust(64, b"\xff"))


@given(st.tuples(*[st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12) for _ in NAMES]))
def test_any_words_under_a_right_checksum_give_a_state_that_starts(words: tuple[str, ...]):
    state = decode(environment(words))

    slot, kept = start(state, after_reset=True)
    assert kept.left(slot) >= 1
    assert decode(encode(kept)) == kept


def test_every_single_flipped_bit_of_the_text_is_seen():
    data = encode(SlotState())
    for bit in range(120 * 8):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            decode(bytes(spoilt))


def test_what_lies_behind_the_end_of_the_text_means_nothing():
    text = b"BOOT_ORDER=A B\0BOOT_A_LEFT=3\0BOOT_B_LEFT=3\0\0BOOT_ORDER=B A\0BOOT_TRIAL=B\0"
    body = text.ljust(SIZE_BYTES - 4, b"\0")

    assert decode(struct.pack("<I", zlib.crc32(body)) + body) == SlotState()


def test_a_file_cut_short_says_how_short():
    with pytest.raises(Truncated, match="100 bytes"):
        decode(encode(SlotState())[:100])


@given(states, slots)
def test_what_is_confirmed_starts_again(state: SlotState, slot: Slot):
    state = confirm(state, slot)

    assert state.left(slot) == TRIES and state.trial is not slot and state.trying is None


@given(states)
def test_a_confirmation_leaves_the_coming_trial_of_the_other_slot_alone(state: SlotState):
    installed = try_next(state, B)

    assert confirm(installed, A) == replace(installed, left_a=TRIES, trying=None, cuts=0)


def test_a_failed_trial_is_over_when_the_old_system_is_confirmed():
    state = try_next(SlotState(), B)
    while (slot_and_state := start(state, after_reset=False))[0] is B:
        state = slot_and_state[1]

    settled = confirm(slot_and_state[1], A)
    assert settled == SlotState(left_b=0)


@given(states, slots)
def test_what_is_tried_next_starts_next_and_is_left_after_three_starts(state: SlotState, slot: Slot):
    state = replace(confirm(state, slot.other), order=(slot.other, slot))
    state = try_next(state, slot)

    taken = []
    for after_reset in (True, False, True, False):
        chosen, state = start(state, after_reset=after_reset)
        taken.append(chosen)
    assert taken == [slot, slot, slot, slot.other]


@given(states, slots)
def test_what_is_given_up_is_passed_over(state: SlotState, slot: Slot):
    state = give_up(replace(state, order=(slot, slot.other)), slot)

    assert state.primary in {None, slot.other} and state.trial is not slot


@given(states, slots)
def test_going_back_is_no_trial(state: SlotState, slot: Slot):
    state = go_back(replace(state, trying=None), slot)
    for _ in range(CUTS_A_TRY - 1):
        taken, state = start(state, after_reset=False)
        assert taken is slot

    assert state.left(slot) == TRIES


@given(states)
def test_a_committed_slot_that_dies_three_times_is_left(state: SlotState):
    state = confirm(confirm(replace(state, trial=None, order=(A, B)), B), A)
    for _ in range(3):
        taken, state = start(state, after_reset=True)
        assert taken is A

    assert start(state, after_reset=True)[0] is B


def test_cuts_among_deaths_spare_the_slot_only_themselves():
    state = SlotState()
    for after_reset in (False, True, False, False, True, False):
        taken, state = start(state, after_reset=after_reset)
        assert taken is A
    assert start(state, after_reset=True)[0] is B


class Years(RuleBasedStateMachine):
    """A box on a bad mains, with updates, deaths and confirmations in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = SlotState()
        self.runs: Slot | None = None
        self.deaths = {A: 0, B: 0}
        self.cuts_in_a_row = 0

    @rule(after_reset=st.booleans())
    def starts(self, after_reset: bool) -> None:
        before, was_on_trial = self.state, self.state.trial
        self.runs, self.state = start(before, after_reset=after_reset)
        victim = before.trying
        if victim and not after_reset and was_on_trial is not victim:
            self.cuts_in_a_row += 1
            if self.cuts_in_a_row < CUTS_A_TRY and before.primary:
                assert self.state.left(victim) == before.left(victim)
        else:
            self.cuts_in_a_row = 0
        if victim is None or self.runs is not victim or not self.state.cuts:
            self.cuts_in_a_row = 0

    @precondition(lambda self: self.runs)
    @rule()
    def proves_its_health(self) -> None:
        assert self.runs
        self.state = confirm(self.state, self.runs)
        self.cuts_in_a_row = 0

    @precondition(lambda self: self.runs and self.state.trying is None)
    @rule(is_whole=st.booleans())
    def is_updated(self, is_whole: bool) -> None:
        assert self.runs
        self.state = give_up(self.state, self.runs.other)
        if is_whole:
            self.state = try_next(self.state, self.runs.other)

    @precondition(lambda self: self.runs)
    @rule()
    def cannot_be_loaded(self) -> None:
        assert self.runs
        before = self.state
        self.state = refused(before, self.runs)
        assert self.state.left(self.runs) == max(0, before.left(self.runs) - 1)
        self.runs = None

    @invariant()
    def something_starts(self) -> None:
        slot, kept = start(self.state, after_reset=True)
        assert kept.left(slot) >= 1 and slot in kept.order

    @invariant()
    def it_can_be_written(self) -> None:
        assert decode(encode(self.state)) == self.state


TestYears = Years.TestCase

needs_libubootenv = pytest.mark.skipif(not shutil.which("fw_printenv"), reason="libubootenv-tool is not installed")


def libubootenv(directory: Path, *command: str) -> str:
    """Run one of its programs on `slots.env`."""
    (directory / "fw_env.config").write_text(f"{directory}/slots.env 0x0 {SIZE_BYTES:#x}\n")
    program = [command[0], "-c", str(directory / "fw_env.config"), *command[1:]]
    return subprocess.run(program, check=True, capture_output=True, text=True).stdout


@pytest.mark.host
@needs_libubootenv
def test_libubootenv_reads_what_we_write(tmp_path: Path):
    state = SlotState(order=(B, A), left_a=1, left_b=2, trial=B, trying=A, cuts=26)
    (tmp_path / "slots.env").write_bytes(encode(state))

    told = dict(line.split("=", 1) for line in libubootenv(tmp_path, "fw_printenv").splitlines())

    assert tuple(told[name] for name in NAMES) == ("B A", "1", "2", "B", "A", "1a")


@pytest.mark.host
@needs_libubootenv
def test_we_read_what_libubootenv_writes(tmp_path: Path):
    (tmp_path / "slots.env").write_bytes(encode(SlotState()))
    libubootenv(tmp_path, "fw_setenv", "BOOT_ORDER", "B A")
    libubootenv(tmp_path, "fw_setenv", "BOOT_A_LEFT", "1")

    assert read_slots(tmp_path).state == SlotState(order=(B, A), left_a=1)


@pytest.mark.host
@pytest.mark.skipif(not shutil.which("mkenvimage"), reason="u-boot-tools is not installed")
@pytest.mark.parametrize("padding", ["0", "255"])
def test_we_read_what_mkenvimage_writes(tmp_path: Path, padding: str):
    text = "BOOT_ORDER=B A\nBOOT_A_LEFT=1\nBOOT_B_LEFT=3\nBOOT_TRIAL=B\nBOOT_TRY=-\nBOOT_CUTS=0\n"
    made = subprocess.run(
        ["mkenvimage", "-s", str(SIZE_BYTES), "-p", padding, "-o", "-", "-"], input=text.encode(), capture_output=True
    )
    assert made.returncode == 0, made.stderr

    assert decode(made.stdout) == SlotState(order=(B, A), left_a=1, trial=B)

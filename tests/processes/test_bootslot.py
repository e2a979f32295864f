"""RAUC's questions and orders about the slots, answered from the files that U-Boot reads."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from vigil.errors import ConfigError
from vigil.processes.bootslot import answer, main
from vigil.upkeep.slot_files import read_slots, write_slots
from vigil.upkeep.slots import Slot, SlotState, confirm, give_up, try_next

NEW = SlotState()


@pytest.mark.parametrize(
    ("words", "state", "said"),
    [
        ("get-primary", NEW, "A"),
        ("get-primary", try_next(NEW, Slot.B), "B"),
        ("get-primary", SlotState(left_a=0, left_b=0), "A"),
        ("get-current", NEW, "A"),
        ("get-state B", NEW, "good"),
        ("get-state B", give_up(NEW, Slot.B), "bad"),
    ],
)
def test_questions_are_answered_and_change_nothing(words: str, state: SlotState, said: str):
    assert answer(words.split(), state, Slot.A) == (said, state)


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ("set-state B bad", give_up(NEW, Slot.B)),
        ("set-state B good", NEW),
        ("set-state A good", confirm(NEW, Slot.A)),
        ("set-primary B", try_next(NEW, Slot.B)),
        ("set-primary A", NEW),
    ],
)
def test_orders_are_what_the_spec_says_they_are(words: str, after: SlotState):
    assert answer(words.split(), NEW, Slot.A) == ("", after)


@pytest.mark.parametrize("words", ["", "get-state", "get-state C", "set-state B ugly", "set-primary", "dance"])
def test_what_rauc_never_says_is_refused(words: str):
    with pytest.raises(ConfigError, match="not understood"):
        answer(words.split(), NEW, Slot.A)


def test_the_files_are_written_only_where_something_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_slots(tmp_path, NEW)
    line = tmp_path / "cmdline"
    line.write_text("rauc.slot=A")
    opened = []

    def writable(directory: Path) -> contextlib.AbstractContextManager[None]:
        opened.append(directory)
        return contextlib.nullcontext()

    assert main(["get-current"], tmp_path, command_line=line, writable=writable) == 0
    assert capsys.readouterr().out == "A\n" and not opened
    assert main(["set-state", "B", "bad"], tmp_path, command_line=line, writable=writable) == 0
    assert read_slots(tmp_path).state == give_up(NEW, Slot.B) and opened == [tmp_path]


def test_a_card_that_cannot_be_written_is_told_to_rauc(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "cmdline").write_text("rauc.slot=A")
    (tmp_path / "slots.env").mkdir()

    def writable(directory: Path) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    words = ["set-primary", "B"]
    assert main(words, tmp_path, command_line=tmp_path / "cmdline", writable=writable) == 1
    assert "slots.env" in capsys.readouterr().err

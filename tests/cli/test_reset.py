"""`vigil reset`, as a person types it: what would be lost is said, asked for, and refused where it must be."""

from __future__ import annotations

import argparse
import io
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.configs import KEYS
from fakes.owner import Box
from vigil.cli import reset
from vigil.clock import HandClock
from vigil.errors import ResetRefused
from vigil.processes import reset_ask
from vigil.processes.place import Place
from vigil.processes.reset_ask import Asking
from vigil.processes.tellings import left
from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.layout import segments_of
from vigil.upkeep.block_devices import Card
from vigil.upkeep.reset import NOTE, Note
from vigil.upkeep.setup_file import TAKEN, digest

Captured = pytest.CaptureFixture[str]
SETUP = f'owner_recipient = "{KEYS[0]}"\n'.encode()


class Keyboard(io.StringIO):
    """Somebody at it, or nobody."""

    def isatty(self) -> bool:
        return bool(self.getvalue())


class OnABox(Card):
    """A box that has recorded six seconds in three segments, and the command on it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "card.img")
        film = Box(root / "vigil", segment_s=2)
        film.film("plain", "plain")
        film.recording.close("stopped")
        self.place = Place(root / "vigil")
        self.boot = root / "boot"
        self.boot.mkdir()
        self.place.state.mkdir(exist_ok=True)
        self.setup = self.boot / "vigil.toml"
        self.setup.write_bytes(SETUP)
        (self.place.state / TAKEN).write_text(digest(SETUP))
        self.there = True
        self.restarts = self.marked = 0

    @contextmanager
    def writable(self, directory: Path):
        assert directory == self.boot
        yield

    def type(self, *words: str, answer: str = "", is_root: bool = True) -> int:
        parser = argparse.ArgumentParser(prog="vigil")
        reset.register(parser.add_subparsers(required=True))
        given = parser.parse_args(["reset", *words])

        def restart() -> None:
            self.restarts += 1

        asking = Asking(
            self.place, Disk(), HandClock(), card=lambda: self, boot=self.boot, writable=self.writable,
            is_there=lambda _: self.there,
        )  # fmt: skip
        return reset.start_over(asking, given, keyboard=Keyboard(answer), is_root=is_root, restart=restart)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(one.kind, one.fields["tier"]) for one in left(Disk(), self.place.tellings)]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnABox:
    box = OnABox(tmp_path)

    def mark(card: OnABox) -> None:
        card.marked += 1

    monkeypatch.setattr(reset_ask, "mark", mark)
    return box


def test_settings_are_noted_told_and_the_box_restarts(box: OnABox, capsys: Captured):
    assert box.type("settings", answer="settings\n") == 0

    said = capsys.readouterr().out
    assert "Recordings, journal, its identity and whose it is stay." in said
    assert said.endswith("Type settings to go on: The box restarts, and starts over then.\n")
    assert Note.decode((box.place.state / NOTE).read_bytes()) == Note("command")
    assert box.told == [("reset.asked", "settings")]
    assert (box.restarts, box.marked, box.setup.read_bytes()) == (1, 0, SETUP)


def test_everything_is_marked_told_and_the_box_restarts(box: OnABox, capsys: Captured):
    assert box.type("everything", answer="everything\n") == 0

    assert "This box forgets, for good: 3 segments of 1 camera; its journal;" in capsys.readouterr().out
    assert box.told == [("reset.asked", "everything")]
    assert (box.restarts, box.marked) == (1, 1)
    assert KEYS[0].encode() not in box.setup.read_bytes()
    assert not (box.place.state / NOTE).exists()


def test_a_set_up_file_for_who_comes_next_is_left(box: OnABox):
    box.setup.write_bytes(SETUP.replace(KEYS[0].encode(), KEYS[1].encode()))
    box.type("everything", "--yes")

    assert KEYS[1].encode() in box.setup.read_bytes()


@pytest.mark.parametrize("answer", ["yes\n", "settings\n", "\n"])
def test_another_word_forgets_nothing(box: OnABox, answer: str):
    with pytest.raises(ResetRefused, match="not the word"):
        box.type("everything", answer=answer)
    assert (box.restarts, box.marked, box.told) == (0, 0, [])


def test_a_script_must_say_that_it_means_it(box: OnABox):
    with pytest.raises(ResetRefused, match="--yes"):
        box.type("settings")
    assert box.type("settings", "--yes") == 0


def test_what_is_held_is_not_lost_by_the_way(box: OnABox, capsys: Captured):
    camera = box.place.video / "gate"
    first = next(iter(segments_of(camera)))
    Holds(Disk(), camera).place(first, who="me", why="the bicycle", at_us=0)

    with pytest.raises(ResetRefused, match=r"1 held segment would be gone.*--even-held"):
        box.type("everything", "--yes")
    assert "3 segments of 1 camera, of which 1 is held" in capsys.readouterr().out
    assert (box.restarts, box.marked, box.told) == (0, 0, [])
    assert box.type("everything", "--yes", "--even-held") == 0
    assert box.type("settings", "--yes") == 0


def test_an_update_is_not_cut_short(box: OnABox):
    box.place.update.mkdir()
    disk = Disk()
    lock = disk.try_lock(box.place.update / "lock")
    assert lock is not None

    for tier in ("settings", "everything"):
        with pytest.raises(ResetRefused, match="being installed"):
            box.type(tier, "--yes")
    disk.unlock(lock)
    assert box.restarts == box.marked == 0
    assert box.type("settings", "--yes") == 0


def test_a_box_whose_state_is_damaged_can_still_forget_everything(box: OnABox):
    box.there = False

    with pytest.raises(ResetRefused, match="see `everything`"):
        box.type("settings", "--yes")
    assert box.type("everything", "--yes") == 0
    assert (box.restarts, box.marked, box.told) == (1, 1, [])


def test_nobody_but_root_may(box: OnABox):
    with pytest.raises(ResetRefused, match="only root"):
        box.type("everything", "--yes", is_root=False)


def test_on_a_host_that_is_no_card_there_is_nothing_to_reset(tmp_path: Path):
    given = argparse.Namespace(data=tmp_path, tier="everything", yes=True, even_held=True)

    with pytest.raises(ResetRefused, match="not started from a card"):
        reset._run(given)

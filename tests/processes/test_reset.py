"""Starting over: what is asked for is done once and wholly, wherever the power goes, and nothing else is ever lost."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from itertools import count

import pytest

from fakes.configs import KEYS
from fakes.faulty import FaultyCalls
from fakes.resetting import SETUP, Box, Cut, PowerCut, Sectors
from vigil.errors import DeviceError, FormatError, ResetRefused, VigilError
from vigil.processes.reset import mark, setup_taken_over
from vigil.store.disk import Disk
from vigil.upkeep.block_devices import Tool
from vigil.upkeep.partition_table import Stage, with_stage
from vigil.upkeep.reset import NOTE, Note, asked
from vigil.upkeep.setup_file import digest

pytestmark = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="sfdisk is not installed")


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_settings_are_forgotten_as_the_file_on_the_card_asks_and_the_rest_stays(box):
    state = box.place.state
    identity = box.place.identity_key.read_bytes()
    for name in ("journal/abc/origin", "update/keys/mine.pem", "update/revoked.txt", "users.json", "vigil.toml.before"):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text("x")
    (box.place.video / "door").mkdir()
    assert box.config.network.wifi_password == "correct horse"

    box.reset.write_text("settings\r\n")
    assert box.start() == []

    config = box.config
    assert config.owner.recipients == (KEYS[0],)
    assert (config.cameras, config.network.wifi_name, config.system.hostname) == ((), "", "vigil")
    assert box.place.identity_key.read_bytes() == identity
    assert (state / "journal/abc/origin").exists() and (state / "update/revoked.txt").exists()
    assert (box.place.video / "door").exists()
    assert not [name for name in ("update/keys", "users.json", "vigil.toml.before", NOTE) if (state / name).exists()]
    assert box.told == [("reset.done", {"tier": "settings", "by": "card"})]
    assert asked(box.reset.read_bytes()) is None
    assert box.stages == (Stage.READY, Stage.READY)


def test_what_was_asked_for_once_is_done_once(box):
    box.reset.write_text("settings")
    box.start()
    box.setup.write_text(SETUP)
    box.start()

    assert [camera.id for camera in box.config.cameras] == ["door"]
    assert len(box.told) == 1


def test_a_set_up_file_that_is_filled_in_again_holds_at_once(box):
    assert "secret" not in box.setup.read_text()
    box.reset.write_text("settings")
    box.setup.write_text(SETUP)

    assert box.start() == []
    assert box.config.network.wifi_password == "correct horse"
    assert [camera.id for camera in box.config.cameras] == ["door"]
    assert "secret" not in box.setup.read_text()


def test_nobody_becomes_the_owner_by_forgetting_the_settings(box):
    box.reset.write_text("settings")
    box.setup.write_text(SETUP.replace(KEYS[0], KEYS[1]))
    box.start()

    assert box.config.owner.recipients == (KEYS[0],)


def test_words_that_are_no_tier_forget_nothing_and_are_told(box):
    before = box.config
    box.reset.write_text("everything please")

    assert "nothing else" in box.start()[0]
    with pytest.raises(FormatError):
        box.begin()
    assert box.config == before and box.stages == (Stage.READY, Stage.READY)


@pytest.mark.parametrize("word", ["settings", "everything"])
def test_a_file_that_cannot_be_crossed_out_is_not_obeyed(box, word):
    before = box.config
    box.reset.write_text(word)
    box.refuses = True

    if word == "settings":
        assert "cannot be crossed out" in box.start()[0]
    else:
        with pytest.raises(ResetRefused, match="cannot be crossed out"):
            box.begin()
    assert box.config == before
    assert box.stages == (Stage.READY, Stage.READY)
    assert not (box.place.state / NOTE).exists()


def test_a_damaged_note_forgets_nothing_and_goes(box):
    (box.place.state / NOTE).write_bytes(b"{")
    before = box.config

    assert "ask again" in box.start()[0]
    assert box.config == before
    assert box.start() == []


@pytest.mark.parametrize("kind", [FaultyCalls, Cut])
def test_wherever_the_power_goes_settings_are_forgotten_in_the_end_and_the_owner_never(tmp_path, kind):
    for nth in count(1):
        one = Box(tmp_path / str(nth))
        identity = one.place.identity_key.read_bytes()
        (one.place.state / "users.json").write_text("x")
        one.reset.write_text("settings")
        calls = kind(nth, lasting=True)
        with suppress(PowerCut):
            one.start(Disk(calls))
        assert one.config.owner.recipients == (KEYS[0],)

        assert one.start() == []
        assert one.config.owner.recipients == (KEYS[0],) and one.config.cameras == ()
        assert not (one.place.state / "users.json").exists() and not (one.place.state / NOTE).exists()
        assert one.place.identity_key.read_bytes() == identity
        assert one.told and {kind for kind, _ in one.told} == {"reset.done"}
        if not calls.fired:
            break
    assert nth > 30


def test_everything_is_marked_and_asked_for_no_more(box):
    box.reset.write_text("everything\n")

    assert box.begin() is True
    assert box.stages == (Stage.FORGET, Stage.FORGET)
    assert box.reset.read_bytes() == b"*" * 11
    assert "garage" not in box.setup.read_text() and KEYS[0] not in box.setup.read_text()
    assert box.begin() is False


def test_without_the_file_nothing_is_marked(box):
    assert box.begin() is False
    assert box.stages == (Stage.READY, Stage.READY)


def test_a_new_set_up_file_beside_it_is_what_the_new_box_begins_with(box):
    box.reset.write_text("everything")
    box.setup.write_text(SETUP.replace(KEYS[0], KEYS[1]))
    box.begin()

    assert KEYS[1] in box.setup.read_text()


def test_wherever_the_power_goes_what_the_file_asks_for_is_marked_in_the_end(tmp_path):
    for nth in count(1):
        one = Box(tmp_path / str(nth))
        one.reset.write_text("everything")
        calls = Cut(nth, lasting=True)
        with suppress(PowerCut):
            one.begin(Disk(calls))
        one.begin()

        assert one.stages == (Stage.FORGET, Stage.FORGET)
        assert asked(one.reset.read_bytes()) is None
        assert KEYS[0] not in one.setup.read_text()
        if not calls.fired:
            break
    assert nth > 6


def test_whichever_operation_fails_nothing_is_marked_and_somebody_is_told(tmp_path):
    for nth in count(1):
        one = Box(tmp_path / str(nth))
        one.reset.write_text("everything")
        calls = FaultyCalls(nth)
        try:
            one.begin(Disk(calls))
        except VigilError as error:
            assert "nothing is forgotten" in str(error)
            assert one.stages == (Stage.READY, Stage.READY)
        if not calls.fired:
            break
    assert nth > 6
    assert one.stages == (Stage.FORGET, Stage.FORGET)


def test_a_card_that_takes_one_mark_of_two_is_left_as_it_was(box):
    for fails_at in (1, 2):
        card = Sectors(box.card.device, fails_at=fails_at)
        with pytest.raises(DeviceError, match="Input/output"):
            mark(card)
        assert box.stages == (Stage.READY, Stage.READY)


def test_a_cut_between_the_two_marks_is_made_good(box):
    box.card.write_sectors(with_stage(box.card.read_sector, 8, Stage.FORGET))
    box.reset.write_text("everything")
    box.begin()

    assert box.stages == (Stage.FORGET, Stage.FORGET)


def test_a_partition_of_somebody_else_is_not_marked(box):
    writes = with_stage(box.card.read_sector, 8, Stage.READY)
    sector = bytearray(writes[0][1])
    sector[446 + 4] = 0x07
    box.card.write_sectors([(writes[0][0], bytes(sector))])

    with pytest.raises(ResetRefused, match="not ours"):
        mark(box.card)
    assert box.stages == (Stage.READY, 0x07)


class Debugger(Tool):
    """Opens p7 and reads a file in it, as the system's tools do."""

    def __init__(self, said=None, *, opens=True):
        self.said, self.opens, self.commands = said, opens, []

    def run(self, *command, limit_s, good=(0,)):
        self.commands.append(command[:2])
        if command[1] == "open" and not self.opens:
            raise DeviceError("integritysetup failed with 1: Device is not a valid INTEGRITY device")
        if command[0] == "debugfs":
            return 0, self.said
        return 0, ""


def test_p7_is_asked_for_the_set_up_file_without_being_mounted(box, tmp_path):
    known = digest(SETUP.encode())
    tool = Debugger(f"debugfs 1.47.2 (1-Jan-2025)\n{known}\n")

    assert setup_taken_over(tool, box.card, tmp_path) == known
    assert tool.commands[0] == ("integritysetup", "open") and tool.commands[-1] == ("integritysetup", "close")
    assert setup_taken_over(Debugger("setup-taken: File not found by ext2_lookup\n"), box.card, tmp_path) == ""
    damaged = "debugfs: Bad magic number in super-block while trying to open p7\ncat: Filesystem not open\n"
    assert setup_taken_over(Debugger(damaged), box.card, tmp_path) is None
    assert setup_taken_over(Debugger(opens=False), box.card, tmp_path) is None


def test_a_note_of_a_later_version_is_not_guessed_at(box):
    (box.place.state / NOTE).write_text(json.dumps({"tier": "half", "by": "button"}))

    assert "does not know" in box.start()[0]
    assert Note("button").encode() != b""

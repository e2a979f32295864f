"""Booting never refuses: it goes on as well as it can, and says what it had to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.configs import KEYS, spoilt_files
from vigil.config.model import Camera, Config, Owner, Recording
from vigil.config.read import NO_CAMERA, TakenFrom, read_lenient, read_strict
from vigil.config.write import explained, written
from vigil.errors import ConfigError

HALL = Camera(id="hall", source="synthetic", pre_roll_s=9)
YARD = Camera(id="yard", source="synthetic", fps=7)
GOOD = Config(cameras=(HALL, YARD), recording=Recording(segment_s=90), owner=Owner(recipients=(KEYS[0],)))
LAST = written(GOOD)

FRONT = '[[camera]]\nid = "front"\nsource = "synthetic"\n'


def test_a_right_file_has_no_faults():
    salvage = read_lenient(b"schema = 1\n" + FRONT.encode(), LAST)

    assert salvage.faults == ()
    assert salvage.taken_from is TakenFrom.FILE
    assert salvage.config.cameras == (Camera(id="front", source="synthetic"),)


@pytest.mark.parametrize("data", [b"", b"\0" * 512, b"schema = 1\n[system\n", b"\xff", b"[" * 100_000, b"#" * 300_000])
def test_a_file_that_no_longer_parses_is_replaced_by_the_last_applied_well(data: bytes):
    salvage = read_lenient(data, LAST)

    assert salvage.config == GOOD
    assert salvage.taken_from is TakenFrom.LAST_APPLIED
    assert salvage.faults[-1] == "used instead: the configuration that was last applied well"
    assert len(salvage.faults) == 2


def test_no_file_means_no_camera_and_says_so():
    salvage = read_lenient(None)

    assert (salvage.config.cameras, salvage.faults, salvage.taken_from) == ((), (NO_CAMERA,), TakenFrom.DEFAULT)
    assert read_lenient(None, written(Config())) == salvage


def test_a_file_that_is_gone_is_a_fault_where_there_was_one():
    salvage = read_lenient(None, LAST)

    assert salvage.config == GOOD
    assert "the configuration file is gone" in salvage.faults


def test_without_a_last_one_only_the_broken_tables_are_lost():
    text = f'schema = 1\n{FRONT}[camera.motion]\nsensitivity = 3\n[[camera]]\nid = "b\n[recording]\nsegment_s = 30\n'

    salvage = read_lenient(text.encode())

    assert [(camera.id, camera.motion.sensitivity) for camera in salvage.config.cameras] == [("front", 3)]
    assert salvage.config.recording.segment_s == 30
    assert salvage.taken_from is TakenFrom.PARTS
    [fault] = salvage.faults
    assert fault.startswith("lines 7 to 8 are not used: line 8, column 8: illegal character")


def test_a_file_without_a_camera_is_no_mistake_but_records_nothing():
    assert read_lenient(b'schema = 1\n[system]\nhostname = "garage"\n').faults == (NO_CAMERA,)


def test_noise_leaves_no_camera_rather_than_an_invented_one():
    salvage = read_lenient(b"\x00\x01\x02 = = =")

    assert salvage.config.cameras == ()
    assert salvage.faults[-1] == "no camera can be used, so nothing is recorded"


def test_a_word_that_is_no_setting_costs_nothing_but_itself():
    salvage = read_lenient(f"schema = 1\nnonsense = 1\n{FRONT}pre_rol_s = 3\nfps = 7\n".encode(), LAST)

    assert salvage.config.cameras == (Camera(id="front", source="synthetic", fps=7),)
    assert len(salvage.faults) == 2


def test_a_wrong_value_is_taken_from_the_last_applied_well():
    data = b"schema = 1\n[recording]\nsegment_s = 5\nloss_s = 4\n" + FRONT.encode()

    assert read_lenient(data, LAST).config.recording == Recording(segment_s=90, loss_s=4)
    assert read_lenient(data).config.recording == Recording(loss_s=4)
    assert "recording.segment_s: used instead is 90" in read_lenient(data, LAST).faults


def test_a_camera_with_a_mistake_is_used_as_it_was_last_applied_well():
    data = f'schema = 1\n{FRONT}[[camera]]\nid = "hall"\nsource = "synthetic"\nfps = "many"\n'.encode()

    salvage = read_lenient(data, LAST)

    assert salvage.config.cameras == (Camera(id="front", source="synthetic"), HALL)
    assert salvage.faults[-1] == "camera.hall: used as it was last applied well"


def test_a_camera_that_the_owner_removed_does_not_come_back():
    assert YARD not in read_lenient(f"schema = 1\n{FRONT}fps = 0\n".encode(), LAST).config.cameras


def test_a_new_camera_with_a_harmless_mistake_is_used_with_defaults():
    salvage = read_lenient(f"schema = 1\n{FRONT}fps = 0\npre_roll_s = 3\n".encode(), LAST)

    assert salvage.config.cameras == (Camera(id="front", source="synthetic", pre_roll_s=3),)


@pytest.mark.parametrize("mistake", ['record = "no"', "enabled = 0", 'source = "usb"', 'url = "x"'])
def test_what_decides_what_is_seen_or_kept_has_no_default_to_stand_in(mistake: str):
    """A privacy pause misspelt must not become a recording."""
    camera = {"source": "rtsp", "url": "rtsp://h/x"} | dict([mistake.replace('"', "").split(" = ")])
    text = "".join(f'{key} = "{value}"\n' for key, value in camera.items() if key not in mistake) + mistake

    salvage = read_lenient(f'schema = 1\n{FRONT}[[camera]]\nid = "new"\n{text}\n'.encode(), LAST)

    assert [camera.id for camera in salvage.config.cameras] == ["front"]
    assert salvage.faults[-1] == "camera[2] new: not used until this is corrected"


def test_of_the_recipients_the_right_ones_are_used():
    data = f'schema = 1\n{FRONT}[owner]\nrecipients = ["{KEYS[1]}", "age1nonsense"]\n'.encode()

    assert read_lenient(data, LAST).config.owner.recipients == (KEYS[1],)


def test_recipients_without_a_right_one_are_those_last_applied_well():
    data = f'schema = 1\n{FRONT}[owner]\nrecipients = ["age1nonsense"]\n'.encode()

    assert read_lenient(data, LAST).config.owner.recipients == (KEYS[0],)


def test_bounds_that_contradict_each_other_are_replaced_together():
    data = b"schema = 1\nstorage.free_start_bytes = 9_000_000_000\nstorage.keep_days = 3\n" + FRONT.encode()

    storage = read_lenient(data, LAST).config.storage

    assert (storage.free_start_bytes, storage.free_target_bytes, storage.keep_days) == (10**9, 2 * 10**9, 3)


def test_a_ups_whose_times_contradict_each_other_is_watched_with_those_that_do_not():
    data = b"schema = 1\n[ups]\nenabled = true\nups_name = 'cellar'\nshutdown_delay_s = 240\n" + FRONT.encode()

    ups = read_lenient(data, LAST).config.ups

    assert (ups.enabled, ups.ups_name, ups.critical_runtime_threshold_s, ups.shutdown_delay_s) == (
        True, "cellar", 300, 60,
    )  # fmt: skip


def test_percent_beside_bytes_are_replaced_with_them():
    data = b"schema = 1\n[storage]\nfree_start_pct = 5\nfree_target_pct = 9\nfree_target_bytes = 3_000_000_000\n"

    salvage = read_lenient(data + FRONT.encode(), LAST)

    assert salvage.config.storage == Config().storage
    assert any("in bytes or in percent, not in both" in fault for fault in salvage.faults)


def test_the_second_of_two_cameras_with_one_id_waits():
    salvage = read_lenient(f"schema = 1\n{FRONT}{FRONT}fps = 3\n".encode())

    assert [camera.fps for camera in salvage.config.cameras] == [15]
    assert "camera[2] front: not used until this is corrected" in salvage.faults


def test_a_newer_file_is_replaced_by_the_last_applied_well_or_read_as_far_as_it_goes():
    data = b"schema = 7\nhologram = true\n" + FRONT.encode()

    assert read_lenient(data, LAST).config == GOOD
    assert [camera.id for camera in read_lenient(data).config.cameras] == ["front"]
    assert "written for a newer version" in read_lenient(data).faults[0]


def test_a_forgotten_schema_number_does_not_stop_the_box():
    salvage = read_lenient(FRONT.encode(), LAST)

    assert [camera.id for camera in salvage.config.cameras] == ["front"]
    assert salvage.faults == ("schema: missing; write schema = 1 as the first line",)


def test_a_damaged_last_one_is_told_and_stands_in_for_nothing():
    salvage = read_lenient(b"schema = 1\n" + FRONT.encode(), b"\0")

    assert [camera.id for camera in salvage.config.cameras] == ["front"]
    assert "cannot stand in" in salvage.faults[0]


@settings(max_examples=100, deadline=None)
@given(spoilt_files(), st.none() | st.just(LAST) | spoilt_files())
def test_no_bytes_whatever_stop_a_boot(data: bytes, last_good: bytes | None):
    salvage = read_lenient(data, last_good)

    assert_usable(salvage.config)
    try:
        strict = read_strict(data)
    except ConfigError as error:
        assert salvage.faults
        assert all("\n" not in problem for problem in error.problems)
    else:
        assert salvage.config == strict
        assert salvage.taken_from is TakenFrom.FILE


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_stops_a_boot(data: st.DataObject):
    file = bytearray(explained(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(file) - 1))
        file[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))

    assert_usable(read_lenient(bytes(file)).config)
    assert_usable(read_lenient(bytes(file), LAST).config)


def assert_usable(config: Config) -> None:
    """Whatever was salvaged could have been a file without a mistake, but for a pre-roll that is cut short."""
    try:
        assert read_strict(written(config)) == config
    except ConfigError as error:
        assert all("recording.ring_bytes" in problem for problem in error.problems)


def test_of_two_uses_of_one_line_the_button_keeps_it():
    salvage = read_lenient(b"schema = 1\nlamps.arm_gpio = 17\n[[camera]]\nid = 'a'\nsource = 'synthetic'\n")

    assert salvage.config.button.gpio == 17 and salvage.config.lamps.arm_gpio == 0
    assert salvage.config.lamps.fault_gpio == 23
    assert any("lamps.arm_gpio: not used until this is corrected" in fault for fault in salvage.faults)

"""Editing refuses every mistake, all at once, each with its key and what would be accepted."""

from __future__ import annotations

import pytest

from fakes.configs import KEYS
from vigil.config.model import Camera, Config, Motion
from vigil.config.read import read_strict
from vigil.config.write import explained
from vigil.errors import ConfigError

CAMERA = '[[camera]]\nid = "front"\nsource = "synthetic"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_strict(text.encode())
    return caught.value.problems


def test_a_right_file_is_read_as_written():
    config = read_strict(
        b"""
        schema = 1
        recording = { segment_s = 30 }
        [[camera]]
        id = "yard"
        source = "rtsp"
        url = "rtsp://a:b@10.0.0.5/x"
        mode = "Motion"
        [camera.motion]
        sensitivity = 70
        minimum_area_pct = 1
        zones = [[[0, 0], [1, 0], [0.5, 1]]]
        """
    )

    motion = Motion(sensitivity=70, minimum_area_pct=1.0, zones=(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),))
    assert config.cameras == (
        Camera(id="yard", source="rtsp", url="rtsp://a:b@10.0.0.5/x", mode="motion", motion=motion),
    )
    assert config.recording.segment_s == 30
    assert config.storage == Config().storage


def test_every_mistake_is_told_at_once():
    text = f"""
        schema = 1
        colour = "red"
        recording.segment_s = 5
        recording.loss_s = true
        journal.checkpoint_s = 7.5
        system.log_level = "inf"
        {CAMERA}
        pre_rol_s = 5
        url = "rtsp://10.0.0.5"
        [camera.motion]
        sensitivty = 3
        method = 2
    """

    assert problems(text) == [
        "colour: not a setting",
        'system.log_level = "inf": give debug, info, warning or error (did you mean info?)',
        "recording.segment_s = 5: give 10 to 300",
        "recording.loss_s = true: give a whole number, 2 to 10",
        "journal.checkpoint_s = 7.5: give a whole number, 5 to 60",
        "camera.front.pre_rol_s: not a setting (did you mean pre_roll_s?)",
        "camera.front.url: only for rtsp cameras; this one is synthetic",
        "camera.front.motion.sensitivty: not a setting (did you mean sensitivity?)",
        "camera.front.motion.method = 2: give blocks, mog2 or off, in quotes",
    ]


@pytest.mark.parametrize(
    ("source", "missing"),
    [("rtsp", "url"), ("replay", "path"), ("v4l2", "device")],
)
def test_what_a_kind_of_camera_cannot_do_without_is_asked_for(source: str, missing: str):
    [problem] = problems(f'schema = 1\n[[camera]]\nid = "a"\nsource = "{source}"\n')

    assert problem.startswith(f"camera.a.{missing}: missing; give ")


def test_a_camera_without_a_usable_id_is_named_by_its_number():
    text = f'schema = 1\n{CAMERA}[[camera]]\nsource = "synthetic"\n[[camera]]\nid = "A b"\nsource = "synthetic"\n'

    assert problems(text) == [
        "camera[2].id: missing; give 1 to 32 of a–z, 0–9 and - (not at either end)",
        'camera[3].id = "A b": give 1 to 32 of a–z, 0–9 and - (not at either end)',
    ]


def test_two_cameras_cannot_share_an_id_nor_a_device():
    usb = '[[camera]]\nsource = "v4l2"\ndevice = "/dev/video0"\n'
    text = f'schema = 1\n{CAMERA}{CAMERA}{usb}id = "a"\n{usb}id = "b"\n{usb}id = "c"\nenabled = false\n'

    assert problems(text) == [
        'camera[2].id = "front": another camera has this id',
        "camera.b.device: camera a uses /dev/video0 already",
    ]


def test_single_brackets_are_explained():
    assert "double brackets" in problems(f"schema = 1\n{CAMERA.replace('[[camera]]', '[camera]')}")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\n[system\n", "line 2, column 8: "),
        ("schema = 1\nschema = 1\n", "line 2, column 11: "),
        ("schema = 1\nname = ", "line 2, the file's end: "),
        ("", "the file holds no setting"),
        ("# nothing but words\n", "the file holds no setting"),
    ],
)
def test_what_is_not_toml_is_told_with_its_place(text: str, words: str):
    [problem] = problems(text)

    assert problem.startswith(words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"schema = 1\n\n[system]\nname = '\xff'\n", "line 4: not UTF-8 text"),
        (b"schema = " + b"1" * 5000, "a number too long"),
        (b"schema = " + b"[" * 100_000, "lists too deep"),
        (b"#" * 300_000, "the file has 300000 bytes"),
    ],
)
def test_bytes_that_break_parsers_are_told_in_words(data: bytes, words: str):
    with pytest.raises(ConfigError, match=words):
        read_strict(data)


def test_a_byte_order_mark_is_no_mistake():
    assert read_strict(b"\xef\xbb\xbfschema = 1\n").cameras == ()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("", "schema: missing"),
        ('schema = "1"\n', "give 1"),
        ("schema = true\n", "give 1"),
        ("schema = 2\n", "newer version"),
    ],
)
def test_the_schema_must_be_ours(schema: str, words: str):
    assert words in problems(f"{schema}{CAMERA}")[0]


def test_a_missing_schema_does_not_hide_the_other_mistakes():
    assert len(problems(f"{CAMERA}fps = 0\n")) == 2


def test_deleting_must_stop_above_where_it_starts():
    [problem] = problems("schema = 1\nstorage.free_start_bytes = 3_000_000_000\n")

    assert problem.startswith("storage.free_target_bytes = 2_000_000_000: give more than free_start_bytes")


def test_a_box_on_battery_must_have_time_to_end():
    [problem] = problems("schema = 1\n[ups]\nenabled = true\nshutdown_delay_s = 240\n")

    assert problem.startswith(
        "ups.critical_runtime_threshold_s = 300: give at least 330, which is shutdown_delay_s and"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("free_start_pct = 10", "free_target_pct: missing"),
        ("free_target_pct = 10", "free_start_pct: missing"),
        ("free_start_pct = 10\nfree_target_pct = 10", "free_target_pct = 10: give more than free_start_pct (10)"),
        (
            "free_start_pct = 5\nfree_target_pct = 10\nfree_start_bytes = 1_500_000_000",
            "free_start_pct: give the room to keep free in bytes or in percent, not in both",
        ),
    ],
)
def test_the_room_to_keep_free_is_given_one_way_only(settings: str, words: str):
    [problem] = problems(f"schema = 1\n[storage]\n{settings}\n")

    assert problem.startswith(f"storage.{words}")


def test_the_file_with_every_setting_in_it_can_be_edited_to_percent():
    text = explained(Config()).decode()

    text = text.replace("free_start_pct = 0", "free_start_pct = 5").replace(
        "free_target_pct = 0", "free_target_pct = 8"
    )
    config = read_strict(text.encode())

    assert (config.storage.free_start_pct, config.storage.free_target_pct) == (5, 8)


def test_a_pre_roll_must_fit_into_its_memory():
    text = f"schema = 1\nrecording.ring_bytes = 4_000_000\n{CAMERA}pre_roll_s = 6\nbit_rate_kbps = 4000\n"

    [problem] = problems(text)

    assert problem.startswith("camera.front.pre_roll_s = 6: at 4000 kbit/s this takes about 4_500_000 bytes, more than")
    assert read_strict(text.replace("= 6", "= 5").encode())


@pytest.mark.parametrize("number", ["width = 1279", "height = 721"])
def test_encoders_need_even_sides(number: str):
    assert problems(f"schema = 1\n{CAMERA}{number}\n")[0].endswith(", even")


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ("3", "up to 16 areas"),
        ("[[[0, 0], [1, 1]]]", "area 1: give 3 to 32 corners"),
        ("[[[0, 0], [1, 0], [1, 1]], [[0, 0], [0.5, 0.5], [1, 1]]]", "area 2: its corners lie on one line"),
        ("[[[0, 0], [1, 0], [1, 1.01]]]", "area 1, corner 3: give [x, y], each 0 to 1"),
        ("[[[0, 0], [1, 0], [1, true]]]", "area 1, corner 3"),
        ("[[[0, 0], [1, 0], [1, nan]]]", "area 1, corner 3"),
        ("[[[0, 0], [1, 0], [1]]]", "area 1, corner 3"),
    ],
)
def test_areas_of_the_picture_are_checked_corner_by_corner(zones: str, words: str):
    [problem] = problems(f"schema = 1\n{CAMERA}motion.zones = {zones}\n")

    assert words in problem


@pytest.mark.parametrize(
    "url", ["http://h/x", "rtsp://", "rtsp://h:99999/x", "rtsp://a b/c", "10.0.0.5", "rtsp://[::1/x"]
)
def test_an_address_must_be_one(url: str):
    [problem] = problems(f'schema = 1\n[[camera]]\nid = "a"\nsource = "rtsp"\nurl = "{url}"\n')

    assert "give an address such as" in problem


def test_a_password_with_signs_of_an_address_is_explained_and_not_repeated():
    [problem] = problems(
        'schema = 1\n[[camera]]\nid = "a"\nsource = "rtsp"\nurl = "rtsp://admin:hush/hush@10.0.0.5/x"\n'
    )

    assert "write / as %2F" in problem
    assert "hush" not in problem


def test_a_secret_key_among_the_recipients_is_refused_without_being_repeated():
    text = 'schema = 1\n[owner]\nrecipients = ["age1x", "AGE-SECRET-KEY-1QQQQ", 5]\n'

    found = problems(text)

    assert [problem.split(": ")[1] for problem in found] == ["key 1", "key 2", "key 3"]
    assert "QQQQ" not in "".join(found)


def test_a_recipient_given_twice_is_a_mistake():
    text = f'schema = 1\n[owner]\nrecipients = ["{KEYS[0]}", "{KEYS[0]}"]\n'

    assert problems(text) == ["owner.recipients: a key is there twice"]


def test_waiting_for_motion_that_nobody_looks_for_is_refused():
    text = (
        b'schema = 1\n[[camera]]\nid = "gate"\nsource = "synthetic"\nmode = "motion"\n[camera.motion]\nmethod = "off"\n'
    )

    with pytest.raises(ConfigError, match="waits for motion"):
        read_strict(text)


def test_one_line_of_the_header_has_one_use():
    found = problems("schema = 1\nlamps.arm_gpio = 17\nlamps.siren_gpio = 22\n" + CAMERA)

    assert found == [
        "lamps.arm_gpio = 17: button.gpio uses this line already",
        "lamps.siren_gpio = 22: lamps.status_gpio uses this line already",
    ]


def test_quiet_hours_have_two_ends():
    assert problems('schema = 1\nlamps.quiet_from = "22:00"\n' + CAMERA) == [
        "lamps.quiet_from, lamps.quiet_to: give both, or none"
    ]

"""`vigil devices`: what an owner reads before writing a camera's table, or `[usb] allow`."""

from __future__ import annotations

from vigil.body.hotplug import Device
from vigil.cli.devices import lines

KEYBOARD = Device(
    name="413c:2107@1-1.3", number=4, kind="keyboard", let_in=False, vendor="413c", product="2107", serial="",
    port="1-1.3", classes="030101", words="Dell Keyboard",
)  # fmt: skip
LINKS = "/dev/v4l/by-id/usb-C920_A1B2C3D4-video-index0 /dev/v4l/by-path/p-1.2-video-index0"


def test_a_refused_device_is_shown_with_the_numbers_that_would_allow_it():
    assert lines([KEYBOARD], []) == ["1-1.3      keyboard  REFUSED  413c:2107 Dell Keyboard"]


def test_a_camera_is_shown_with_the_line_that_its_table_needs():
    camera = {
        "ID_SERIAL_SHORT": "A1B2C3D4",
        "DEVLINKS": LINKS,
        "ID_V4L_PRODUCT": "HD\x1b Webcam",
        "DEVNAME": "/dev/video0",
    }

    assert lines([], [camera]) == ['device = "/dev/v4l/by-id/usb-C920_A1B2C3D4-video-index0"    # HD? Webcam']
    assert lines([], [camera, camera])[0].startswith('device = "/dev/v4l/by-path/p-1.2-video-index0"')
    assert lines([], [{"DEVNAME": "/dev/video0"}]) == ['device = "/dev/video0"    # a camera']


def test_nothing_is_said_in_words():
    assert lines([], []) == ["Nothing is plugged in that this box judges, and no USB camera."]

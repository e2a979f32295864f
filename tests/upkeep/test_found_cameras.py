"""A USB camera is found by the socket it is plugged into; nothing else that gives pictures is taken for one."""

from __future__ import annotations

from vigil.upkeep.found_cameras import usb_cameras

SOCKET = "platform-3f980000.usb-usb-0:1.2:1.0"


def entry(node: int, *lines: str) -> str:
    """One device, as `udevadm info --export-db` prints it."""
    return "\n".join([f"P: /devices/x/video4linux/video{node}", f"N: video{node}", *lines]) + "\n"


def camera(node: int, socket: str, *more: str) -> str:
    names = [f"S: v4l/by-id/usb-Maker_Camera-video-index{node % 2}", f"S: v4l/by-path/{socket}-video-index{node % 2}"]
    kind = "capture" if node % 2 == 0 else ""
    return entry(node, *names, *more, "E: ID_BUS=usb", f"E: ID_V4L_CAPABILITIES=:{kind}:")


def test_a_camera_is_called_by_its_socket():
    (found,) = usb_cameras("\n".join([camera(0, SOCKET), camera(1, SOCKET)]))

    assert (found.id, found.source) == ("usb", "v4l2")
    assert found.device == f"/dev/v4l/by-path/{SOCKET}-video-index0"


def test_two_of_a_kind_keep_their_names_whichever_was_seen_first():
    there = [camera(0, SOCKET), camera(2, SOCKET.replace("1.2", "1.3"))]

    found = usb_cameras("\n".join(there))

    assert [one.id for one in found] == ["usb", "usb-2"]
    assert found == usb_cameras("\n".join(reversed(there)))


def test_of_several_names_of_one_socket_the_shortest_counts():
    newer = f"S: v4l/by-path/{SOCKET.replace('-usb-', '-usbv2-')}-video-index0"

    (found,) = usb_cameras(camera(0, SOCKET, newer))

    assert found.device == f"/dev/v4l/by-path/{SOCKET}-video-index0"


def test_what_is_no_usb_camera_is_left_alone():
    codec = entry(10, "S: v4l/by-path/platform-bcm2835-codec-video-index0", "E: ID_V4L_CAPABILITIES=:capture:")
    radio = entry(4, f"S: v4l/by-path/{SOCKET}-radio", "E: ID_BUS=usb", "E: ID_V4L_CAPABILITIES=:capture:")

    assert usb_cameras("\n".join([codec, radio, "P: /devices/virtual/tty/tty0\nE: MAJOR=4\n"])) == ()
    assert usb_cameras("") == ()

"""What is plugged in, from what the kernel and udev say; and names of cameras that stay."""

from __future__ import annotations

import pytest

from vigil.body.hotplug import Raw, camera_devices, devices, is_serial


def raw(port: str, kind: str = "camera", verdict: str = "in", *, authorized: str = "1", labels=(), **more: str) -> Raw:
    """One device; `more` are attributes, and `interfaces`."""
    interfaces = more.pop("interfaces", ":0e0100:0e0200:")
    properties = {"VIGIL_USB": verdict, "VIGIL_USB_KIND": kind, "ID_USB_INTERFACES": interfaces}
    attributes = {
        "devpath": port.rpartition("-")[2], "devnum": "7", "authorized": authorized, "idVendor": "046d",
        "idProduct": "082d", **more,
    }  # fmt: skip
    return Raw(port=port, properties=properties, attributes=attributes, labels=labels)


def test_a_camera_is_called_by_its_serial_number():
    (found,) = devices([raw("1-1.2", serial="A1B2C3D4", manufacturer="Logi", product="C920")])

    assert (found.name, found.kind, found.let_in, found.number) == ("046d:082d-A1B2C3D4", "camera", True, 7)
    assert (found.words, found.classes, found.port) == ("Logi C920", "0e0100 0e0200", "1-1.2")


def test_without_one_of_its_own_it_is_called_by_its_socket():
    for serial in ("", "0001", "SN0001", "01.00.00"):
        assert devices([raw("1-1.2", serial=serial)])[0].name == "046d:082d@1-1.2"


def test_two_with_the_same_serial_are_both_called_by_their_sockets():
    found = devices([raw("1-1.3", serial="A1B2C3D4"), raw("1-1.2", serial="A1B2C3D4")])

    assert [one.name for one in found] == ["046d:082d@1-1.2", "046d:082d@1-1.3"]


def test_what_was_thrown_out_is_refused_and_called_by_the_worst_it_is():
    keys = raw("1-2", "ups", "in", authorized="0", interfaces=":030000:")
    disk = raw("1-3", "disk", "in", authorized="0", interfaces=":080650:")
    refused = raw("1-4", "keyboard", "out", authorized="0", interfaces=":030101:0e0100:")

    assert [(one.kind, one.let_in) for one in devices([keys, disk, refused])] == [
        ("keyboard", False), ("storage", False), ("keyboard", False),
    ]  # fmt: skip


def test_what_counts_is_whether_the_kernel_lets_it_in_not_what_was_meant():
    (found,) = devices([raw("1-4", "keyboard", "out", authorized="1")])

    assert found.let_in


def test_a_disk_is_a_stick_by_its_label():
    (stick,) = devices([raw("1-3", "disk", labels=("VIGIL-STICK",))])
    (disk,) = devices([raw("1-3", "disk", labels=("HOLIDAYS",))])

    assert (stick.kind, disk.kind) == ("stick", "disk")


def test_root_hubs_and_a_host_without_a_verdict_have_nothing_to_tell():
    bare = Raw(port="1-1", properties={}, attributes={"devpath": "1", "devnum": "2", "authorized": "1"})

    assert devices([raw("usb1", "hub", devpath="0"), bare]) == []


def test_a_strangers_words_are_cut_to_what_can_be_printed():
    (found,) = devices([raw("1-1", serial="\x1b[2J" + "A" * 300, product="x\n\u202ey")])

    assert found.serial.startswith("?[2JAAA") and len(found.serial) == 64
    assert found.words == "x??y"


def test_there_are_never_more_than_a_packet_holds():
    assert len(devices([raw(f"1-{number}") for number in range(500)])) == 64


@pytest.mark.parametrize("text", ["A1B2C3D4", "200901010001", "SN7F3A", "3C-4A-92"])
def test_a_number_of_its_own(text: str):
    assert is_serial(text)


@pytest.mark.parametrize(
    "text", ["", "0", "0000", "SN0001", "0001", "01.00.00", "1.0", "123456789", "FFFFFFFF", "1111"]
)
def test_a_number_that_every_camera_has(text: str):
    assert not is_serial(text)


def camera(port: str, serial: str = "", product: str = "082d") -> dict[str, str]:
    links = " ".join(f"/dev/v4l/by-path/platform-{usb}-0:{port}:1.0-video-index0" for usb in ("usb", "usbv2"))
    return {
        "ID_SERIAL_SHORT": serial, "ID_VENDOR_ID": "046d", "ID_MODEL_ID": product,
        "DEVLINKS": f"/dev/v4l/by-id/usb-046d_{product}_{serial}-video-index0 {links}",
    }  # fmt: skip


def test_a_camera_with_a_serial_keeps_its_name_in_any_socket():
    for port in ("1.2", "1.3"):
        assert camera_devices([camera(port, "A1B2C3D4")]) == ["/dev/v4l/by-id/usb-046d_082d_A1B2C3D4-video-index0"]


def test_two_of_a_kind_without_serials_are_called_by_their_sockets_and_exchange_pictures_with_their_plugs():
    left, right = camera("1.2"), camera("1.3")

    by_socket = [
        "/dev/v4l/by-path/platform-usb-0:1.2:1.0-video-index0",
        "/dev/v4l/by-path/platform-usb-0:1.3:1.0-video-index0",
    ]
    assert camera_devices([left, right]) == by_socket
    assert camera_devices([right, left]) == by_socket[::-1]


def test_two_with_one_serial_are_called_by_their_sockets_and_the_third_by_its_own():
    found = camera_devices([camera("1.2", "A1B2C3D4"), camera("1.3", "A1B2C3D4"), camera("1.4", "B7F19C22")])

    assert [name.split("/")[3] for name in found] == ["by-path", "by-path", "by-id"]

"""What guard makes of what is plugged in: entries, tampering, and a device that flaps."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vigil.clock.trust import Trust
from vigil.guard.deeds import Alarm, Deed, Enter, Happened, Keep
from vigil.guard.facts import ArmChanged, ArmState, Plugged, PlugsSeen, UsbDevice
from vigil.guard.hotplug import Hotplug
from vigil.guard.moment import Moment

SECOND = 1_000_000
CAMERA = UsbDevice(
    name="046d:082d-A1B2C3", number=3, kind="camera", let_in=True, vendor="046d", product="082d", serial="A1B2C3",
    port="1-1.2", classes="0e0100 0e0200", words="HD Pro Webcam C920",
)  # fmt: skip
KEYBOARD = UsbDevice(
    name="413c:2107@1-1.3", number=4, kind="keyboard", let_in=False, vendor="413c", product="2107", port="1-1.3",
    classes="030101", words="Dell Keyboard",
)  # fmt: skip
HUB = UsbDevice(name="0424:9514@1-1", number=2, kind="hub", let_in=True, port="1-1")


class Sockets:
    """The part, with a clock moved by hand and hands at the sockets."""

    def __init__(self, state: ArmState | None = ArmState.DISARMED, kept: object = None) -> None:
        self.us = 500 * SECOND
        self.part = Hotplug(kept)
        self.deeds: list[Deed] = []
        if state:
            self.arm(state)

    def now(self) -> Moment:
        return Moment(self.us, self.us, Trust.SYNCED)

    def arm(self, state: ArmState) -> list[Deed]:
        return self.did(self.part.hear(ArmChanged(state, state, "me", "button"), self.now()))

    def see(self, *devices: UsbDevice) -> list[Deed]:
        return self.did(self.part.hear(PlugsSeen(devices), self.now()))

    def wait(self, seconds: int) -> list[Deed]:
        before = len(self.deeds)
        for _ in range(seconds):
            self.us += SECOND
            self.did(self.part.look(self.now()))
        return self.deeds[before:]

    def did(self, deeds: list[Deed]) -> list[Deed]:
        self.deeds += deeds
        return deeds

    def kept(self) -> object:
        found = [deed.state for deed in self.deeds if isinstance(deed, Keep)]
        return found[-1] if found else None


def kinds(deeds: list[Deed]) -> list[str]:
    return [deed.kind for deed in deeds if isinstance(deed, Enter)]


def alarms(deeds: list[Deed]) -> list[Alarm]:
    return [deed for deed in deeds if isinstance(deed, Alarm)]


def test_a_camera_that_comes_and_goes_is_journaled_before_anybody_hears_of_it():
    sockets = Sockets()
    sockets.see(HUB)

    came = sockets.see(HUB, CAMERA)
    gone = sockets.see(HUB)

    fields = {
        "device": "046d:082d-A1B2C3", "what": "camera", "vendor": "046d", "product": "082d", "serial": "A1B2C3",
        "port": "1-1.2", "classes": "0e0100 0e0200", "words": "HD Pro Webcam C920",
    }  # fmt: skip
    assert came[:2] == [
        Enter("device.plugged", fields),
        Happened(Plugged(CAMERA.name, "camera", present=True, words="HD Pro Webcam C920")),
    ]
    assert gone[0] == Enter("device.unplugged", fields)


def test_nothing_is_said_of_hubs_nor_of_what_is_as_it_was():
    sockets = Sockets()

    assert kinds(sockets.see(HUB, CAMERA)) == ["device.plugged"]
    assert sockets.see(HUB, CAMERA) == []


def test_what_is_found_at_a_start_is_marked_as_such():
    found = [deed for deed in Sockets().see(CAMERA) if isinstance(deed, Enter)]

    assert found[0].fields["first"] is True


def test_a_keyboard_is_an_entry_while_disarmed_and_an_alarm_at_once_while_armed():
    home, away = Sockets(), Sockets(ArmState.ARMED_AWAY)
    home.see()
    away.see()

    told = home.see(KEYBOARD)
    alarm = away.see(KEYBOARD)

    assert kinds(told) == ["device.refused"] and alarms(told) == []
    assert kinds(alarm) == ["device.refused"]
    assert len(alarms(alarm)) == 1 and not alarms(alarm)[0].delayed and not alarms(alarm)[0].always
    assert "a keyboard “Dell Keyboard” (413c:2107)" in alarms(alarm)[0].why


def test_a_camera_that_is_plugged_into_an_armed_box_is_no_alarm():
    sockets = Sockets(ArmState.ARMED_AWAY)
    sockets.see()

    assert alarms(sockets.see(CAMERA)) == []


def test_a_ups_that_shows_keys_is_an_alarm_although_it_was_let_in():
    ups = replace(KEYBOARD, kind="ups", let_in=True)
    sockets = Sockets(ArmState.ARMED_AWAY)
    sockets.see(ups)

    found = sockets.see(KEYBOARD)

    assert kinds(found) == ["device.refused"] and len(alarms(found)) == 1


def test_a_disk_that_turns_out_to_be_a_prepared_stick_is_told_of_again():
    disk = replace(CAMERA, kind="disk", name="0781:5581-X")
    sockets = Sockets()
    sockets.see(disk)

    assert Happened(Plugged("0781:5581-X", "stick", present=True, words=disk.words)) in sockets.see(
        replace(disk, kind="stick")
    )


def test_a_dongle_that_was_left_in_is_no_alarm_at_the_next_start_and_a_new_one_is():
    before = Sockets()
    before.see(KEYBOARD)
    assert before.kept() == {"refused": [KEYBOARD.name], "sockets": {}}

    known = Sockets(ArmState.ARMED_AWAY, before.kept())
    strange = Sockets(ArmState.ARMED_AWAY, {"refused": [], "sockets": {}})

    assert alarms(known.see(KEYBOARD)) == []
    assert len(alarms(strange.see(KEYBOARD))) == 1


def test_whether_the_box_is_armed_may_be_known_after_what_is_plugged_in():
    sockets = Sockets(state=None)

    assert alarms(sockets.see(KEYBOARD)) == []
    assert len(alarms(sockets.arm(ArmState.ARMED_NIGHT))) == 1


def test_a_known_dongle_that_is_taken_out_and_put_back_into_an_armed_box_is_an_alarm():
    sockets = Sockets()
    sockets.see(KEYBOARD)
    sockets.arm(ArmState.ARMED_AWAY)
    assert alarms(sockets.deeds) == []

    found = sockets.see(replace(KEYBOARD, number=9))

    assert kinds(found) == ["device.unplugged", "device.refused"] and len(alarms(found)) == 1


def test_another_camera_in_a_socket_is_told():
    sockets = Sockets()
    sockets.see(CAMERA)
    kept = sockets.kept()

    later = Sockets(kept=kept)
    found = later.see(replace(CAMERA, name="046d:082d-Z", serial="Z"))

    changed = [deed.fields for deed in found if isinstance(deed, Enter) and deed.kind == "device.changed"]
    assert changed == [{"port": "1-1.2", "before": "046d:082d A1B2C3", "now": "046d:082d Z"}]


def test_a_device_that_flaps_for_an_hour_fills_no_journal_and_writes_no_card_and_is_still_an_alarm():
    sockets = Sockets()
    sockets.see(HUB)
    for number in range(3600):
        sockets.wait(1)
        sockets.see(HUB, *([replace(KEYBOARD, number=number, serial=str(number), name=str(number))] * (number % 2)))
    sockets.arm(ArmState.ARMED_AWAY)
    told = sockets.see(replace(KEYBOARD, number=9999, name="last"))
    sockets.wait(60)

    entries = [deed for deed in sockets.deeds if isinstance(deed, Enter)]
    counts = [int(one.fields["changes"]) for one in entries if one.kind == "device.flapping"]
    assert len(entries) <= 61 * 21
    assert len(counts) == 60 or len(counts) == 61
    # One comes or goes each second; the last of them is gone when “last” is there.
    assert len(entries) - len(counts) + sum(counts) == 3600 + 1
    assert len(alarms(told)) == 1


def test_one_dongle_that_flaps_is_kept_once_a_minute_at_most():
    sockets = Sockets()
    sockets.see()
    for number in range(1200):
        sockets.wait(1)
        sockets.see(*([replace(KEYBOARD, number=number)] * (number % 2)))

    assert len([deed for deed in sockets.deeds if isinstance(deed, Keep)]) <= 2 * 20 + 1


def test_a_memory_that_is_nonsense_is_none():
    for kept in (None, [], "x", {"refused": 3, "sockets": []}, {"refused": [1], "sockets": {"1-1": 5}}):
        assert len(alarms(Sockets(ArmState.ARMED_AWAY, kept).see(KEYBOARD))) == 1


@given(
    st.lists(
        st.lists(st.sampled_from([CAMERA, KEYBOARD, HUB, replace(KEYBOARD, name="k2", number=7)]), unique=True),
        max_size=12,
    )
)
def test_who_is_told_of_is_who_is_there(looks: list[list[UsbDevice]]):
    sockets = Sockets()
    present: set[str] = set()
    for look in looks:
        for deed in sockets.see(*look):
            if isinstance(deed, Happened) and isinstance(deed.fact, Plugged):
                (present.add if deed.fact.present else present.discard)(deed.fact.device)

    last = looks[-1] if looks else []
    assert present == {one.name for one in last if one.kind != "hub"}

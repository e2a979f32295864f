"""The part that judges what is plugged in: who came and went, what was refused, and whether that is tampering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigil.guard.deeds import Alarm, Deed, Enter, Happened, Keep
from vigil.guard.facts import ArmChanged, ArmState, Fact, Plugged, PlugsSeen, UsbDevice
from vigil.guard.moment import Moment

SUBJECT = "devices"

_QUIET = ("hub", "inside")
"""They are part of the box, or as good as that; what hangs on them is told by itself."""

_MOST = 20
_MINUTE_US = 60_000_000
_KNOWN_AT_MOST = 64


class Hotplug:
    """
    All USB devices.

    `kept` is what `Keep` was given at an earlier start, whatever the disk made
    of it. Refused devices that were there while nothing was armed are known:
    they were left in a socket, and are no tampering at the next start.
    """

    due_us: int | None = None

    def __init__(self, kept: object = None) -> None:
        self._known, self._sockets = _restored(kept)
        self._kept = set(self._known), dict(self._sockets)
        self._there: dict[str, UsbDevice] | None = None
        self._state: ArmState | None = None
        self._minute_us: int | None = None
        self._entered = 0
        self._left_out = 0

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from a look at the sockets, or from the alarm's state."""
        match fact:
            case PlugsSeen(devices):
                return self._seen({one.name: one for one in devices}, now)
            case ArmChanged(after=state):
                return self._armed(state)
        return []

    def look(self, now: Moment) -> list[Deed]:
        """Tell how much was left out, once its minute is over."""
        if self._minute_us is None or now.steady_us - self._minute_us < _MINUTE_US:
            return []
        left_out, self._left_out, self._entered, self._minute_us = self._left_out, 0, 0, None
        entry: list[Deed] = [Enter("device.flapping", {"changes": left_out})] if left_out else []
        return [*entry, *self._keep()]

    def _seen(self, devices: Mapping[str, UsbDevice], now: Moment) -> list[Deed]:
        first, before = self._there is None, self._there or {}
        gone = [one for name, one in before.items() if name not in devices or devices[name].number != one.number]
        came = [one for name, one in devices.items() if name not in before or before[name].number != one.number]
        # Let in first and thrown out then: a UPS that shows keys, a disk that is no stick. Or taken back in.
        turned = [one for one in devices.values() if one not in came and before[one.name].let_in != one.let_in]
        became = [
            one for one in devices.values()
            if one not in came and one not in turned and before[one.name].kind != one.kind
        ]  # fmt: skip
        self._there = dict(devices)
        deeds: list[Deed] = []
        for one in gone:
            deeds += self._went(one, now)
        for one in (*came, *turned, *became):
            deeds += self._came(one, now, first=first)
        self._known -= {one.name for one in gone}
        alarms = self._tampering()
        self._sockets |= {one.port: _is(one) for one in came if one.kind == "camera" and one.let_in}
        return [*deeds, *self._keep_what_is_new(), *alarms]

    def _armed(self, state: ArmState) -> list[Deed]:
        self._state = state
        alarms = self._tampering()
        return [*self._keep_what_is_new(), *alarms]

    def _tampering(self) -> list[Deed]:
        """Raise the alarm for what was refused and is not known; while nothing is armed it becomes known."""
        if self._state is None or self._there is None:
            return []
        strange = [one for one in self._there.values() if not one.let_in and one.name not in self._known]
        self._known |= {one.name for one in strange}
        if self._state is ArmState.DISARMED:
            return []
        return [Alarm(f"{_words(one)} was plugged in", delayed=False) for one in strange[:1]]

    def _came(self, one: UsbDevice, now: Moment, *, first: bool) -> list[Deed]:
        told = Happened(Plugged(one.name, one.kind if one.let_in else "refused", present=True, words=one.words))
        if one.kind in _QUIET and one.let_in:
            return []
        fields = _fields(one) | ({"first": True} if first else {})
        kind = "device.plugged" if one.let_in else "device.refused"
        deeds = self._enter(kind, fields, now)
        socket = self._sockets.get(one.port)
        if one.kind == "camera" and one.let_in and socket not in (None, _is(one)):
            deeds += self._enter("device.changed", {"port": one.port, "before": socket, "now": _is(one)}, now)
        return [*deeds, told]

    def _went(self, one: UsbDevice, now: Moment) -> list[Deed]:
        if one.kind in _QUIET and one.let_in:
            return []
        told = Happened(Plugged(one.name, one.kind if one.let_in else "refused", present=False, words=one.words))
        return [*self._enter("device.unplugged", _fields(one), now), told]

    def _enter(self, kind: str, fields: Mapping[str, Any], now: Moment) -> list[Deed]:
        """Enter it, as long as this minute has not had its share: whoever flaps must not fill the journal."""
        if self._minute_us is None:
            self._minute_us = now.steady_us
        if self._entered >= _MOST:
            self._left_out += 1
            return []
        self._entered += 1
        return [Enter(kind, fields)]

    def _keep_what_is_new(self) -> list[Deed]:
        """Keep at once what must not be forgotten; that something went can wait for its minute, for the card's sake."""
        new = self._known - self._kept[0] or self._sockets.items() - self._kept[1].items()
        return self._keep() if new else []

    def _keep(self) -> list[Deed]:
        self._known = set(sorted(self._known)[:_KNOWN_AT_MOST])
        self._sockets = dict(list(self._sockets.items())[-_KNOWN_AT_MOST:])
        if self._kept == (self._known, self._sockets):
            return []
        self._kept = set(self._known), dict(self._sockets)
        return [Keep(SUBJECT, {"refused": sorted(self._known), "sockets": dict(self._sockets)})]


def _fields(one: UsbDevice) -> dict[str, Any]:
    return {
        "device": one.name, "what": one.kind, "vendor": one.vendor, "product": one.product, "serial": one.serial,
        "port": one.port, "classes": one.classes, "words": one.words,
    }  # fmt: skip


def _words(one: UsbDevice) -> str:
    what = {"keyboard": "a keyboard", "network": "a network adapter", "storage": "a disk", "disk": "a disk"}
    called = f" “{one.words}”" if one.words else ""
    return f"{what.get(one.kind, 'a device')}{called} ({one.vendor}:{one.product}) that has no business here"


def _is(one: UsbDevice) -> str:
    return " ".join(word for word in (f"{one.vendor}:{one.product}", one.serial) if word)


def _restored(kept: object) -> tuple[set[str], dict[str, str]]:
    """Return what was kept; what is not of its form counts for nothing."""
    if not isinstance(kept, dict):
        return set(), {}
    refused, sockets = kept.get("refused"), kept.get("sockets")
    known = {one for one in refused if isinstance(one, str)} if isinstance(refused, list) else set()
    pairs = sockets.items() if isinstance(sockets, dict) else ()
    return known, {str(port): one for port, one in pairs if isinstance(one, str)}

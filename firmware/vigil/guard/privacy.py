"""Cameras that keep nothing while their people are at home: arming ends the pause, whatever else happens."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vigil.guard.deeds import Deed, PauseCamera
from vigil.guard.facts import ArmChanged, ArmState, CameraPaused, Fact, ResumedByHand
from vigil.guard.moment import Moment

_OURS = "privacy: "
"""How those pauses begin that the alarm ends; what people have paused by hand, people end."""

_AGAIN_US = 3_000_000
"""A recorder that has not obeyed by then did not hear."""


class Privacy:
    """
    The part that pauses cameras by the state of the alarm.

    `private` says in which states each camera keeps nothing. Who is leaving
    is still there; once somebody has come in unasked, nothing is private. It
    remembers nothing: each recorder knows who paused it, and says so. What
    somebody lets go on by hand goes on until the state changes.
    """

    due_us: int | None = None

    def __init__(self, private: Mapping[str, Collection[str]]) -> None:
        self._private = {camera: frozenset(states) for camera, states in private.items() if states}
        self._state: ArmState | None = None
        self._excepted: set[str] = set()
        self._told: dict[str, str] = {}
        self._asked: dict[str, tuple[bool, int]] = {}

    def hear(self, fact: Fact, now: Moment) -> list[Deed]:
        """Return what follows from a change of the alarm, from what a recorder says, or from somebody's word."""
        if isinstance(fact, ArmChanged):
            self._excepted.clear()
            self._state = fact.after
            return [deed for camera in sorted(self._told) for deed in self._settle(camera, now)]
        if isinstance(fact, ResumedByHand):
            self._excepted.add(fact.camera)
        elif isinstance(fact, CameraPaused):
            self._told[fact.camera] = fact.who
            return self._settle(fact.camera, now)
        return []

    def look(self, now: Moment) -> list[Deed]:  # noqa: ARG002
        """Return nothing: recorders speak every second, and that is when they are told."""
        return []

    def _settle(self, camera: str, now: Moment) -> list[Deed]:
        if self._state is None:
            return []
        state = ArmState.DISARMED if self._state is ArmState.ARMING else self._state
        hidden = state in self._private.get(camera, ()) and camera not in self._excepted
        who = self._told[camera]
        # A camera that is no longer private may still be paused from when it was.
        if hidden is bool(who) or (who and not who.startswith(_OURS)):
            return []
        before, at_us = self._asked.get(camera, (not hidden, 0))
        if before is hidden and now.steady_us - at_us < _AGAIN_US:
            return []
        self._asked[camera] = hidden, now.steady_us
        asked = PauseCamera(camera, hidden, f"{_OURS}the box is {self._state}")
        self._told[camera] = asked.who if hidden else ""  # until its recorder says otherwise
        return [asked]

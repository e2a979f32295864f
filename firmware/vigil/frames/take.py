"""Deciding what is recorded, from when to when: pictures and cues go in, instructions for the recorder come out."""

from __future__ import annotations

from collections.abc import Sequence

from vigil.frames.instructions import Append, AskKeyframe, Begin, End, Idle, Instruction, Mark, Mode, Rate, Why
from vigil.frames.packet import Packet
from vigil.frames.ring import Ring

MOTION = "motion"
"""The name of the cue that comes from the camera's own pictures; it ends when the camera is lost."""

IDLE_EVERY_S = 25.0
"""A signed line is promised every 30 s; the rest is for the caller's loop and a slow card."""


class Take:
    """
    One camera's recording, decided (`docs/design/takes.md` has the table).

    Feed packets in order, cues as they come and `tick` at least once a
    second; do what comes back, in order. A cue may name a moment up to
    `late_s` ago (motion takes a few pictures to be sure) and still gets its
    whole pre-roll. All times are microseconds of the steady clock.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        started_us: int,
        pre_roll_s: float = 5.0,
        post_roll_s: float = 10.0,
        late_s: float = 1.0,
        limit_bytes: int = 32 << 20,
        idle_every_s: float = IDLE_EVERY_S,
        recording: bool = True,
    ) -> None:
        self.mode = mode
        self.rate: Rate | None = None
        self.recording = recording
        self.ring = Ring(span_s=pre_roll_s + late_s, limit_bytes=limit_bytes)
        self._pre_roll_us = round(pre_roll_s * 1_000_000)
        self._post_roll_us = round(post_roll_s * 1_000_000)
        self._idle_every_us = round(idle_every_s * 1_000_000)
        self._seen = False
        self._open: set[str] = set()
        self._until_us = -1
        self._pending: tuple[str, int] | None = None
        self._reason = ""
        self._follows: Packet | None = None
        self._quiet_us = started_us

    def packets(self, batch: Sequence[Packet]) -> list[Instruction]:
        """Take what the camera sent, in order."""
        self._seen = self._seen or bool(batch)
        if not batch or not self.recording:
            return []
        if self.rate is Rate.FULL and self._active(batch[-1].at_us):
            return [Append(list(batch))]
        out: list[Instruction] = []
        for packet in batch:
            self._packet(packet, out)
        return out

    def began(self, name: str, at_us: int) -> list[Instruction]:
        """Something began: motion, an open door. It lasts until `ended` with the same name."""
        if name in self._open:
            return []
        self._open.add(name)
        return self._cue(name, at_us, began=True)

    def ended(self, name: str, at_us: int) -> list[Instruction]:
        """What began with this name is over; the post-roll counts from here."""
        if name not in self._open:
            return []
        self._open.remove(name)
        return self._cue(name, at_us, began=False)

    def pulse(self, name: str, at_us: int) -> list[Instruction]:
        """Something without duration happened: a button, a knock."""
        return [*self.began(name, at_us), *self.ended(name, at_us)]

    def pause(self, at_us: int) -> list[Instruction]:
        """Stop recording at once and forget the pre-roll: nothing of now may turn up later."""
        if not self.recording:
            return []
        out = self._stop(Why.PAUSED, at_us)
        self.recording = False
        self._until_us = -1
        self._pending = None
        return out

    def resume(self) -> list[Instruction]:
        """Record again. What is still open (a door, motion) is recorded from the next keyframe on."""
        if self.recording:
            return []
        self.recording = True
        if self._open:
            self._reason = min(self._open)
        return [AskKeyframe()]

    def camera_lost(self, at_us: int) -> list[Instruction]:
        """The camera is gone, or opened anew: what follows does not continue what was."""
        self._seen = False
        ended = self.ended(MOTION, at_us)
        return [*ended, *self._stop(Why.NO_CAMERA, at_us)] if self.recording else []

    def tick(self, now_us: int) -> list[Instruction]:
        """State that nothing was due, when it is time to."""
        why = self._nothing_due(now_us)
        if why is None:
            self._quiet_us = now_us
        elif now_us - self._quiet_us >= self._idle_every_us:
            self._quiet_us = now_us
            return [Idle(why, now_us)]
        return []

    def _packet(self, packet: Packet, out: list[Instruction]) -> None:
        key = packet.key and not packet.audio
        if self.rate is Rate.FULL:
            if not key or self._active(packet.at_us):
                return _append(packet, out)
            # A full-rate take ends before a keyframe, so that the ring begins where it ended and nothing falls between.
            out.append(End(Why.OVER, packet.at_us))
            self.rate, self._follows = None, packet
        if self._pending or self._active(packet.at_us):
            if key:
                self._begin_late(packet, out)
            return None
        self.ring.push(packet)
        if key and self.mode is Mode.KEYFRAMES_MOTION:
            self._keyframe(packet, out)
        return None

    def _keyframe(self, packet: Packet, out: list[Instruction]) -> None:
        self._quiet_us = packet.at_us
        if self.rate is Rate.KEYFRAMES:
            return _append(packet, out)
        self.rate = Rate.KEYFRAMES
        out.append(Begin(rate=Rate.KEYFRAMES, reason="keyframes", at_us=packet.at_us, packets=[packet]))
        return None

    def _cue(self, name: str, at_us: int, *, began: bool) -> list[Instruction]:
        if not self.recording:
            return []
        self._until_us = max(self._until_us, at_us + self._post_roll_us)
        out: list[Instruction] = []
        if began and self.rate is not Rate.FULL and not self._pending and self.mode is not Mode.CONTINUOUS:
            self._begin(name, at_us, out)
        out.append(Mark(name, at_us, began))
        return out

    def _begin(self, name: str, at_us: int, out: list[Instruction]) -> None:
        packets = self.ring.since(at_us - self._pre_roll_us)
        if not packets:
            self._pending = (name, at_us)
            out.append(AskKeyframe())
            return
        covered = None
        if self.rate is Rate.KEYFRAMES:
            out.append(End(Why.EVENT, at_us))
            covered = packets[0].at_us, max(p.at_us for p in packets if p.key and not p.audio)
        self.ring.clear()
        self.rate, self._reason = Rate.FULL, name
        out.append(
            Begin(
                rate=Rate.FULL,
                reason=name,
                at_us=at_us,
                packets=packets,
                pre_roll_asked_s=self._pre_roll_us / 1_000_000,
                pre_roll_got_s=max(0, at_us - packets[0].at_us) / 1_000_000,
                continues=packets[0] is self._follows,
                covered_us=covered,
            )
        )

    def _begin_late(self, key: Packet, out: list[Instruction]) -> None:
        """Begin at a keyframe with nothing before it: at the start, after a pause, when the ring could hold none."""
        if self.rate:
            out.append(End(Why.EVENT, key.at_us))
        asked_us = self._pre_roll_us if self._pending else 0
        name, at_us = self._pending or (self._reason or Mode.CONTINUOUS, key.at_us)
        self.rate, self._reason, self._pending = Rate.FULL, name, None
        self.ring.clear()
        out.append(
            Begin(rate=Rate.FULL, reason=name, at_us=at_us, packets=[key], pre_roll_asked_s=asked_us / 1_000_000)
        )

    def _stop(self, why: Why, at_us: int) -> list[Instruction]:
        out: list[Instruction] = [End(why, at_us)] if self.rate else []
        self.rate = None
        self.ring.clear()
        return out

    def _active(self, at_us: int) -> bool:
        return self.mode is Mode.CONTINUOUS or bool(self._open) or at_us <= self._until_us

    def _nothing_due(self, now_us: int) -> Why | None:
        if not self.recording:
            return Why.PAUSED
        if not self._seen:
            return Why.NO_CAMERA
        if self.rate is Rate.FULL or self._pending or self._active(now_us):
            return None
        return Why.QUIET


def _append(packet: Packet, out: list[Instruction]) -> None:
    if out and isinstance(last := out[-1], Append):
        last.packets.append(packet)
    else:
        out.append(Append([packet]))

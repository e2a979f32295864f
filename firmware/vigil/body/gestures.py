"""What somebody did with a button, told from its edges and their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gesture = Literal["short", "double", "long", "hold", "very_long"]
_MS = 1000
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """
    What is how long, in microseconds.

    Contacts bounce for some milliseconds; a level counts once it has stood for
    `bounce_us`, so that a spark on the wire is no press.
    """

    bounce_us: int = 25 * _MS
    double_us: int = 400 * _MS
    long_us: int = 1500 * _MS
    hold_us: int = 10 * _SECOND_US
    very_long_us: int = 20 * _SECOND_US
    stuck_us: int = 30 * _SECOND_US
    restless_us: int = 5 * _SECOND_US


class Gestures:
    """
    One button. All times are of the steady clock, and never go back.

    A button that is pressed when this begins is ignored until it is let go:
    nobody asked this program for anything. A very long press is a hold first,
    and told as very long when it is let go. With `wants_double` a short press
    is told only when no second one has followed.
    """

    def __init__(self, *, pressed: bool, at_us: int, wants_double: bool, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._wants_double = wants_double
        self._raw = self._down = pressed
        self._raw_us = self._since_us = at_us
        self._restless_since_us: int | None = None
        self._answered = pressed
        self._ignored = pressed
        self._first_us: int | None = None

    @property
    def pressed(self) -> bool:
        """Whether it is down, bounces left out."""
        return self._down

    def fault(self, now_us: int) -> str:
        """Say what is wrong with the button, or nothing."""
        if self._down and now_us - self._since_us >= self._timing.stuck_us:
            return "the button has been down for too long: it is stuck, or its wire touches another"
        if self._restless_since_us is not None and now_us - self._restless_since_us >= self._timing.restless_us:
            return "the button does not come to rest: look at its wire"
        return ""

    @property
    def due_us(self) -> int | None:
        """When `look` has something to tell although nothing moves; None: never."""
        if self._raw != self._down:
            return self._raw_us + self._timing.bounce_us
        if self._down:
            return None if self._answered else self._since_us + self._timing.hold_us
        return None if self._first_us is None else self._first_us + self._timing.double_us

    def edge(self, *, pressed: bool, at_us: int) -> list[Gesture]:
        """Return the gestures that are complete now that the line has changed."""
        done = self.look(at_us)
        if pressed != self._raw:
            self._raw, self._raw_us = pressed, at_us
            if self._restless_since_us is None:
                self._restless_since_us = at_us
        return done

    def look(self, now_us: int) -> list[Gesture]:
        """Return the gestures that are complete now that time has passed."""
        done: list[Gesture] = []
        if now_us - self._raw_us >= self._timing.bounce_us:
            self._restless_since_us = None
            if self._raw != self._down:
                self._down, before_us, self._since_us = self._raw, self._since_us, self._raw_us
                done += self._pressed() if self._down else self._released(self._raw_us - before_us)
        # What the line seems to do next may be bouncing: up to there it is known to have stayed as it was.
        sure_us = now_us if self._raw == self._down else self._raw_us
        if self._down and not self._answered and sure_us - self._since_us >= self._timing.hold_us:
            self._answered = True
            done += [*self._single(), "hold"]
        if self._first_us is not None and not self._down and sure_us - self._first_us >= self._timing.double_us:
            done += self._single()
        return done

    def _pressed(self) -> list[Gesture]:
        self._answered = self._ignored = False
        # One that comes too late is not the second of two, even where nobody looked in between.
        late = self._first_us is not None and self._since_us - self._first_us >= self._timing.double_us
        return self._single() if late else []

    def _released(self, lasted_us: int) -> list[Gesture]:
        answered, self._answered = self._answered, False
        # Told at its end, and not of a button that is stuck: nothing that leans against a box makes this gesture.
        meant = self._timing.very_long_us <= lasted_us < self._timing.stuck_us and not self._ignored
        longest: list[Gesture] = ["very_long"] if meant else []
        if answered:
            return longest
        if lasted_us >= self._timing.hold_us:
            return [*self._single(), "hold", *longest]
        if lasted_us >= self._timing.long_us:
            return [*self._single(), "long"]
        if not self._wants_double:
            return ["short"]
        if self._first_us is not None:
            self._first_us = None
            return ["double"]
        self._first_us = self._since_us
        return []

    def _single(self) -> list[Gesture]:
        """A first press that was to be half of two was one of its own."""
        waited, self._first_us = self._first_us is not None, None
        return ["short"] if waited else []

"""What the synthetic camera looks at, with hands for whoever wants something to happen in front of it, or to it."""

from __future__ import annotations

from datetime import UTC, datetime

from vigil.cameras import drawing
from vigil.cameras.drawing import Canvas

VISIT_EVERY_S = 20.0
VISIT_TAKES_S = 6.0


class SyntheticScene:
    """
    A room that somebody crosses every twenty seconds, and a camera that obeys like a real one.

    The hands may be used from any thread: `walk_in` and `empty` move people,
    `black` and `light` the light; `freeze`, `stall`, `vanish`, `change_size`
    and `garbage` do to the camera what bad days do, and `thaw`, `resume` and
    `come_back` undo it.
    """

    def __init__(self, *, visitors: bool = True) -> None:
        self._visitors = visitors
        self._walk_from_s: float | None = None
        self._walk_wanted = False
        self._frozen_at_us: tuple[int, int] | None = None
        self._freeze_wanted = False
        self.dark = False
        self.stalled = False
        self.vanished = False
        self.size: tuple[int, int] | None = None
        self._garbage = False

    # The world's side ---------------------------------------------------------------------------------------------

    def walk_in(self) -> None:
        """Let somebody cross the room, now."""
        self._walk_wanted = True

    def empty(self) -> None:
        """Let nobody come by himself any more."""
        self._visitors = False

    def black(self) -> None:
        """Put the cap on the lens."""
        self.dark = True

    def light(self) -> None:
        """Take the cap off."""
        self.dark = False

    def freeze(self) -> None:
        """Show the same picture over and over, as a hung camera does."""
        self._freeze_wanted = True

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._freeze_wanted = False

    def stall(self) -> None:
        """Send nothing any more, yet stay connected."""
        self.stalled = True

    def resume(self) -> None:
        """Go on after `stall`."""
        self.stalled = False

    def vanish(self) -> None:
        """Pull the plug."""
        self.vanished = True

    def come_back(self) -> None:
        """Plug it in again."""
        self.vanished = False

    def change_size(self, width: int, height: int) -> None:
        """Go on in another resolution, as a camera that somebody has set anew."""
        self.size = (width, height)

    def garbage(self) -> None:
        """Send noise in place of the next picture."""
        self._garbage = True

    # The camera's side --------------------------------------------------------------------------------------------

    def take_garbage(self) -> bool:
        """Say whether the next picture is to be noise; once."""
        wanted, self._garbage = self._garbage, False
        return wanted

    def draw(self, canvas: Canvas, background: Canvas, *, wall_us: int, steady_us: int) -> None:
        """Draw the room as it looks now; `background` is a `drawing.floor` of the same measures."""
        if not self._freeze_wanted:
            self._frozen_at_us = None
        elif self._frozen_at_us is None:
            self._frozen_at_us = (wall_us, steady_us)
        wall_us, steady_us = self._frozen_at_us or (wall_us, steady_us)
        if self.dark:
            canvas.rectangle(0, 0, canvas.width, canvas.height, drawing.DARK)
            return
        canvas.copy(background)
        way = self._way(steady_us / 1_000_000)
        if way is not None:
            drawing.walker(canvas, way)
        drawing.clock(canvas, utc(wall_us), wall_us % 1_000_000 / 1_000_000)

    def _way(self, now_s: float) -> float | None:
        """Return how far somebody has come across the room, or None while it is empty."""
        if self._walk_wanted:
            self._walk_wanted, self._walk_from_s = False, now_s
        if self._walk_from_s is not None:
            if now_s - self._walk_from_s < VISIT_TAKES_S:
                return (now_s - self._walk_from_s) / VISIT_TAKES_S
            self._walk_from_s = None
        since_s = now_s % VISIT_EVERY_S
        return since_s / VISIT_TAKES_S if self._visitors and since_s < VISIT_TAKES_S else None


def utc(wall_us: int) -> str:
    """Return a time as the clock in the picture shows it."""
    moment = datetime.fromtimestamp(wall_us // 1_000_000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

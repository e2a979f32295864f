"""What every lamp and noise is to do at a moment: patterns from guard, and our own while guard is away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigil.body.patterns import SOUNDS, dimmed, level_at

AWAY = {"status": "off", "arm": "off", "fault": "steady"}
"""Nobody judges: nothing is promised and nothing is guarded. It is what a box shows before it is up, too."""

AWAY_US = 3_000_000
"""Guard speaks every second; who has been silent for so long is away."""

_FELT_US = 120_000


@dataclass(frozen=True, slots=True)
class _Shown:
    pattern: str
    since_us: int


class Display:
    """What is shown, on the steady clock. A sound ends by itself, whether or not guard is there to end it."""

    def __init__(self, now_us: int) -> None:
        self._lamps = {name: _Shown(pattern, now_us) for name, pattern in AWAY.items()}
        self._sound = _Shown("", now_us)
        self._sound_until_us = now_us
        self._brightness_pct = 100
        self._heard_us: int | None = None
        self._felt_us: int | None = None

    def hear(
        self, lamps: Mapping[str, str], *, sound: str, sound_left_us: int, brightness_pct: int, now_us: int
    ) -> None:
        """Guard says what is to be shown. A pattern that goes on is not begun anew."""
        self._heard_us = now_us
        self._brightness_pct = brightness_pct
        self._set(lamps, now_us)
        if sound != self._sound.pattern:
            self._sound = _Shown(sound, now_us)
        self._sound_until_us = now_us + sound_left_us

    def felt(self, now_us: int) -> None:
        """The button went down: whoever presses sees at once that it was felt, whatever comes of it."""
        self._felt_us = now_us

    def is_away(self, now_us: int) -> bool:
        """Say whether guard is away."""
        return self._heard_us is None or now_us - self._heard_us >= AWAY_US

    def levels(self, now_us: int) -> tuple[dict[str, float], int | None]:
        """Return the level of each lamp and noise, and when the first of them changes; None: not by itself."""
        if self.is_away(now_us):
            self._set(AWAY, now_us)
        changes = [] if self._heard_us is None or self.is_away(now_us) else [self._heard_us + AWAY_US]
        levels: dict[str, float] = {}
        for name, shown in self._lamps.items():
            level, change_us = level_at(shown.pattern, shown.since_us, now_us)
            levels[name] = dimmed(shown.pattern, level, self._brightness_pct, must_be_seen=name == "fault")
            changes += [change_us] if change_us is not None else []
        if self._felt_us is not None and now_us - self._felt_us < _FELT_US:
            levels["arm"] = 0.0 if levels.get("arm", 0.0) > 0 else 1.0
            changes.append(self._felt_us + _FELT_US)
        return self._with_noise(levels, changes, now_us), min(changes, default=None)

    def _with_noise(self, levels: dict[str, float], changes: list[int], now_us: int) -> dict[str, float]:
        sound = self._sound.pattern if now_us < self._sound_until_us else ""
        level, change_us = level_at(SOUNDS.get(sound, "off"), self._sound.since_us, now_us)
        if sound:
            changes.append(min(self._sound_until_us, change_us or self._sound_until_us))
        return {**levels, "buzzer": level, "siren": level if sound == "siren" else 0.0}

    def _set(self, lamps: Mapping[str, str], now_us: int) -> None:
        for name, pattern in lamps.items():
            before = self._lamps.get(name)
            if before is None or before.pattern != pattern:
                self._lamps[name] = _Shown(pattern, now_us)

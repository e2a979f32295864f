"""
What is known, and since when: the newest evidence of each probe and subject.

Silence is not health. Evidence that is too old is no evidence, and what was
expected and never came is not known either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vigil.config.redact import without_secrets
from vigil.guard.faults import Finding
from vigil.guard.probe import AnyProbe

_SECOND_US = 1_000_000
START_US = 60 * _SECOND_US
"""So long after the start, what was expected may still be on its way."""

FORGOTTEN_US = 600 * _SECOND_US
"""What nobody expects and nobody speaks of any more is forgotten after this long."""

Key = tuple[str, str]
"""A probe's name and its subject."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    What a probe says of a subject now (`key`); `fresh` where by evidence that may be believed.

    `says` is worth saying though nothing was found.
    """

    probe: AnyProbe
    key: Key
    fresh: bool
    findings: tuple[Finding, ...]
    says: str = ""

    @property
    def subject(self) -> str:
        """Whom it is about."""
        return self.key[1]


class Evidence:
    """The newest of everything that was told. Times are of the steady clock, in microseconds."""

    def __init__(self, probes: Sequence[AnyProbe], *, expected: Iterable[Key], began_us: int) -> None:
        self._by_type = {probe.evidence: probe for probe in probes}
        self._by_name = {probe.name: probe for probe in probes}
        self._expected = frozenset(expected)
        self._began_us = began_us
        self._told: dict[Key, tuple[int, Any]] = {}
        self._looked: dict[Key, tuple[Any, Look]] = {}

    def take(self, said: object, at_us: int) -> None:
        """Take in what was seen at `at_us`; what is older than what is known changes nothing."""
        probe = self._by_type.get(type(said))
        if probe is None:
            return  # facts that no probe asks for
        key = probe.name, probe.subject_of(said)
        if key not in self._told or at_us >= self._told[key][0]:
            self._told[key] = at_us, said

    def looks(self, now_us: int) -> list[Look]:
        """Ask every probe about everybody it is about. Each subject comes once, in the order of its key."""
        self._forget(now_us)
        return [self._look(key, now_us) for key in sorted(self._expected | self._told.keys())]

    def _look(self, key: Key, now_us: int) -> Look:
        probe = self._by_name[key[0]]
        told_us, said = self._told.get(key, (self._began_us, None))
        if said is not None and (now_us - told_us <= probe.lasts_s * _SECOND_US or probe.is_final(said)):
            return self._fresh(probe, key, said)
        on_its_way = said is None and now_us - self._began_us <= START_US
        why = "nothing has been heard of it" if said is None else "nothing is heard of it any more"
        unknown = () if on_its_way else (Finding(probe.unknown_id, key[1], why),)
        return Look(probe, key, fresh=False, findings=unknown)

    def _fresh(self, probe: AnyProbe, key: Key, said: object) -> Look:
        # Most say the same every second, and whoever looks has to do so on small boards too.
        before, look = self._looked.get(key, (None, None))
        if look is None or before != said:
            look = _asked(probe, key, said)
        self._looked[key] = said, look
        return look

    def _forget(self, now_us: int) -> None:
        for key, (told_us, said) in list(self._told.items()):
            lasting = key in self._expected or self._by_name[key[0]].is_final(said)
            if not lasting and now_us - told_us > FORGOTTEN_US:
                del self._told[key]
                self._looked.pop(key, None)


def _asked(probe: AnyProbe, key: Key, said: object) -> Look:
    try:
        return Look(probe, key, fresh=True, findings=tuple(probe.look(said)), says=without_secrets(probe.says(said)))
    except Exception as error:  # noqa: BLE001  a mistake of ours in one probe must cost that one alone
        what = f"{type(error).__name__}: {error}"[:200]
        why = f"it cannot be judged, by a mistake in Vigil itself ({what}): please report it"
        return Look(probe, key, fresh=False, findings=(Finding(probe.unknown_id, key[1], why),))

"""What a probe is: one question about the box, asked of the newest evidence for it and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vigil.guard.faults import FaultKind, Finding

E = TypeVar("E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Generic[E]):
    """
    One question: `look` says what is wrong by a piece of evidence, nothing where all is well.

    Evidence is believed for `lasts_s` seconds after it was told, and for ever
    where it is `final`; then the probe says ``unknown``. `subject_of` names
    whom it is about: a camera, a sensor, a process, or ``""`` for the box.
    `says` is what is worth saying of a subject though it is well.
    """

    name: str
    evidence: type[E]
    look: Callable[[E], Iterator[Finding]]
    faults: tuple[FaultKind, ...]
    lasts_s: int
    subject_of: Callable[[E], str] = lambda _: ""
    is_final: Callable[[E], bool] = lambda _: False
    says: Callable[[E], str] = lambda _: ""

    @property
    def unknown_id(self) -> str:
        """The fault of not knowing."""
        return f"{self.name}.unknown"


AnyProbe = Probe[Any]

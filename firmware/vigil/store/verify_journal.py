"""What the journal knows of the segments, and until when somebody outside can vouch for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vigil.segments.verify_chain import Checked
from vigil.segments.verify_words import INTACT, Finding, Verdict, utc

SLACK_US = 120_000_000
"""How long a finished segment may take to get into the journal."""
_FINISHED = ("segment.sealed", "segment.recovered")
_OF_SEGMENTS = (*_FINISHED, "segment.opened", "segment.deleted", "segment.marked")
"""Who held or released a segment says nothing of whether it should be here: it may have been deleted since."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Somebody outside holds a checkpoint over the first `size` entries of the newest log, up to `until_us`."""

    size: int
    until_us: int
    by: str

    def text(self) -> str:
        """Return it as people read it."""
        return f"anchored until {utc(self.until_us)} by {self.by}"


@dataclass(frozen=True, slots=True)
class Named:
    """Segment `seq` was opened when its recorder had seen the checkpoint `note`."""

    camera: str
    seq: int
    note: str


@dataclass(slots=True)
class Remembered:
    """
    What the entries about one segment said, the newest of them number `seq`.

    `covered` says that the outside checkpoint covers the entry that it was
    opened, `anchored` the entry that it was finished. `last` is the digest of
    its last line, which binds all of it; None until it was finished.
    """

    seq: int
    covered: bool = False
    anchored: bool = False
    finished: bool = False
    last: str | None = None


@dataclass(slots=True)
class Known:
    """
    All that the journal says about the segments of one store, log after log.

    `whole` says that no entry was ever lost or dropped, so that what is not in
    here never happened. `anchor` is None where no checkpoint from outside was
    given, or where it contradicts the log. `others` is what it says of other
    stores, where it is not known which one the segments come from.
    """

    whole: bool = False
    anchor: Anchor | None = None
    certified: set[bytes] = field(default_factory=set)
    segments: dict[str, dict[int, Remembered]] = field(default_factory=dict)
    deleted: dict[str, dict[int, str]] = field(default_factory=dict)
    others: list[Known] = field(default_factory=list)

    def take(self, kind: str, seq: int, fields: Mapping[str, Any], *, covered: bool) -> None:
        """Take in entry `seq`; those that say nothing of a segment are left out."""
        camera, number = fields.get("camera"), fields.get("segment")
        if kind not in _OF_SEGMENTS or not isinstance(camera, str) or type(number) is not int:
            return
        if kind == "segment.deleted":
            self.deleted.setdefault(camera, {})[number] = str(fields.get("reason", ""))
            return
        of_camera = self.segments.setdefault(camera, {})
        one = of_camera.setdefault(number, Remembered(seq))
        if kind == "segment.opened":
            one.covered |= covered
        elif kind in _FINISHED:
            last = str(fields.get("last"))
            # The first word counts: what a later log repeats of a finished segment cannot unsay it.
            if not one.finished:
                one.last, one.seq, one.finished = last, seq, True
            one.anchored |= covered and one.last == last

    def expected(self, camera: str) -> list[int]:
        """Return the segments that should be on the disk, ascending."""
        deleted = self.deleted.get(camera, {})
        return sorted(seq for seq in self.segments.get(camera, {}) if seq not in deleted)

    def judge(self, camera: str, one: Checked, *, after_us: int) -> Finding:
        """
        Return the verdict on a segment in the light of the journal.

        `after_us` is when the newest anchored segment before it in the chain
        ended, 0 where there is none.
        """
        if one.finding.verdict not in (*INTACT, Verdict.UNCERTIFIED):
            return one.finding
        known = self._remembered(camera, one)
        if known and one.last is None:
            return Finding(
                Verdict.BROKEN, f"it says nothing at all, but the journal (entry {known.seq}) knows its lines"
            )
        if known and known.finished and known.last != one.last:
            return Finding(Verdict.BROKEN, f"the journal (entry {known.seq}) knows it with another last line")
        if self.anchor and self._back_dated(self.anchor, known, one, after_us):
            return Finding(
                Verdict.FORGED,
                f"it claims to be from before the checkpoint, but the log that {self.anchor.by} holds does not know it",
            )
        return one.finding

    @staticmethod
    def _back_dated(anchor: Anchor, known: Remembered | None, one: Checked, after_us: int) -> bool:
        limit_us = anchor.until_us - SLACK_US
        if one.last is None or one.last_us >= limit_us:
            return False
        # Behind a segment that the checkpoint just covers it claims nothing: there the clock was set back.
        if after_us >= limit_us:
            return False
        return not (known and (known.anchored if one.finished else known.covered))

    def anchored(self, camera: str, one: Checked) -> bool:
        """Whether the segment is intact and the outside checkpoint covers its end, and with it all of it."""
        if not one.intact:
            return False
        known = self._remembered(camera, one)
        return bool(self.anchor and known and known.anchored and one.last is not None and known.last == one.last)

    def _remembered(self, camera: str, one: Checked) -> Remembered | None:
        """Return what is known of a segment; of several with its number the one with its last line, or an open one."""
        by_store = [each.segments.get(camera, {}).get(one.seq) for each in (self, *self.others)]
        there = [each for each in by_store if each]
        return min(there, key=lambda each: (each.last != one.last, each.finished), default=None)

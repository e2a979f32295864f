"""Verifying a store in a test, and what came of it in few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigil.segments.note import NoteKey
from vigil.store.disk import Disk
from vigil.store.marker import store_of
from vigil.store.verify import SegmentReport, Verifier
from vigil.store.verify_identity import believe, identity_beside
from vigil.store.verify_log import ask_journal, confront
from vigil.store.verify_paths import choose


@dataclass
class Outcome:
    """Verdicts by ``camera/seq``, what is absent by ``camera/first-last``, and everything that was said besides."""

    verdicts: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    anchored: set[str] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: set[str] = field(default_factory=set)

    @property
    def intact(self) -> bool:
        return not self.failures and not self.troubles

    @property
    def wrong(self) -> dict[str, str]:
        """What failed, with its verdict."""
        return {name: (self.verdicts | self.absent)[name] for name in sorted(self.failures)}


def verified(
    *paths: Path,
    identity: NoteKey | None = None,
    checkpoints: Sequence[Path] = (),
    journal: Path | None = None,
    disk: Disk | None = None,
) -> Outcome:
    """Verify `paths`; the journal is looked for in `journal` alone."""
    disk, outcome, target = disk or Disk(), Outcome(), choose(paths)
    directories = sorted({one.directory for selection in target.selections for one in selection.segments})
    believed = believe(disk, identity, identity_beside(target.video, directories))
    store = store_of(disk, target.video) if target.video and journal else None
    asked = ask_journal(disk, journal, believed.key, checkpoints, store=store)
    outcome.troubles = [*([believed.trouble] if believed.trouble else []), *asked.troubles]
    outcome.notes = asked.notes
    verifier = Verifier(disk, believed.key, asked.known)
    for report in verifier.verify(target):
        if isinstance(report, SegmentReport):
            name, finding = f"{report.camera}/{report.checked.seq}", report.checked.finding
            while name in outcome.verdicts:
                name += "'"
            outcome.verdicts[name], outcome.why[name] = str(finding.verdict), finding.why
        else:
            absent = report.absent
            name = f"{report.camera}/{absent.first}-{absent.last}"
            outcome.absent[name], outcome.why[name] = str(absent.absence), absent.why
        if report.failure:
            outcome.failures.add(name)
        if isinstance(report, SegmentReport) and report.anchored:
            outcome.anchored.add(name)
    outcome.troubles += confront(disk, journal, verifier.named.values())
    return outcome

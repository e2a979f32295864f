"""What `vigil verify` says, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from vigil.segments.verify_absent import Absence
from vigil.segments.verify_words import Verdict, utc
from vigil.store.verify import AbsentReport, Report, SegmentReport
from vigil.store.verify_identity import Believed
from vigil.store.verify_log import Asked


@dataclass(slots=True)
class Tally:
    """What was counted over all reports."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    absences: Counter[Absence] = field(default_factory=Counter)
    cameras: set[str] = field(default_factory=set)
    anchored: int = 0
    failures: int = 0
    hashed_bytes: int = 0

    @property
    def segments(self) -> int:
        """How many segments are here."""
        return self.verdicts.total()

    def add(self, report: Report) -> None:
        """Count one report."""
        self.cameras.add(report.camera)
        self.failures += report.failure
        if isinstance(report, SegmentReport):
            self.verdicts[report.checked.finding.verdict] += 1
            self.anchored += report.anchored
        else:
            self.absences[report.absent.absence] += report.absent.last - report.absent.first + 1


class Printer(Protocol):
    """Something that tells of a verification, in this order."""

    def begin(self, believed: Believed, asked: Asked) -> None:
        """Say what is believed."""

    def report(self, report: Report) -> None:
        """Say what became of a segment."""

    def end(self, tally: Tally, troubles: list[str]) -> None:
        """Sum up."""


class Words:
    """For people. Runs of segments of which there is nothing to say share a line."""

    def __init__(self, out: TextIO, *, quiet: bool) -> None:
        self._out = out
        self._quiet = quiet
        self._camera = ""
        self._run: list[SegmentReport] = []
        self._asked = Asked()

    def begin(self, believed: Believed, asked: Asked) -> None:
        """Say whose signatures count, and what the journal is worth."""
        self._asked = asked
        if not self._quiet:
            name = believed.key.name if believed.key else "none"
            self._say(f"identity: {name} ({believed.why})")
            for note in asked.notes:
                self._say(note)

    def report(self, report: Report) -> None:
        """Say a line about one segment, or hold it back while the run goes on."""
        if isinstance(report, SegmentReport) and self._plain(report):
            if self._run and not self._continues(report):
                self._flush()
            self._run = [*self._run[:1], report]
            return
        self._flush()
        if report.failure or not self._quiet:
            self._line(report)

    def end(self, tally: Tally, troubles: list[str]) -> None:
        """Say the rest, and sum up."""
        self._flush()
        if troubles:
            self._say("")
        for trouble in troubles:
            self._say(f"✗ {trouble}")
        self._say("")
        self._say(summary(tally, troubles))
        self._say(anchoring(tally, self._asked))

    def _plain(self, report: SegmentReport) -> bool:
        return (
            report.checked.finding.verdict is Verdict.OK
            and not report.failure
            and report.checked.finding.why == "as signed"
        )

    def _continues(self, report: SegmentReport) -> bool:
        last = self._run[-1]
        return (
            report.camera == last.camera
            and report.checked.seq == last.checked.seq + 1
            and report.anchored == last.anchored
        )

    def _flush(self) -> None:
        run, self._run = self._run, []
        if run and not self._quiet:
            first, last = run[0], run[-1]
            anchored = "anchored" if first.anchored else "not anchored"
            span = _span(first.checked.from_us, last.checked.to_us)
            self._row(
                first.camera, first.checked.seq, last.checked.seq, "ok", f"as signed, {anchored}: {span}", failure=False
            )

    def _line(self, report: Report) -> None:
        if isinstance(report, AbsentReport):
            absent = report.absent
            self._row(report.camera, absent.first, absent.last, absent.absence, absent.why, failure=report.failure)
            return
        one = report.checked
        anchored = "" if report.failure else "; anchored" if report.anchored else "; not anchored"
        self._row(
            report.camera, one.seq, one.seq, one.finding.verdict, one.finding.why + anchored, failure=report.failure
        )
        if report.failure and not self._quiet:
            self._say(f"      {report.path}")

    def _row(self, camera: str, first: int, last: int, verdict: str, why: str, *, failure: bool) -> None:
        if camera != self._camera:
            self._camera = camera
            self._say(f"\ncamera {camera}")
        numbers = f"{first:08d}" if first == last else f"{first:08d} to {last:08d}"
        self._say(f"  {'✗' if failure else '✓'} {numbers:20}  {verdict:11}  {why}")

    def _say(self, line: str) -> None:
        print(line, file=self._out)


class Json:
    """For programs: one JSON object, written as it goes, a segment a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._absent: list[AbsentReport] = []
        self._asked = Asked()
        self._comma = ""

    def begin(self, believed: Believed, asked: Asked) -> None:
        """Open the object."""
        self._asked = asked
        identity = {"key": believed.key.text() if believed.key else None, "why": believed.why}
        self._out.write(f'{{"identity":{_dumps(identity)},"segments":[')

    def report(self, report: Report) -> None:
        """Write a segment; those that are absent are few and come together at the end."""
        if isinstance(report, AbsentReport):
            self._absent.append(report)
            return
        self._out.write(f"{self._comma}\n{_dumps(segment_object(report))}")
        self._comma = ","

    def end(self, tally: Tally, troubles: list[str]) -> None:
        """Close the object."""
        anchor = self._asked.known.anchor if self._asked.known else None
        rest = {
            "absent": [absent_object(report) for report in self._absent],
            "troubles": troubles,
            "notes": self._asked.notes,
            "anchor": {"size": anchor.size, "until_us": anchor.until_us, "by": anchor.by} if anchor else None,
            "verdicts": {verdict: tally.verdicts[verdict] for verdict in Verdict if tally.verdicts[verdict]},
            "anchored": tally.anchored,
            "bytes": tally.hashed_bytes,
            "failures": tally.failures + len(troubles),
            "intact": not tally.failures and not troubles,
            "summary": f"{summary(tally, troubles)} {anchoring(tally, self._asked)}",
        }
        self._out.write(f"],\n{_dumps(rest)[1:]}\n")


def segment_object(report: SegmentReport) -> dict[str, object]:
    """Return one segment as JSON has it."""
    one, finding = report.checked, report.checked.finding
    span = finding.span
    return {
        "camera": report.camera, "segment": one.seq, "path": str(report.path), "verdict": finding.verdict,
        "why": finding.why, "line": finding.line, "certified": one.certified, "anchored": report.anchored,
        "failure": report.failure, "from_us": one.from_us, "to_us": one.to_us, "bytes": one.bytes,
        "span": {
            "from_byte": span.from_byte, "to_byte": span.to_byte, "from_us": span.from_us, "to_us": span.to_us,
        } if span else None,
    }  # fmt: skip


def absent_object(report: AbsentReport) -> dict[str, object]:
    """Return segments that are not here as JSON has them."""
    absent = report.absent
    return {
        "camera": report.camera, "first": absent.first, "last": absent.last, "verdict": absent.absence,
        "why": absent.why, "failure": report.failure,
    }  # fmt: skip


def summary(tally: Tally, troubles: list[str]) -> str:
    """Return the sentence that matters most."""
    segments = _count(tally.segments, "segment")
    cameras = _count(len(tally.cameras), "camera")
    counts = [f"{tally.verdicts[verdict]} {verdict}" for verdict in reversed(Verdict) if tally.verdicts[verdict]]
    counts += [f"{tally.absences[absence]} {_ABSENT[absence]}" for absence in Absence if tally.absences[absence]]
    checked = f"{segments} of {cameras}, {size(tally.hashed_bytes)}: {', '.join(counts) or 'nothing here'}."
    failures = tally.failures + len(troubles)
    return f"NOT INTACT: {_count(failures, 'failure')}. {checked}" if failures else f"INTACT: {checked}"


_ABSENT = {
    Absence.DELETED: "deleted on purpose",
    Absence.NOT_PROVED: "gone (not proved that on purpose)",
    Absence.MISSING: "gone without a word",
    Absence.CONTRADICTED: "gone with a false word",
}


def anchoring(tally: Tally, asked: Asked) -> str:
    """Say who outside vouches for what, or that nobody does."""
    anchor = asked.known.anchor if asked.known else None
    if anchor is None:
        return (
            "NOT ANCHORED: nobody outside vouches for this. Whoever has the recorder and its identity key could have"
            " made it all; a checkpoint that somebody else kept (--checkpoint) excludes that."
        )
    rest = tally.segments - tally.anchored
    newer = f"; {_count(rest, 'segment')} not anchored" if rest else ""
    text = anchor.text()
    return f"ANCHORED {text.removeprefix('anchored ')}: {_count(tally.anchored, 'segment')}{newer}."


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("bytes", "kB") else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} TB"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _span(from_us: int, to_us: int) -> str:
    start, end = utc(from_us), utc(to_us)
    return f"{start[:-4]} to {end[11:] if start[:10] == end[:10] else end}"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

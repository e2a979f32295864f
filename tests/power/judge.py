"""
What became of a store whose box lost its power: mended as a recorder mends it, then held against what was promised.

Knows nothing but the product, so that it also runs inside the image (`guest_tier.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vigil.clock import SystemClock
from vigil.errors import VigilError
from vigil.segments.session import Session
from vigil.segments.sidecar import read_line, whole_bytes
from vigil.store.camera_store import CameraStore
from vigil.store.check import check_store, nothing_told
from vigil.store.disk import Disk
from vigil.store.layout import MARKER, SegmentPath, cameras_in, segments_of
from vigil.store.verify import SegmentReport, Verifier
from vigil.store.verify_identity import believe, identity_beside
from vigil.store.verify_paths import choose

LATE = "were in danger"
"""The end of the words about a loss that is larger than allowed."""

# The session that mends has no certificate here; whatever else were wrong would be said instead.
WHOLE = {"ok", "recovered", "uncertified"}


@dataclass(slots=True)
class Judgement:
    """
    What was found: everything that is `wrong`, in words, and how much video the cut cost.

    `loss_s` is from the last durable picture to the cut, None where no camera was recording yet.
    """

    wrong: list[str] = field(default_factory=list)
    loss_s: float | None = None
    segments: int = 0
    recovered: int = 0
    tails: int = 0

    def as_json(self) -> dict[str, Any]:
        """The same as a table."""
        return asdict(self)


def judge(
    video: Path, said: Sequence[Sequence[Any]], *, cut_us: int, always: str, most_loss_s: float, mends: bool = True
) -> Judgement:
    """
    Mend and judge the store in `video`.

    `said` are promises: camera, seq, line, digest of the line, bytes covered, wall clock of the last picture. The power
    was there until `cut_us` (wall clock) at the longest; the camera `always` (none where empty) recorded until then.
    Without `mends` a recorder is at work on the store.
    """
    found = Judgement()
    try:
        if mends:
            _mend(video, found)
        found.wrong += [f"invariant {one.invariant}: {one.camera} {one.seq}: {one.says}" for one in _problems(video)]
        found.wrong += _verdicts(video, WHOLE if mends else WHOLE | {"unfinished"})
        for camera, *promise in said:
            found.wrong += _kept(video, camera, promise)
        if always:
            promised_us = min((last_us for camera, *_, last_us in said if camera == always), default=0)
            if since_us := _last_picture_us(video, always) or promised_us:
                found.loss_s = max(0.0, (cut_us - since_us) / 1_000_000)
                if found.loss_s > most_loss_s:
                    found.wrong.append(f"{found.loss_s:.2f} s of {always} {LATE}")
            else:
                found.wrong.append(f"LOST: nothing of {always} is there, which was recording")
    except (VigilError, OSError) as error:
        found.wrong.append(f"{type(error).__name__}: {error}")
    return found


def _mend(video: Path, found: Judgement) -> None:
    if not (video / MARKER).exists():
        return
    for camera in cameras_in(video):
        store = CameraStore(
            Disk(), video, camera, session=Session(os.urandom), clock=SystemClock(), boot="after the cut"
        )
        store.open()
        found.recovered += len(store.recovered)
        store.close()
        segments = segments_of(video / camera)
        found.segments += len(segments)
        found.tails += sum(segment.tail.exists() for segment in segments)


def _problems(video: Path) -> Sequence[Any]:
    return check_store(Disk(), video, told=nothing_told).problems if (video / MARKER).exists() else ()


def _verdicts(video: Path, whole: Set[str]) -> list[str]:
    """What `vigil verify` finds wrong: every byte that is covered is read."""
    if not (video / MARKER).exists() or not cameras_in(video):
        return []
    disk, target = Disk(), choose((video,))
    directories = sorted({one.directory for selection in target.selections for one in selection.segments})
    key = believe(disk, None, identity_beside(target.video, directories)).key
    wrong = []
    for report in Verifier(disk, key, None).verify(target):
        if not isinstance(report, SegmentReport):
            wrong.append(f"verify: {report.camera} {report.absent.first}: {report.absent.why}")
        elif str(report.checked.finding.verdict) not in whole:
            finding = report.checked.finding
            wrong.append(f"verify: {report.camera} {report.checked.seq}: {finding.verdict}, {finding.why}")
    return wrong


def _kept(video: Path, camera: str, promise: Sequence[Any]) -> list[str]:
    """What is missing of a promise: the very line must be there, and the bytes that it covers."""
    seq, line, digest, covered, _ = promise
    segment = next((one for one in segments_of(video / camera) if one.seq == seq), None)
    if segment is None:
        return [f"LOST: {camera} {seq} was promised and is not there"]
    lines = _lines(segment)
    if len(lines) <= line or hashlib.sha256(lines[line]).hexdigest() != digest:
        return [f"LOST: {camera} {seq} has {len(lines)} lines, and line {line} was promised"]
    size = segment.media.stat().st_size if segment.media.exists() else 0
    return [f"LOST: {camera} {seq} has {size} of {covered} bytes"] if size < covered else []


def _last_picture_us(video: Path, camera: str) -> int:
    """The wall clock of the last durable picture of a camera; where there is none, when recording began; else 0."""
    statements = [
        read_line(line)
        for segment in segments_of(video / camera)[-2:]
        if segment.seal.exists()
        for line in _lines(segment)
    ]
    last = max((one.fields.get("end_us", 0) for one in statements), default=0)
    return last or min((one.fields["start_us"] for one in statements if "start_us" in one.fields), default=0)


def _lines(segment: SegmentPath) -> list[bytes]:
    data = segment.seal.read_bytes()
    return data[: whole_bytes(data)].split(b"\n")[:-1]

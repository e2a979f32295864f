"""What was held and released since the journal last heard of it, ready to be entered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vigil.store.disk import Disk
from vigil.store.holds import Holds
from vigil.store.index_read import EventRow
from vigil.store.ingest import Happened, act_of_entry, entry_of_act
from vigil.store.keeps import Act


class NewHolds:
    """
    Reads each camera's `.keep-log` from where the journal's newest entry about it stands.

    `entered` are those entries, one a camera. A log that does not hold the line
    the entry was made from is another one (a new disk), and read from its start.
    """

    def __init__(self, disk: Disk, video: Path, entered: Iterable[EventRow]) -> None:
        self._disk = disk
        self._video = video
        self._last: dict[str, Act | None] = {
            str(row.fields["camera"]): act_of_entry(row.kind, row.fields) for row in entered
        }
        self._read_bytes: dict[str, int] = {}
        self._fresh: dict[str, tuple[Act, int]] = {}

    def of(self, camera: str) -> list[Happened]:
        """
        Return the entries that are due for `camera`; all they speak of is durable. Call `done` when they are, too.

        Nothing where somebody is just placing or releasing: ask again. Raises `StoreFault`.
        """
        holds = Holds(self._disk, self._video / camera)
        if (size := holds.log_bytes()) == self._read_bytes.get(camera, 0):
            return []
        acts = holds.durable_acts(self._last.get(camera))
        if acts:
            self._fresh[camera] = acts[-1], size
        elif acts is not None:
            self._read_bytes[camera] = size
        return [entry_of_act(camera, act) for act in acts or ()]

    def done(self, camera: str) -> None:
        """What `of` returned last for `camera` is in the journal."""
        self._last[camera], self._read_bytes[camera] = self._fresh.pop(camera)

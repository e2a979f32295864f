"""
What a box writes to its card, counted inside it, from the card itself down to the programs that asked for it.

The kernel counts sectors for the card, for each partition and for what dm-integrity shows of two of them, and for each
process the pages of files that it made dirty. So what a partition takes beyond its file system is dm-integrity's, and
what a file system takes beyond those pages is ext4's own: its journal, inodes, directories and bitmaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakes.inside_shell import Shell

SECTOR = 512
CARD, STATE, VIDEO = "vda", ("vda7", "vigil-state"), ("vda8", "vigil-video")

# One line each: what is counted, its name, how much.
_SCRIPT = r"""
read -r up _ </proc/uptime; echo seconds up $up;
for at in /sys/block/vda /sys/block/vda/vda[0-9] /sys/block/dm-*; do
    set -- $(<$at/stat); name=$(cat $at/dm/name 2>/dev/null || echo ${at##*/});
    echo sectors $name $7; echo flushes $name ${16};
done;
for unit in $(systemctl list-units --plain --no-legend --state=active 'vigil-*.service' | cut -d' ' -f1); do
    pid=$(systemctl show --value -p MainPID $unit);
    [ $pid = 0 ] || echo pages $unit $(awk '/^write_bytes/ { print $2 }' /proc/$pid/io);
done;
for kind in age seal; do
    echo files $kind $(find /vigil/video -name "*.$kind" -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }');
done
"""

Counts = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What was written in `seconds` of the box's time. All else is bytes, flushes are how many."""

    seconds: float
    card: float
    flushes: float
    state: float
    video: float
    integrity_of_state: float
    integrity_of_video: float
    ext4: float
    pages: Mapping[str, float]
    pictures: float
    statements: float

    def told(self, *, per_s: float, unit: float) -> str:
        """Lines for people: each part as it would be in `per_s` seconds, in units of so many bytes."""
        share = per_s / self.seconds / unit
        rows = {
            "card": self.card,
            "p7": self.state,
            "p8": self.video,
            "dm-integrity on p7": self.integrity_of_state,
            "dm-integrity on p8": self.integrity_of_video,
            "ext4's own": self.ext4,
            **{f"pages of {name}": size for name, size in self.pages.items()},
            "(pictures, sealed)": self.pictures,
            "(statements)": self.statements,
        }
        lines = [f"{name:34}{size * share:10.1f}" for name, size in rows.items()]
        return "\n".join([*lines, f"{'flushes':34}{self.flushes * per_s / self.seconds:10.0f}"])


def counted(shell: Shell) -> Counts:
    """Every count, by what it is and whose."""
    words = [line.split() for line in shell.ask(_SCRIPT.replace("\n", " ")).splitlines()]
    return {(kind, name): float(count) for kind, name, count in words}


def written(before: Counts, after: Counts) -> Writes:
    """What lies between two counts of one box. The pages of a process that has ended meanwhile count as ext4's."""
    more = {key: after[key] - before.get(key, 0) for key in after}
    size = {name: count * SECTOR for (kind, name), count in more.items() if kind == "sectors"}
    pages = {name: count for (kind, name), count in more.items() if kind == "pages" and count > 0}
    return Writes(
        seconds=more["seconds", "up"],
        card=size[CARD],
        flushes=more["flushes", CARD],
        state=size[STATE[0]],
        video=size[VIDEO[0]],
        integrity_of_state=size[STATE[0]] - size[STATE[1]],
        integrity_of_video=size[VIDEO[0]] - size[VIDEO[1]],
        ext4=size[STATE[1]] + size[VIDEO[1]] - sum(pages.values()),
        pages=pages,
        pictures=more["files", "age"],
        statements=more["files", "seal"],
    )

"""
Whether the kernel has closed a data partition: after an error in its file system it lets nobody write to it.

That is what `errors=remount-ro` asks for, and it lasts until the file system
was checked, which a start does. Since Linux 6.15 such a file system says
`emergency_ro` among its options, before that it was `ro`.
"""

from __future__ import annotations

from collections.abc import Collection

_CLOSED = {"ro", "emergency_ro"}


def closed(mountinfo: str, places: Collection[str]) -> str:
    """
    Say in words which of `places` nobody can write to; nothing where that is none.

    `mountinfo` is what /proc/self/mountinfo says (proc_pid_mountinfo(5)). The
    options of the file system count, its last word in a line: those of the mount
    are ours, and a caged process has some that are read-only.
    """
    for line in mountinfo.splitlines():
        words = line.split()
        if len(words) > 6 and words[4] in places and _CLOSED & set(words[-1].split(",")):
            return f"the kernel has found an error in the file system of {words[4]} and writes nothing to it any more"
    return ""

"""
When the camera handed the pictures of a segment over, and how long they waited until they were durable.

A camera has a thread and a timetable of its own. By how much its pictures come
behind that is what a busy machine takes from everybody: it leaves no picture
out, and the recorder cannot make up for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakes.box import fragments_in
from vigil.frames.packet import TICKS_PER_S
from vigil.segments.mp4_read import Fragment
from vigil.segments.sidecar import read_line, read_lines
from vigil.store.layout import SegmentPath


def waits_us(segment: SegmentPath, plain: bytes) -> Iterator[int]:
    """
    How long the oldest picture of each flush waited until it was stated durable.

    By how much the camera itself was late meanwhile is not counted.
    """
    fragments = fragments_in(plain)
    in_time_us = min(_begun_us(one) for one in fragments)
    done = 0
    for line in map(read_line, read_lines(segment.seal.read_bytes())):
        if line.type != "flushed":
            continue
        ends = line.fields["media"]
        first, *others = [one for one in fragments if done <= one.video[0].pts < ends]
        behind = [one for one in fragments if one.video[0].pts >= ends][:1]
        late_us = max(_begun_us(one) for one in (first, *others, *behind)) - in_time_us
        assert first.wall_us
        yield line.at_us - first.wall_us - late_us
        done = ends


def span_us(plain: bytes) -> tuple[int, int]:
    """From when to when there are pictures, by the camera's timetable: their own spacing from the most punctual on."""
    fragments = fragments_in(plain)
    last = fragments[-1].video[-1]
    from_us = min(_begun_us(one) for one in fragments)
    return from_us, from_us + (last.pts + last.duration) * 1_000_000 // TICKS_PER_S


def _begun_us(fragment: Fragment) -> int:
    """When the first picture of the segment came, had all come as punctually as the first of this fragment."""
    assert fragment.start_wall_us is not None
    return fragment.start_wall_us

"""Says in an owner's words how a network camera's pictures fare on their way, and what its own clock shows."""

from __future__ import annotations

from vigil.cameras.rtp_stream import VideoStream

SAME_US = 1_000_000
"""Reports are late by the network and by our own bursts: a clock this close is as good as ours."""

_UNITS = ((172_800, 86_400, "days"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))


def stream_facts(video: VideoStream, *, steady_us: int, wall_us: int) -> dict[str, str]:
    """Return facts for `describe`: nothing while all is well and the camera tells no time."""
    facts = {}
    if video.lost or video.dropped:
        facts["left out"] = f"{video.dropped} pictures, because {video.lost} packets never came"
    camera_us = video.clock.now(steady_us)
    if camera_us is not None:
        facts["its clock"] = offset_in_words(camera_us - wall_us)
    return facts


def offset_in_words(offset_us: int) -> str:
    """Return how far a camera's clock is ahead of ours (positive) or behind."""
    if abs(offset_us) < SAME_US:
        return "as ours"
    seconds = abs(offset_us) // 1_000_000
    size, word = next((size, word) for least, size, word in _UNITS if seconds >= least)
    return f"{seconds // size} {word} {'ahead of' if offset_us > 0 else 'behind'} ours"

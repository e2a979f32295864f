"""What tests of a source do with one, whatever camera is behind it."""

from __future__ import annotations

from vigil.cameras.source import Source
from vigil.errors import CameraLost
from vigil.frames.packet import Luma, Packet


def read_to_the_end(source: Source) -> tuple[list[Packet | Luma], str]:
    """Return everything until the camera is lost, and why it was."""
    got: list[Packet | Luma] = []
    try:
        while True:
            got += source.read(1)
    except CameraLost as lost:
        return got, str(lost)
    finally:
        source.close()

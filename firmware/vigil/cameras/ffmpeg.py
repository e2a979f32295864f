"""
The door to FFmpeg's demuxers: opens a file, an address or a device, and says in plain words what goes wrong with it.

FFmpeg's own error messages repeat the address, password and all, so none of
them is shown, chained to ours, or even alive when ours is raised.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vigil.errors import CameraEnded, CameraLost
from vigil.frames.packet import TICKS_PER_S

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

NOTHING_YET_S = 0.005
"""How long a device that does not wait by itself is left alone before it is asked again."""


class Input:
    """
    An open input. Constructing one opens it or raises `CameraLost`; only one thread may use it, `close` included.

    `called` is what people read in messages. `options` go to FFmpeg; without a
    `timeout` among them reading may wait for ever.
    """

    def __init__(
        self,
        address: str,
        *,
        called: str,
        format_name: str | None = None,
        options: Mapping[str, str] | None = None,
        open_timeout_s: float = 10.0,
    ) -> None:
        self.called = called
        self._container = _opened(address, called, format_name, dict(options or {}), open_timeout_s)
        video = next(iter(self._container.streams.video), None)
        if video is None or video.codec_context is None:
            self.close()
            raise CameraLost(f"{called} has no pictures")
        self.video: VideoStream = video
        self._packets: Iterator[av.Packet[Any]] | None = None
        self._chosen: list[Any] = [video]

    @property
    def sound(self) -> AudioStream | None:
        """The first stream of sound."""
        return next(iter(self._container.streams.audio), None)

    def add_sound(self) -> None:
        """Read the sound, too."""
        self._chosen = [self.video, self.sound]

    def read(self) -> av.Packet[Any] | None:
        """
        Wait for the next packet and return it, or None when there is none yet.

        Raises `CameraEnded` at the end, `CameraLost` for all that goes wrong.
        """
        import av

        raw = lost = None
        try:
            if self._packets is None:
                self._packets = self._container.demux(*self._chosen)
            raw = next(self._packets, None)
        except av.BlockingIOError:
            # The iterator has ended with the error, the input has not.
            self._packets = None
            time.sleep(NOTHING_YET_S)
            return None
        except (av.FFmpegError, OSError, ValueError) as error:
            lost = why(error, self.called)
        if lost is not None:
            raise CameraLost(lost)
        if raw is None or raw.size == 0:
            raise CameraEnded(f"{self.called} came to its end")
        return raw

    def close(self) -> None:
        """
        Let go of it. May be called twice.

        A packet of a video device lies in the driver's memory, and giving it back afterwards would end the process.
        """
        # The iterator holds the last one that it gave.
        self._packets = None
        with contextlib.suppress(Exception):
            self._container.close()


def why(error: Exception, called: str, *, opening: bool = False) -> str:
    """Return what FFmpeg's error means for the owner of a camera, without any part of the address."""
    import av

    match error:
        case av.HTTPUnauthorizedError() | av.HTTPForbiddenError():
            return f"{called} refuses the user name or the password"
        case av.HTTPNotFoundError():
            return f"{called} is not there: the camera knows no stream of this name"
        case av.ConnectionRefusedError():
            return f"nothing answers at {called}: is the camera on, and the port right?"
        case av.TimeoutError():
            return f"{called} sent nothing any more"
        case av.FileNotFoundError():
            return f"{called} is not there"
        case av.PermissionError():
            return f"{called} may not be read: check its permissions"
        case av.BrokenPipeError() | av.ConnectionResetError() | av.EOFError():
            return f"{called} broke the connection off"
        case av.InvalidDataError():
            return f"{called} sends garbage: what answers there is not a camera, or not the stream it says it is"
        case av.OSError() if error.errno == errno.EIO and opening:
            return f"{called} cannot be reached: is its name right, and the network up?"
        case av.OSError() if error.errno == errno.ENODEV:
            return f"{called} is gone: was it unplugged?"
        case av.OSError() if error.errno == errno.EBUSY:
            return f"{called} is in use by another program"
        case av.FFmpegError() if error.strerror:
            return f"{called} cannot be read: {error.strerror}"
    return f"{called} cannot be read ({type(error).__name__})"


def gap_ticks(video: VideoStream) -> int:
    """Return the usual distance of two pictures in 90 kHz ticks, as far as the stream says."""
    rate = video.average_rate or video.guessed_rate
    if not rate or float(rate) <= 0:
        return TICKS_PER_S // 25
    return max(1, round(TICKS_PER_S / float(rate)))


def ticks(moment: int | None, base: Any) -> int | None:
    """Return a moment of FFmpeg's in 90 kHz ticks; `base` is the fraction of a second that it counts."""
    if moment is None or (base.numerator == 1 and base.denominator == TICKS_PER_S):
        return moment
    scaled: int = (moment * TICKS_PER_S * base.numerator * 2 + base.denominator) // (2 * base.denominator)
    return scaled


def _opened(
    address: str, called: str, format_name: str | None, options: dict[str, str], timeout_s: float
) -> InputContainer:
    import av

    began = time.monotonic()
    try:
        # Only opening is timed by PyAV: its timer takes the interpreter's lock at every poll of the
        # socket. Reading is timed by FFmpeg's own `timeout` option.
        return av.open(address, "r", format=format_name, options=options, timeout=(timeout_s, None))
    except (av.FFmpegError, OSError, ValueError) as error:
        lost = why(error, called, opening=True)
    # FFmpeg calls it garbage, too, when it was interrupted within an answer.
    if time.monotonic() - began >= timeout_s:
        lost = f"{called} did not answer properly within {timeout_s:g} s"
    raise CameraLost(lost)

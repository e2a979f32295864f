"""
Everything that can go wrong, in one place. This module imports nothing.

Errors are grouped by what the program does next:

* VigilError
  x ConfigError           the owner can fix it: every mistake at once
  x DeviceError           the box may heal it: retry, degrade, report
    - CameraLost          reopen with back-off
      · StreamRefused     our own reader does not read such a stream: let FFmpeg try
    - CameraEnded         a file came to its end; nothing is wrong
    - UpsLost             the UPS cannot be read: it is asked again, and the owner is told
  x StoreError            recording goes on in RAM, the fault is told
    - WrongStore          this is not the disk we were given
    - StoreFull           nothing may be deleted and nothing more fits
    - StoreFault          the disk failed an operation (errno inside)
  x SealError             never retry, never ignore
    - FormatError         these bytes are not what they claim to be
    - Truncated           the bytes end too early
    - Forged              a signature, tag or digest does not match
    - ChainBroken         a statement does not follow the one before it
    - WrongKey            the key given does not open this
  x JournalError
    - LogFork             the log contradicts a checkpoint somebody holds
    - LogDamaged          a journal file is missing or does not match its hashes
  x UpdateError           the system that runs goes on; the other slot holds nothing to start
    - UpdateRefused       nothing was changed
  x ResetRefused          nothing was forgotten
  x StickRefused          nothing was written to the stick
  x PeerError             another process is away or spoke nonsense
"""

from __future__ import annotations

from collections.abc import Sequence


class VigilError(Exception):
    """Any failure that Vigil can name."""


class ConfigError(VigilError, ValueError):
    """The configuration has mistakes; `problems` holds all of them, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class DeviceError(VigilError):
    """A device failed; the box may heal it."""


class CameraLost(DeviceError):
    """The camera stopped, could not be opened, or sends garbage."""


class StreamRefused(CameraLost):
    """The camera sends something that our own reader does not read; FFmpeg may."""


class CameraEnded(DeviceError):
    """A finite source (a file) came to its end."""


class UpsLost(DeviceError):
    """The UPS cannot be read; `trouble` is ``silent``, ``refused``, ``driver`` or ``garbage``."""

    def __init__(self, trouble: str, words: str) -> None:
        self.trouble = trouble
        super().__init__(words)


class StoreError(VigilError):
    """The video store cannot be used as it should."""


class WrongStore(StoreError):
    """The directory does not bear the identity marker of our store."""


class StoreFull(StoreError):
    """No space is left, and nothing may be deleted."""


class StoreFault(StoreError):
    """The disk failed an operation; `errno` is the operating system's number for why."""

    errno: int = 0


class IndexDamaged(StoreFault):
    """The index is damaged, or the disk has lost some of it; it is made again, since it holds nothing of its own."""


class SealError(VigilError):
    """Sealed or signed bytes are not right."""


class FormatError(SealError, ValueError):
    """These bytes are not what they claim to be."""


class Truncated(SealError):
    """The bytes end before they should."""


class Forged(SealError):
    """A signature, tag or digest does not match."""


class ChainBroken(SealError):
    """A statement does not follow the one before it."""


class WrongKey(SealError):
    """The key given does not open this."""


class JournalError(VigilError):
    """The journal cannot be used as it should."""


class LogFork(JournalError):
    """The log contradicts a checkpoint that somebody holds."""


class LogDamaged(JournalError):
    """A journal file is missing or does not match its hashes."""


class UpdateError(VigilError):
    """An update could not be installed."""


class UpdateRefused(UpdateError):
    """An update was not even begun with, and nothing was changed."""


class ResetRefused(VigilError):
    """The box was asked to start over and does not; nothing was forgotten."""


class StickRefused(VigilError):
    """This is no stick to write to, and nothing was written."""


class PeerError(VigilError):
    """Another process is away or spoke nonsense."""

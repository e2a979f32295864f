"""How long to wait before a lost camera is tried again. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """
    Growing waits: `first_s`, doubled each time up to `cap_s`, shortened by up to `jitter` of themselves.

    `random` returns numbers from 0 to below 1. The jitter keeps ten cameras
    behind one switch from knocking in step when it comes back. A camera that
    ran for `stable_s` has earned a fresh start; one that comes and goes has not.
    """

    def __init__(
        self,
        random: Callable[[], float],
        *,
        first_s: float = 0.5,
        cap_s: float = 30.0,
        jitter: float = 0.3,
        stable_s: float = 60.0,
    ) -> None:
        self._random = random
        self._first_s = first_s
        self._cap_s = cap_s
        self._jitter = jitter
        self._stable_s = stable_s
        self._failures = 0

    def failed(self, *, ran_s: float) -> float:
        """Note a failure after `ran_s` seconds of pictures; return how many seconds to wait."""
        if ran_s >= self._stable_s:
            self._failures = 0
        # Beyond 2**32 the exponent only costs time.
        wait_s = min(self._cap_s, self._first_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return wait_s * (1 - self._jitter * self._random())

"""
Whether the segments of one camera follow one another.

Segments are fed in the order of `seq`, each with the verdict on itself. What a
later statement may still explain (a certificate that came late, a deletion) is
held back until it does or until the chain ends; everything else is let go.
`verify_absent.py` accounts for those that are not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vigil.segments.sidecar import CHAIN_START
from vigil.segments.verify_account import Account, Deleted
from vigil.segments.verify_words import INTACT, Finding, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """
    The verdict on segment `seq`, in its chain.

    `certified` says that the identity stands for every key that signed in it.
    `last` is the digest of its last line, written at `last_us`; `finished`
    that nothing may follow that line. `from_us` to `to_us` is what its
    pictures span, or its lines where it has none; `bytes` are those of its
    pictures that were signed.
    """

    seq: int
    finding: Finding
    certified: bool = True
    keys: frozenset[bytes] = frozenset()
    last: str | None = None
    last_us: int = 0
    from_us: int = 0
    to_us: int = 0
    finished: bool = False
    bytes: int = 0

    @property
    def intact(self) -> bool:
        """Whether what is there is what was recorded, by this box."""
        return self.finding.verdict in INTACT and self.certified


@dataclass(frozen=True, slots=True)
class Hole:
    """Segments `first` to `last` are not here. `prev` is what the next one that is names as the line before its own."""

    first: int
    last: int
    prev: str | None


class ChainCheck:
    """
    One camera's chain.

    `certified` are session keys known to be certified from elsewhere. `whole`
    says that the chain is fed from its beginning, so that the first segment
    must be number 1 or stand behind a hole.
    """

    def __init__(self, *, certified: Iterable[bytes] = (), whole: bool = True) -> None:
        self.certified = set(certified)
        self.holes: list[Hole] = []
        self._deleted: dict[int, Deleted] = {}
        self._held: dict[int, Checked] = {}
        self._begun = whole
        self._seq = 0
        self._last: str | None = CHAIN_START

    def feed(self, seq: int, account: Account | None, finding: Finding) -> list[Checked]:
        """
        Take in the segment whose name says `seq`; return those whose verdict is final now.

        `account` is None where there is no sidecar, or one of another segment.
        Each `seq` is fed once, ascending.
        """
        if seq <= self._seq:
            raise ValueError("internal error: segments are fed in ascending order")
        if self._begun and seq > self._seq + 1:
            self.holes.append(Hole(self._seq + 1, seq - 1, _follows(account)))
        elif self._begun:
            finding = self._linked(account, finding)
        self._begun, self._seq = True, seq
        if account is None or account.lines or account.fault:
            self._last = account.last if account else None
        self._held[seq] = _checked(seq, account, finding)
        return self._settle({seq} | self._learn(account))

    def end(self) -> list[Checked]:
        """Return the segments that no later statement explained."""
        held, self._held = [self._judged(one) for one in self._held.values()], {}
        return held

    def deletions(self) -> dict[int, Deleted]:
        """Return the statements about deleted segments that certified keys signed, by `seq`."""
        return {seq: one for seq, one in self._deleted.items() if one.key in self.certified}

    def _linked(self, account: Account | None, finding: Finding) -> Finding:
        """Return `finding`, or that this segment does not follow the one before it."""
        follows = _follows(account)
        if follows in (None, self._last) or self._last is None or finding.verdict in (Verdict.FORGED, Verdict.BROKEN):
            return finding
        before = f"the last line of segment {self._seq}" if self._seq else "the camera's beginning"
        return Finding(
            Verdict.BROKEN,
            f"line 0: it was written behind another line than {before}: lines before it were removed or replaced",
            line=0,
        )

    def _learn(self, account: Account | None) -> set[int]:
        """Take in what the statements say of other segments; return which are worth another look."""
        if account is None:
            return set()
        fresh = account.certificates.keys() - self.certified
        self.certified |= fresh
        # Lines of a sidecar that was tampered with excuse nothing.
        said = {one.seq: one for one in account.deleted} if account.fault is None else {}
        self._deleted.update(said)
        return set(self._held) if fresh else set(said)

    def _settle(self, seqs: set[int]) -> list[Checked]:
        done = []
        for seq in sorted(seqs & self._held.keys()):
            one = self._judged(self._held[seq])
            if not self._may_change(one):
                done.append(one)
                del self._held[seq]
        return done

    @staticmethod
    def _may_change(one: Checked) -> bool:
        """Whether a later statement could explain what is wrong with `one`."""
        if one.finding.verdict is Verdict.MISSING:
            return one.last is not None
        return not one.certified and one.finding.verdict in (*INTACT, Verdict.UNCERTIFIED)

    def _judged(self, one: Checked) -> Checked:
        """Return `one` in the light of all that was said so far."""
        finding, certified = one.finding, one.keys <= self.certified
        gone = self._deleted.get(one.seq)
        if finding.verdict is Verdict.MISSING and gone and gone.key in self.certified and gone.last == one.last:
            finding = Finding(Verdict.OK, f"its pictures were deleted on purpose: {gone.why}")
        if finding.verdict is Verdict.UNFINISHED and not certified:
            finding = Finding(finding.verdict, f"{finding.why}; nobody vouches for the key that signs it")
        elif finding.verdict in INTACT and not certified:
            finding = Finding(Verdict.UNCERTIFIED, "as signed, but nobody vouches for the key that signed it")
        return replace(one, finding=finding, certified=certified)


def _follows(account: Account | None) -> str | None:
    return account.opened.prev if account and account.opened else None


def _checked(seq: int, account: Account | None, finding: Finding) -> Checked:
    if account is None or account.opened is None:
        return Checked(seq=seq, finding=finding)
    mark = account.marks[-1] if account.marks else None
    return Checked(
        seq=seq, finding=finding, keys=account.keys, last=account.last, last_us=account.last_us,
        from_us=account.start_us,
        to_us=mark.end_us if mark else account.last_us, finished=account.end is not None,
        bytes=account.covered_bytes,
    )  # fmt: skip

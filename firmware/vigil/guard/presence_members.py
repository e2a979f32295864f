"""Who of the household is at home: each member by what was heard of their device, and whether the network is there."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.config.model_presence import Member, Presence

_SECOND_US = 1_000_000
_PATIENCE_US = 90 * _SECOND_US
_INTERVALS = 3


@dataclass(slots=True)
class Network:
    """
    Whether the network is there: only while its witness answers, all times on the steady clock.

    `since_us` is when it came back after it had been away, or was first there.
    """

    patience_us: int = _PATIENCE_US
    witness_us: int | None = None
    since_us: int | None = None

    def answered(self, now_us: int) -> None:
        """The witness is there."""
        if not self.is_there(now_us):
            self.since_us = now_us
        self.witness_us = now_us

    def is_there(self, now_us: int) -> bool:
        """Say whether the witness answered lately."""
        return self.witness_us is not None and now_us - self.witness_us <= self.patience_us


def network_of(presence: Presence) -> Network:
    """Return a network of which nothing is known, as patient as the interval demands."""
    return Network(max(_PATIENCE_US, _INTERVALS * presence.ping_interval_s * _SECOND_US))


@dataclass(slots=True)
class Kin:
    """
    One member. `home` is None while nobody knows; `was` is what the last start left behind.

    `since_us` (UTC) is when they came or went; `seen_us` and `missed_us` are
    steady times of this start.
    """

    member: Member
    delay_us: int
    was: bool | None = None
    since_us: int = 0
    home: bool | None = None
    seen_us: int | None = None
    missed_us: int | None = None
    how: str = ""

    @property
    def counts(self) -> bool:
        """Whether it matters for who is at home."""
        return self.member.role != "guest"

    def known(self, network: Network) -> bool | None:
        """Return whether they are at home; who was away has to be missed again by a network that came back."""
        if self.home is False and network.since_us is not None and (self.missed_us or 0) <= network.since_us:
            return None
        return self.home

    def answers(self, how: str, now_us: int, wall_us: int) -> bool:
        """Their device answered; return whether that is new."""
        self.seen_us, self.how = now_us, how
        return self._is(home=True, wall_us=wall_us)

    def leaves(self, network: Network, now_us: int, wall_us: int) -> bool:
        """Find out whether they have gone; return whether that is new."""
        gone = self.home is not False and self._is_gone(network, now_us)
        return gone and self._is(home=False, wall_us=wall_us)

    def _is_gone(self, network: Network, now_us: int) -> bool:
        if not network.is_there(now_us) or network.since_us is None or network.witness_us is None:
            return False
        # Phones come back to a router that restarted minutes after it did: the delay begins with the network.
        quiet_us = network.since_us if self.seen_us is None else max(self.seen_us, network.since_us)
        if self.missed_us is None or self.missed_us <= quiet_us:
            return False
        if self.was is False and self.home is None:
            return True
        # Nobody vouches for their own going.
        vouched = self.seen_us is None or network.witness_us > self.seen_us
        return vouched and now_us - quiet_us >= self.delay_us

    def _is(self, *, home: bool, wall_us: int) -> bool:
        """Note where they are; return whether this is other than what was known, now or at the last start."""
        before = self.home if self.home is not None else self.was
        self.home = home
        if home is not before:
            self.since_us = wall_us
        return home is not before


def kin_of(member: Member, presence: Presence, kept: object) -> Kin:
    """Return a member of whom nothing is known yet, but what `kept` says of an earlier start."""
    delay_us = (member.departure_delay_s or presence.departure_delay_s) * _SECOND_US
    home, since_us = (kept.get("home"), kept.get("since_us")) if isinstance(kept, dict) else (None, None)
    kin = Kin(member, delay_us)
    if isinstance(home, bool) and type(since_us) is int:
        kin.was, kin.since_us = home, since_us
    return kin

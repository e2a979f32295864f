"""What lookout saw becomes a fact for guard's part, and who is at home an answer for whoever asks."""

from __future__ import annotations

from vigil.events import MemberKnown, Message, PresenceKnown, Sightings
from vigil.guard.facts import Looked
from vigil.guard.presence import Home

_HOWS = ("ping", "neighbours")


def looked_of(message: Sightings) -> Looked:
    """Return what lookout says as the fact that it is; names that nobody has are left out by who judges it."""
    seen = {name: how for name, how in message.seen.items() if how in _HOWS}
    return Looked(seen, tuple(message.missed), message.witness, message.trouble[:200])


def told_of(home: Home | None, now_us: int) -> list[Message]:
    """Return what is known of everybody, and then of all together; `now_us` is the steady time."""
    if home is None:
        return [PresenceKnown(state="unknown", why="nobody is looked for: configure a [[presence.member]]")]
    words = {True: "home", False: "away", None: "unknown"}
    members: list[Message] = [
        MemberKnown(
            member=one.member.id, role=one.member.role, state=words[one.home], since_us=one.since_us,
            seen_age_us=-1 if one.seen_us is None else now_us - one.seen_us, how=one.how,
        )
        for one in home.known()
    ]  # fmt: skip
    return [*members, PresenceKnown(state=home.state, why=home.why(now_us))]

"""Where things lie on this box, and which system it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vigil.config.files import ConfigFiles


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory: configuration, state, sockets; `video_dir` as the configuration names it."""

    data: Path
    video_dir: str = "video"

    @property
    def state(self) -> Path:
        """What must survive: identity, journal, index."""
        return self.data / "state"

    @property
    def video(self) -> Path:
        """The video store; may be on another disk."""
        return self.data / self.video_dir

    @property
    def hub(self) -> Path:
        """The hub's socket."""
        return self.data / "run/hub.sock"

    @property
    def panel(self) -> Path:
        """The socket of a simulated panel, for the hands and eyes before it."""
        return self.data / "run/panel.sock"

    @property
    def signer(self) -> Path:
        """The signer's socket."""
        return self.data / "run/signer.sock"

    @property
    def identity_key(self) -> Path:
        """The identity's private key: read by `signer` alone."""
        return self.state / "identity/identity.key"

    @property
    def store_id(self) -> Path:
        """Which store is ours."""
        return self.state / "store-id"

    def state_file(self, subject: str) -> Path:
        """What guard's judgement keeps of a subject, such as the arm state."""
        return self.state / f"{subject}.json"

    @property
    def update(self) -> Path:
        """What is known of updates: the record of the last one, the owner's keys, keys that were revoked."""
        return self.state / "update"

    @property
    def tellings(self) -> Path:
        """What the system's own commands leave for the journal."""
        return self.state / "tellings"

    @property
    def card_errors(self) -> Path:
        """What upkeep has told of the card since the start; in memory."""
        return self.data / "run/card-errors.json"

    @property
    def health(self) -> Path:
        """Which faults stand, from one run of guard to the next."""
        return self.state / "health.json"

    @property
    def journal(self) -> Path:
        """The journal's directory."""
        return self.state / "journal"

    @property
    def clock_trust(self) -> Path:
        """How far the time could be believed, from one run to the next."""
        return self.state / "clock-trust.json"

    @property
    def config_files(self) -> ConfigFiles:
        """The configuration files."""
        return ConfigFiles.below(self.data)

    def known_store(self) -> str | None:
        """Return the id of our store, None where nobody remembers (then any store with a marker is taken)."""
        try:
            found = self.store_id.read_text().strip()
        except OSError:
            return None
        return found if re.fullmatch("[0-9a-f]{32}", found) else None


def root_hash() -> str:
    """Return the hash of the verified root file system that this boot runs from, or ``none``."""
    try:
        found = re.search(r"\broothash=([0-9a-f]{64})\b", Path("/proc/cmdline").read_text())
    except OSError:
        return "none"
    return found[1] if found else "none"

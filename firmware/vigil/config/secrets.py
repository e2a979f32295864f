"""
The one place of each secret that the box keeps, and what is kept there of it.

    DIR/state/secrets/guard/pin            the PIN for arming, as an Argon2id hash (RFC 9106)
    DIR/state/secrets/guard/pin-recovery   the passphrase that sets a new PIN once, likewise
    DIR/state/secrets/owner.agekey.age     an owner's age identity, sealed under a password
    DIR/state/secrets/settled              the claim that configuration and secrets follow (docs/spec/claim.md)

The password itself is kept nowhere: it opens the identity, or it does not.
What lies in `guard/` that process reads and replaces, and nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigil.config.spoken import read_passphrase
from vigil.errors import ConfigError

_MEMORY_KIB, _PASSES, _LANES = 65_536, 3, 4
"""RFC 9106's second recommendation: 64 MiB, about 0.2 s on a desktop core."""

_PHC = re.compile(r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,4}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{11,}")


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Where the secrets of one data directory are; each is readable for its owner alone."""

    directory: Path

    @classmethod
    def below(cls, data_dir: Path) -> SecretFiles:
        """Return the secrets' places in a data directory."""
        return cls(data_dir / "state" / "secrets")

    @property
    def of_guard(self) -> Path:
        """What is guard's alone."""
        return self.directory / "guard"

    @property
    def pin(self) -> Path:
        """The PIN's hash."""
        return self.of_guard / "pin"

    @property
    def pin_recovery(self) -> Path:
        """The hash of the passphrase that sets a new PIN; none where it was used up."""
        return self.of_guard / "pin-recovery"

    @property
    def settled(self) -> Path:
        """The number of the claim that configuration and secrets follow."""
        return self.directory / "settled"

    @property
    def sealed_identity(self) -> Path:
        """The owner's identity, sealed under a password."""
        return self.directory / "owner.agekey.age"


def hash_pin(pin: str, random_bytes: Callable[[int], bytes]) -> bytes:
    """
    Return what is kept of a PIN: one line in PHC form, its parameters inside. Raises `ConfigError`.

    A PIN keeps people at the panel out, not a thief with the card: four digits
    are 10,000 guesses, half an hour for one core, twelve are millennia.
    """
    if not re.fullmatch(r"[0-9]{4,12}", pin):
        raise ConfigError(["the PIN must be 4 to 12 digits, nothing else"])
    if len(set(pin)) == 1 or pin in "01234567890123" or pin in "98765432109876":
        raise ConfigError(
            ["this PIN is among the first that anybody tries: give one that does not just count or repeat"]
        )
    return _hash(pin, random_bytes)


def hash_passphrase(passphrase: str, random_bytes: Callable[[int], bytes]) -> bytes:
    """Return what is kept of the PIN's recovery passphrase. Raises `ConfigError`."""
    return _hash(read_passphrase(passphrase), random_bytes)


def pin_matches(pin: str, kept: bytes) -> bool:
    """Say whether `pin` is the one whose hash is `kept`. Raises `ConfigError` where that is damaged."""
    return _matches(pin, kept)


def passphrase_matches(passphrase: str, kept: bytes) -> bool:
    """Say whether this is the passphrase whose hash is `kept`. Raises `ConfigError` for what can be none."""
    return _matches(read_passphrase(passphrase), kept)


def _hash(secret: str, random_bytes: Callable[[int], bytes]) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=random_bytes(16), length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive_phc_encoded(secret.encode()).encode() + b"\n"


def _matches(secret: str, kept: bytes) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    damaged = ConfigError(["the kept PIN is damaged: set it again with vigil config set-pin"])
    text = kept.decode("ascii", errors="replace").strip()
    found = _PHC.fullmatch(text)
    # A damaged line must not ask for more memory than a small board has.
    if not found or not 8 <= int(found[1]) <= 4 * _MEMORY_KIB or not 1 <= int(found[2]) <= 100 or int(found[3]) > 16:
        raise damaged
    try:
        Argon2id.verify_phc_encoded(secret.encode(), text)
    except InvalidKey:
        return False
    except ValueError as error:
        raise damaged from error
    return True

"""
The signer: holds the identity key and does one thing with it, certify session keys of known peers.

One request and one answer a connection, over a Unix socket that the kernel
vouches for (`SO_PEERCRED`). Everything it did is in its log.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pwd
import re
import selectors
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vigil.clock import Clock, SystemClock
from vigil.clock.kernel import boot_id
from vigil.errors import ConfigError, FormatError, PeerError, SealError
from vigil.processes.hub import short
from vigil.processes.notify import Notifier, passed_socket
from vigil.processes.place import Place, root_hash
from vigil.segments.age import b64, unb64
from vigil.segments.note import NoteKey, NoteSigner
from vigil.segments.session import CLOCKS, Session, certify, device_id, identity_name, open_certificate
from vigil.store.disk import Disk

log = logging.getLogger(__name__)
_PEER = re.compile("(record@[a-z0-9-]{1,32}|guard|body|serve|uplink|upkeep)")
_LIMIT_BYTES = 2000
_PATIENCE_S = 2.0


def load_identity(disk: Disk, path: Path) -> NoteSigner:
    """Return the identity kept in `path`, making it on the very first start."""
    if not path.exists():
        disk.make_directory(path.parent)
        # The umask decides who may read what `replace` creates: nobody else, not even for a moment.
        before = os.umask(0o077)
        try:
            disk.replace(path, (b64(os.urandom(32)) + "\n").encode())
        finally:
            os.umask(before)
        log.info("a new identity was made")
    private = Ed25519PrivateKey.from_private_bytes(unb64(disk.read_bytes(path).decode().strip()))
    public = private.public_key().public_bytes_raw()
    return NoteSigner(identity_name(device_id(public)), private)


def answer(
    identity: NoteSigner, request: bytes, *, clock: Clock, boot: str, root: str, may: str = ""
) -> dict[str, str]:
    """
    Return the answer to one request. Raises `FormatError` for anything but a request of ours.

    `may` is what the name of a peer of this user begins with.
    """
    try:
        asked = json.loads(request)
        public, peer, trust = unb64(asked["key"]), asked["peer"], asked["clock"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError("a request must name key, peer and clock") from error
    if len(public) != 32 or not isinstance(peer, str) or not _PEER.fullmatch(peer) or trust not in CLOCKS:
        raise FormatError("a request must be by a known peer, for an Ed25519 key")
    if not peer.startswith(may):
        raise FormatError(f"{peer} is not what this user may be called")
    cert = certify(identity, public=public, peer=peer, boot=boot, root=root, at_us=clock.wall_us(), clock=trust)
    log.info("certified a session key", extra={"peer": peer, "key": b64(public)})
    return {"cert": cert, "identity": identity.key.text()}


def serve(
    place: Place, *, users: Mapping[int, str], clock: Clock, stop: socket.socket, passed: socket.socket | None = None
) -> None:
    """
    Answer until `stop` becomes readable.

    `users` are those who are answered: for each user id, what the names of its
    peers begin with. `passed` is the socket to listen on where systemd made it.
    """
    identity = load_identity(Disk(), _key(place))
    listener = passed or _listen(place)
    log.info("ready", extra={"identity": identity.key.name})
    notifier = Notifier.of_this_process(clock)
    notifier.ready()
    with selectors.DefaultSelector() as selector, listener:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while not any(key.fileobj is stop for key, _ in selector.select()):
            with contextlib.suppress(OSError):
                _one(listener, identity, users, clock)
    notifier.stopping()
    if passed is None:
        place.signer.unlink(missing_ok=True)


def _key(place: Place) -> Path:
    """Return where the key is: in systemd's hand (LoadCredential=), or with the state."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    handed = Path(credentials, place.identity_key.name) if credentials else None
    return handed if handed and handed.exists() else place.identity_key


def _listen(place: Place) -> socket.socket:
    place.signer.parent.mkdir(parents=True, exist_ok=True)
    # Whoever finds the name must find somebody behind it, so it appears when we listen.
    early = place.signer.with_name("signer.new")
    early.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with short(early) as name:
        listener.bind(name)
    early.chmod(0o660)
    listener.listen(16)
    early.rename(place.signer)
    return listener


def _one(listener: socket.socket, identity: NoteSigner, users: Mapping[int, str], clock: Clock) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(_PATIENCE_S)
        pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in users:
            log.warning("refused: uid %d (pid %d) is nobody we certify", uid, pid)
            return
        try:
            request = connection.recv(_LIMIT_BYTES)
            said = answer(identity, request, clock=clock, boot=boot_id(), root=root_hash(), may=users[uid])
        except FormatError as error:
            log.warning("refused pid %d: %s", pid, error)
            said = {"error": str(error)}
        connection.send(json.dumps(said).encode())


def ask(place: Place, session: Session, peer: str, trust: str) -> NoteKey:
    """
    Let the signer certify `session` and return the identity's public key.

    Raises `PeerError` while the signer is away. It is waited for two seconds at most.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(_PATIENCE_S)
    with connection:
        try:
            with short(place.signer) as name:
                connection.connect(name)
            connection.send(json.dumps({"key": b64(session.public), "peer": peer, "clock": trust}).encode())
            said = json.loads(connection.recv(16_384))
            identity = NoteKey.parse(said["identity"])
            if open_certificate(said["cert"], identity).public != session.public:
                raise PeerError("the signer certified another key than ours")
        except (OSError, ValueError, KeyError, TypeError, SealError) as error:
            raise PeerError(f"the signer does not answer: {error}") from error
    session.certificate = said["cert"]
    return identity


def users_of(given: Sequence[str]) -> dict[int, str]:
    """Return who is answered, from ``USER:PEER`` each; ourselves, by any name, where nobody is given."""
    users: dict[int, str] = {}
    for text in given:
        user, _, peer = text.partition(":")
        try:
            users[pwd.getpwnam(user).pw_uid] = peer
        except KeyError as error:
            raise ConfigError([f"--for {text}: there is no user {user} on this system"]) from error
    return users or {os.getuid(): ""}


def main(data: Path, given: Sequence[str] = ()) -> int:
    """Run the signer until SIGTERM or SIGINT."""
    users = users_of(given)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    passed = passed_socket(os.environ, pid=os.getpid())
    serve(Place(data), users=users, clock=SystemClock(), stop=ours, passed=passed)
    return 0

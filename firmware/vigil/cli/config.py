"""`vigil config`: look at the configuration, check it, and set the secrets that belong to it."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import pwd
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from vigil.cli.data_dir import default_data_dir
from vigil.config.files import ConfigFiles, boot
from vigil.config.model import DEMO, SCHEMA, Camera, Config
from vigil.config.passwords import check_password
from vigil.config.read import Salvage, read_lenient, read_strict
from vigil.config.redact import without_secrets
from vigil.config.secrets import SecretFiles, hash_passphrase, hash_pin
from vigil.config.spoken import new_passphrase
from vigil.config.write import defaulted, displayed, explained, redacted
from vigil.errors import ConfigError, VigilError
from vigil.store.disk import Disk

OK, MISTAKES, CANNOT = 0, 1, 2
"""Exit codes: all is well; what was given has mistakes; the command could not be carried out."""

GUARD = "vigil-guard"
"""Who tries PINs, on the image."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `config` and its commands; each sets `run`, a function from the arguments to an exit code."""
    config = subparsers.add_parser("config", help="check and show the configuration, set PIN and password")
    commands = config.add_subparsers(metavar="COMMAND", required=True)

    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--data", metavar="DIR", type=Path, default=default_data_dir(), help="data directory (%(default)s)"
    )
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument("file", metavar="FILE", type=Path, nargs="?", help="configuration file (DIR/vigil.toml)")
    secret = argparse.ArgumentParser(add_help=False)
    secret.add_argument("--stdin", action="store_true", help="read it from the first line of standard input")

    def add(
        name: str, run: Callable[[argparse.Namespace], int], *parents: argparse.ArgumentParser, words: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=parents, help=words, description=words)
        command.set_defaults(run=run)
        return command

    add("validate", run_validate, where, file, words="say whether a file is right, or every mistake in it")
    show = add("show", run_show, where, file, words="print what is in force, defaults marked, secrets hidden")
    show.add_argument("--json", action="store_true", help="print it as JSON")
    add("default", run_default, words="print a file with every setting, its meaning, range and default")
    password = add("set-password", run_set_password, where, secret, words="seal the owner's identity under a password")
    password.add_argument("--identity", metavar="FILE", type=Path, help="age identity to seal (DIR/owner.agekey)")
    add("set-pin", run_set_pin, where, secret, words="set the PIN for arming and disarming")


def run_validate(args: argparse.Namespace) -> int:
    """Check a file as somebody who edits it wants to know."""
    path: Path = args.file or args.data / "vigil.toml"
    if args.file is None and not path.exists():
        print(f"OK: there is no {path}; the defaults hold: {_cameras(Config())}")
        return OK
    try:
        data = path.read_bytes()
    except OSError as error:
        return _cannot(f"{path} cannot be read: {error.strerror}")
    try:
        config = read_strict(data)
    except ConfigError as error:
        count = len(error.problems)
        print(f"{path}: {count} mistake{'s'[: count != 1]}", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return MISTAKES
    for note in [*read_lenient(data).notes, *_open_secrets(path, config)]:
        print(f"note: {note}", file=sys.stderr)
    print(f"OK: {_cameras(config)}{_sensors_and_rules(config)}")
    return OK


def run_show(args: argparse.Namespace) -> int:
    """Print what a recorder that starts now would go on with."""
    if args.file is None:
        salvage = boot(ConfigFiles.below(args.data), Disk().read_bytes, _write_nothing)
    else:
        try:
            salvage = read_lenient(args.file.read_bytes())
        except OSError as error:
            return _cannot(f"{args.file} cannot be read: {error.strerror}")
    if args.json:
        print(json.dumps(_as_json(salvage), indent=2, ensure_ascii=False))
    else:
        print(f"# from {salvage.taken_from.value}\n{displayed(salvage.config)}", end="")
        for note in salvage.notes:
            print(f"note: {note}", file=sys.stderr)
        for fault in salvage.faults:
            print(f"fault: {fault}", file=sys.stderr)
    return MISTAKES if salvage.faults else OK


def run_default(_args: argparse.Namespace) -> int:
    """Print the default file."""
    print(explained(Config(cameras=(DEMO,))).decode(), end="")
    return OK


def run_set_pin(args: argparse.Namespace) -> int:
    """Ask for a PIN and keep its hash; show the passphrase that sets another, and keep the hash of that."""
    try:
        pin = _ask("PIN", stdin=args.stdin)
        kept, passphrase = hash_pin(pin, os.urandom), new_passphrase(os.urandom)
        place = SecretFiles.below(args.data)
        for path, hashed in ((place.pin, kept), (place.pin_recovery, hash_passphrase(passphrase, os.urandom))):
            _keep(place, path, hashed)
        for path in (place.of_guard, place.pin, place.pin_recovery):
            _give_to(GUARD, path)
    except VigilError as error:
        return _refused(error)
    print(f"The PIN is set ({place.pin} holds its Argon2id hash).")
    print(f"Should it be forgotten, this sets a new one, once: {passphrase}")
    print("Write it down, away from the box: it is shown this one time. An earlier one is void.")
    return OK


def run_set_password(args: argparse.Namespace) -> int:
    """Seal the owner's identity under a password, as an age file that `age -d` opens too."""
    from vigil.segments import age

    identity: Path = args.identity or args.data / "owner.agekey"
    try:
        plain = Disk().read_bytes(identity)
        age.read_identities(plain.decode("ascii", errors="replace"))
        password = _ask("password", stdin=args.stdin)
        cost = check_password(password)
        sealed = age.seal_with_passphrase(plain, password, random_bytes=os.urandom)
        # An identity that cannot be opened again is lost: see it open before it is relied on.
        if age.open_with_passphrase(sealed, password) != plain:
            raise ConfigError(["the sealed identity does not open again; nothing was changed"])
        place = SecretFiles.below(args.data)
        _keep(place, place.sealed_identity, sealed)
    except VigilError as error:
        return _refused(error)
    print(f"Sealed: {place.sealed_identity}. Trying passwords like this one takes {cost}.")
    print(f"{identity} still lies there in the clear: keep it away from this machine, then delete it here.")
    return OK


def _cameras(config: Config) -> str:
    if not config.cameras:
        return "no camera, so nothing would be recorded"
    each = ", ".join(f"{camera.id} ({camera.source}, {_doing(camera)})" for camera in config.cameras)
    return f"{len(config.cameras)} camera{'s'[: len(config.cameras) != 1]}: {each}"


def _sensors_and_rules(config: Config) -> str:
    counts = ((len(config.sensors), "sensor"), (len(config.rules), "rule"))
    return "".join(f"; {number} {what}{'s'[: number != 1]}" for number, what in counts if number)


def _doing(camera: Camera) -> str:
    if not camera.enabled:
        return "not enabled"
    return camera.mode if camera.record else "privacy pause"


def _open_secrets(path: Path, config: Config) -> list[str]:
    """Say so when a file with passwords is open to everybody on this machine."""
    secret = any(without_secrets(url) != url for camera in config.cameras for url in (camera.url, camera.sub_url))
    if secret and path.stat().st_mode & stat.S_IROTH:
        return [f"{path} holds a camera's password and everybody on this machine can read it: chmod 640 {path}"]
    return []


def _as_json(salvage: Salvage) -> dict[str, object]:
    return {
        "taken_from": salvage.taken_from.name.lower(),
        "schema": SCHEMA,
        "config": redacted(salvage.config),
        "defaults": defaulted(salvage.config),
        "faults": list(salvage.faults),
        "notes": list(salvage.notes),
    }


def _ask(what: str, *, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError([f"there is no terminal to ask for the {what}: give it with --stdin"])
    first = getpass.getpass(f"New {what}: ")
    if getpass.getpass(f"The same {what} again: ") != first:
        raise ConfigError([f"the two {what}s differ; nothing was changed"])
    return first


def _keep(place: SecretFiles, path: Path, data: bytes) -> None:
    """Keep a secret as its owner's alone. The directory is passed through by whoever owns one of them."""
    disk = Disk()
    before = os.umask(0o077)
    try:
        disk.make_directory(path.parent)
        disk.replace(path, data)
        place.directory.chmod(0o711)
        for kept in (*place.directory.iterdir(), path):
            kept.chmod(0o700 if kept.is_dir() else 0o600)
    finally:
        os.umask(before)


def _give_to(user: str, path: Path) -> None:
    """Let a process of the box read what it needs, where it has a user of its own."""
    with contextlib.suppress(KeyError, PermissionError):
        os.chown(path, pwd.getpwnam(user).pw_uid, -1)


def _write_nothing(_path: Path, _data: bytes) -> None:
    """Looking at the configuration changes nothing on the disk."""


def _refused(error: VigilError) -> int:
    print(error, file=sys.stderr)
    return MISTAKES if isinstance(error, ConfigError) else CANNOT


def _cannot(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return CANNOT

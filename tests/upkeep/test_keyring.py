"""Whose signature counts: two keys during a roll-over, none that was revoked, never an authority."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from builder.publisher import make_publisher
from vigil.errors import FormatError
from vigil.upkeep.keyring import make_keyring, read_key

OLD, NEW, OWNER = (make_publisher(name, bits=2048).certificates for name in ("old", "new", "the owner"))


def authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    begin, end = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2020, 2040))
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def names(keys) -> list[str]:
    return [key.name for key in keys]


def test_every_certificate_of_every_file_counts_once():
    keyring = make_keyring([b"words\n" + OLD + NEW, OWNER, OLD, b""], [])

    assert names(keyring.trusted) == ["old", "new", "the owner"] and not keyring.revoked
    assert keyring.pem == OLD + NEW + OWNER


def test_a_key_that_is_revoked_anywhere_counts_nowhere():
    key_id = read_key(OLD).key_id

    keyring = make_keyring([OLD + NEW, OLD], ["# why\n", f"{key_id} it was stolen\n"])

    assert (names(keyring.trusted), names(keyring.revoked)) == (["new"], ["old"])
    assert keyring.pem == NEW and keyring.everybody == NEW + OLD


@pytest.mark.parametrize("line", ["# {}", "{}0", "x{}", "{:.63}"])
def test_a_line_that_is_no_key_id_revokes_nobody(line: str):
    key_id = read_key(OLD).key_id

    assert names(make_keyring([OLD], [line.format(key_id)]).trusted) == ["old"]


def test_an_authority_and_rubbish_are_no_keys_and_it_is_said():
    rubbish = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

    keyring = make_keyring([authority() + rubbish + NEW], [])

    assert names(keyring.trusted) == ["new"] and len(keyring.problems) == 2
    with pytest.raises(FormatError, match="may sign other certificates"):
        read_key(authority())

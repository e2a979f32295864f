"""Who may sign updates: the certificate that every card is built with, and the key that goes with it."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .errors import BuildError

# A box must take an update whatever its clock says, so a certificate does not end; keys are revoked instead.
BEGIN = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
DEVELOPMENT = "Vigil development: not for release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """
    `certificates`: PEM, one or more; a box takes what any of them signed. `key`: the private key of the first.

    Without a key the card is built, but no update.
    """

    certificates: bytes
    key: bytes | None

    @property
    def is_development(self) -> bool:
        """Whether this is the key that a build makes where it is given none."""
        return self.certificate.subject.rfc4514_string() == f"CN={DEVELOPMENT}"

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that belongs to the key."""
        return x509.load_pem_x509_certificate(self.certificates)

    @property
    def private(self) -> rsa.RSAPrivateKey:
        """The key itself. Raises `BuildError` if there is none, or it is another's."""
        if self.key is None:
            raise BuildError("give the publisher's private key in IMAGE_UPDATE_KEY")
        try:
            private = serialization.load_pem_private_key(self.key, None)
        except (ValueError, TypeError) as error:
            raise BuildError(f"IMAGE_UPDATE_KEY is not a private key in PEM without a password ({error})") from error
        if not isinstance(private, rsa.RSAPrivateKey):
            raise BuildError("IMAGE_UPDATE_KEY must be an RSA key: its signatures are the same bytes each time")
        if private.public_key() != self.certificate.public_key():
            raise BuildError("IMAGE_UPDATE_KEY does not belong to the first certificate of IMAGE_UPDATE_CERTIFICATES")
        return private


def make_publisher(name: str, *, bits: int = 3072) -> Publisher:
    """A new key, and a certificate for signing code that the key signed itself; good for ever."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Publisher(certificates=certificate.public_bytes(serialization.Encoding.PEM), key=key.private_bytes(*form))


def publisher_of_this_build() -> Publisher:
    """
    Who signs what is built: as IMAGE_UPDATE_CERTIFICATES and IMAGE_UPDATE_KEY say (paths of PEM files).

    Without them a development key, made once and kept beside the cache of the image. A card that was built with it
    takes updates from whoever has that key, and its name says so.

    Raises:
        BuildError: if a file is missing.
    """
    said = os.environ.get("IMAGE_UPDATE_CERTIFICATES")
    if said:
        key = os.environ.get("IMAGE_UPDATE_KEY")
        try:
            return Publisher(certificates=Path(said).read_bytes(), key=Path(key).read_bytes() if key else None)
        except OSError as error:
            raise BuildError(f"the publisher's certificate or key: {error}") from error
    place = Path(os.environ.get("VIGIL_CACHE") or Path.home() / ".cache/vigil") / "development-publisher"
    certificates, key_file = place / "certificates.pem", place / "key.pem"
    if not certificates.exists():
        made = make_publisher(DEVELOPMENT)
        place.mkdir(parents=True, exist_ok=True)
        key_file.touch(mode=0o600)
        key_file.write_bytes(made.key or b"")
        certificates.write_bytes(made.certificates)
    return Publisher(certificates=certificates.read_bytes(), key=key_file.read_bytes())

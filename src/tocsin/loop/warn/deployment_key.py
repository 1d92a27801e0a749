"""The key of the deployment, which signs what it publishes: the settings ``cap_key`` and ``cap_certificate`` read and checked.

A message is signed after the final approval, over its very bytes (CAP rules R60, R63, R68). Readers pin the certificate, which
stands at /warnings/certificate.pem; to change keys they pin old and new side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from django.conf import settings
from django.utils.translation import gettext as _

from tocsin.formats.cap import sign
from tocsin.terms.errors import BadValue

__all__ = ["DeploymentKey", "deployment_key", "sealed", "signed_envelope"]


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """Key and certificate that belong together."""

    key: RSAPrivateKey | EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate, for readers to pin."""
        return self.certificate.public_bytes(Encoding.PEM)

    def require_valid(self, now: datetime) -> None:
        """Raises BadValue where the certificate is not valid at this moment: no reader would accept the signature."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if not begins <= now <= ends:
            raise BadValue(_("certificate of this deployment"),
                           _("is valid from {begin} to {end} only").format(begin=f"{begins:%Y-%m-%d}", end=f"{ends:%Y-%m-%d}"),
                           _("ask the administrator to put a new key and certificate in force"))  # fmt: skip


def deployment_key() -> DeploymentKey | None:
    """The key in force; None where the deployment has none. Raises BadValue for files that are no such key."""
    configuration = settings.CONFIGURATION
    if not configuration.cap_key:
        return None
    return read_key(configuration.cap_key, configuration.cap_certificate)


def read_key(key_file: str, certificate_file: str) -> DeploymentKey:
    """From two PEM files, read again when they change."""
    paths = [Path(key_file), Path(certificate_file)]
    try:
        stamps = tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
    except OSError as error:
        raise _bad(f"cannot be read ({error.strerror})") from None
    return _read(str(paths[0]), str(paths[1]), stamps)


def sealed(document: bytes, *, now: datetime) -> bytes:
    """The message signed with the deployment's key; as it is where there is none. Raises BadValue."""
    found = deployment_key()
    if found is None:
        return document
    found.require_valid(now)
    return sign(document, found.key, found.certificate)


def signed_envelope(document: bytes, *, now: datetime) -> bytes | None:
    """Any other document within a CMS signature (RFC 5652, DER), which `openssl cms -verify` opens; None where the deployment
    has no key. Raises BadValue."""
    found = deployment_key()
    if found is None:
        return None
    found.require_valid(now)
    builder = PKCS7SignatureBuilder().set_data(document).add_signer(found.certificate, found.key, SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


@lru_cache(maxsize=4)
def _read(key_file: str, certificate_file: str, stamps: tuple[tuple[int, int], ...]) -> DeploymentKey:
    try:
        key = load_pem_private_key(Path(key_file).read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(Path(certificate_file).read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise _bad(f"is no PEM key or certificate ({type(error).__name__})") from None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise _bad("is neither an RSA nor an elliptic-curve key")
    if certificate.public_key() != key.public_key():
        raise _bad("is not the key of the certificate")
    return DeploymentKey(key, certificate)


def _bad(rule: str) -> BadValue:
    return BadValue("settings cap_key and cap_certificate", rule, "make a pair with `tocsin cap new-key`")

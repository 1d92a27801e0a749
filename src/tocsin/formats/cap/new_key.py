"""A key and a self-signed certificate for an office that has no authority to ask (elliptic curve P-256, RFC 5280)."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tocsin.terms.errors import BadValue

__all__ = ["new_pair"]


def new_pair(name: str, *, days: int, at: datetime) -> tuple[bytes, bytes]:
    """Key and certificate as PEM; ``name`` is its common name (at most 64 characters), valid from ``at`` on. Raises
    BadValue for a name that a certificate cannot carry."""
    if not 1 <= len(name) <= 64:
        raise BadValue("name", "has no characters or more than 64", "give a shorter name")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, certificate.public_bytes(Encoding.PEM)

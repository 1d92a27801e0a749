"""A certificate that we have registered for a sender: the only thing that makes a signature worth something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.terms.errors import BadForm, BadValue

__all__ = ["Pin"]


@dataclass(frozen=True, slots=True)
class Pin:
    """``certificate`` signs itself, or, where ``subject`` is given, is an authority that issues to that name directly: then
    a certificate enclosed in a message counts only if this authority issued it to exactly that common name."""

    certificate: x509.Certificate
    subject: str = ""

    @classmethod
    def of(cls, data: bytes, subject: str = "") -> Pin:
        """From PEM or DER. Raises BadForm where it is no certificate, BadValue where ``subject`` is given and the certificate
        is no authority."""
        try:
            pem = b"-----BEGIN CERTIFICATE-----" in data
            certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        except ValueError as error:
            raise BadForm("certificate", f"it is no X.509 certificate ({error})"[:200], "give PEM or DER") from None
        if subject and not _is_authority(certificate):
            raise BadValue(
                "certificate", "it is no authority", "leave the subject out, or pin the authority's certificate"
            )
        return cls(certificate, subject)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in hex: its name in a report."""
        return self.certificate.fingerprint(SHA256()).hex()

    def signer(self, enclosed: Iterable[x509.Certificate], at: datetime) -> x509.Certificate | None:
        """The certificate whose key must have signed. For an authority: the enclosed one that it issued to the subject."""
        if not self.subject:
            return self.certificate
        return next((one for one in enclosed if self._issued(one)), None) if _covers(self.certificate, at) else None

    def _issued(self, leaf: x509.Certificate) -> bool:
        try:
            leaf.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return [name.value for name in names] == [self.subject] and not _is_authority(leaf)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _covers(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc

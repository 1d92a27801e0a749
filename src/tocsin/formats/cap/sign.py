"""Signing a message: an enveloped XML signature as the last child of ``alert``, over the whole document (R60).

Sign after the final approval and keep the bytes: any change, a space included, breaks the signature (R63, R68).
"""

from __future__ import annotations

from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from tocsin.formats.cap.hardened import parse_xml
from tocsin.formats.cap.schema import DSIG
from tocsin.terms.errors import BadForm, BadValue

__all__ = ["SigningKey", "sign"]

SigningKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey


def sign(data: bytes, key: SigningKey, certificate: x509.Certificate) -> bytes:
    """The bytes of ``write`` with a signature (SHA-256, exclusive canonical form) and the certificate enclosed. Raises
    BadValue where the certificate is not that of the key, BadForm where the message is signed already."""
    if certificate.public_key() != key.public_key():
        raise BadValue("certificate", "it is not that of the key", "give the certificate that belongs to the key")
    root = parse_xml(data)
    if root.find(f".//{{{DSIG}}}Signature") is not None:
        raise BadForm("CAP message", "R67: it is signed already", "sign the message as written")
    method = SignatureMethod.RSA_SHA256 if isinstance(key, RSAPrivateKey) else SignatureMethod.ECDSA_SHA256
    signer = XMLSigner(
        signature_algorithm=method, digest_algorithm="sha256",
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )  # fmt: skip
    signed = signer.sign(root, key=key, cert=[certificate])
    made: bytes = etree.tostring(signed, encoding="UTF-8", xml_declaration=True)
    return made + b"\n"

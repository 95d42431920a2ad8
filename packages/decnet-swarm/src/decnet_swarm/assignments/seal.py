# SPDX-License-Identifier: MIT
"""A signed assignment: made with the listener's identity, verified with the certificate of the fleet's authority.

Only for short-lived programs: it needs `cryptography`.
"""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from decnet_core.deckies.orders import Assignment
from decnet_swarm.assignments.envelope import Envelope, assignment_in
from decnet_swarm.errors import SwarmError
from decnet_swarm.pki import authority
from decnet_swarm.pki.names import Role

_PURPOSE = b"decnet assignment of deckies 1\0"
"""Signed with it, so that no other signature of that key can be taken for one of an assignment."""


class BadSealError(SwarmError, ValueError):
    """The assignment is not this fleet's, or not for this sensor; the message says why."""


def sign(content: bytes, identity: bytes) -> Envelope:
    """Return `content`, signed with the listener's key and certificate in `identity` (PEM); raises ValueError."""
    key, certificate = authority.read_key(identity), x509.load_pem_x509_certificate(identity)
    signature = key.sign(_PURPOSE + content, ec.ECDSA(hashes.SHA256()))
    return Envelope(content, authority.certificate_pem(certificate).decode("ascii"), signature)


def verified(envelope: Envelope, root: bytes, sensor: str) -> Assignment:
    """Return what is signed for `sensor`; `root` is the authority's certificate (PEM). Raises BadSealError.

    That the listener's certificate has expired since is no reason: what was signed is kept for longer.
    """
    try:
        above = x509.load_pem_x509_certificate(root)
        certificate = x509.load_pem_x509_certificate(envelope.certificate.encode())
        certificate.verify_directly_issued_by(above)
        key = certificate.public_key()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        roles = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise BadSealError("it was not signed by a listener of the fleet that this host enrolled with") from error
    if Role.LISTENER.uri not in roles or not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadSealError("it was signed by somebody who is no listener")
    try:
        key.verify(envelope.signature, _PURPOSE + envelope.content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BadSealError("it was changed after it was signed") from error
    found = assignment_in(envelope.content)
    if found is None:
        raise BadSealError("it is of another version of DECNET")
    if found.sensor != sensor:
        raise BadSealError(f"it is for another sensor, {found.sensor}")
    return found

"""Lines that one recipient opens and nobody else: each a JWE of its own (RFC 7516), to a public key of theirs."""

from collections.abc import Callable
from typing import Any

from jwcrypto import jwe, jwk
from jwcrypto.common import JWException

from ciam_portal.core import base64url

_ALGORITHMS = {"EC": "ECDH-ES+A256KW", "RSA": "RSA-OAEP-256"}
_SHORTEST_RSA = 3072
_CONTENT = "A256GCM"


class UnusableKey(ValueError):
    """It seals, or opens, nothing here; says why in one sentence."""


class Closed(ValueError):
    """This key does not open it."""


def key(pem: bytes) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """A key of a PEM file: an elliptic curve's, or RSA's of 3072 bits or more. Raises UnusableKey."""
    try:
        found = jwk.JWK.from_pem(pem)
    except (JWException, ValueError, TypeError):
        raise UnusableKey("This is no key in PEM form.") from None
    if found["kty"] not in _ALGORITHMS:
        raise UnusableKey("This key is neither an elliptic curve's nor RSA's.")
    if found["kty"] == "RSA" and found.get_op_key("encrypt").key_size < _SHORTEST_RSA:
        raise UnusableKey(f"An RSA key has at least {_SHORTEST_RSA} bits here.")
    return found


def public(pem: bytes) -> Any:  # noqa: ANN401  (as above)
    """The key of whoever is to open it. Raises UnusableKey, for a private one too: it belongs nowhere but to them."""
    found = key(pem)
    if found.has_private:
        raise UnusableKey("This is a private key: give the recipient's public one.")
    return found


def sealed(plain: bytes, recipient: Any) -> bytes:  # noqa: ANN401  (as above)
    """What only ``recipient`` opens."""
    header = {"alg": _ALGORITHMS[recipient["kty"]], "enc": _CONTENT, "kid": recipient.thumbprint()}
    made = jwe.JWE(plain, protected=header, recipient=recipient)
    return bytes(made.serialize(compact=True), "ascii")


def opener(private: Any) -> Callable[[bytes], bytes]:  # noqa: ANN401  (as above)
    """Opens what was sealed for this key. Raises Closed."""
    algorithms = [_ALGORITHMS[private["kty"]], _CONTENT]

    def opened(text: bytes) -> bytes:
        found = jwe.JWE(algs=algorithms)
        try:
            found.deserialize(text.decode("ascii").strip())
            decrypt(found, private)
        except (JWException, ValueError, TypeError):
            raise Closed from None
        return bytes(found.payload)

    return opened


def decrypt(token: jwe.JWE, private: Any) -> None:  # noqa: ANN401  (as above)
    """Open it, in place. Raises JWException, ValueError or TypeError."""
    header = token.jose_header
    if not isinstance(header, dict):  # for several recipients
        raise TypeError
    if "generate" in header.get("epk", ()):  # the library would make a key of any size
        raise ValueError
    token.decrypt(private)


def digest_of(found: Any) -> str:  # noqa: ANN401  (as above)
    """The key's SHA-256 thumbprint (RFC 7638), in hexadecimal digits: the same of both halves."""
    return base64url.decode(found.thumbprint()).hex()

"""Reading the environment: every value has one sentence that says what to set when it is missing or unsafe."""

import base64
import binascii
import re
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import environ
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
_SECRET_LENGTH = 50
_LEAST_DIFFERENT = 16  # bytes in a key: of 32 random ones, fewer never happens


def refuse(sentence: str) -> NoReturn:
    """Stop the start."""
    raise ImproperlyConfigured(sentence)


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """How people reach the help desk, as pages and mails say it."""

    email: str
    phone: str
    hours: str

    @property
    def dialed(self) -> str:
        """The phone number as a link dials it."""
        return re.sub(r"[^+\d]", "", self.phone)


@dataclass(frozen=True, slots=True)
class Environment:
    """The process environment, read once by settings. ``production`` unless CIAM_ENVIRONMENT says ``development``."""

    env: environ.Env
    production: bool

    @classmethod
    def read(cls) -> "Environment":
        """Look at CIAM_ENVIRONMENT first: it decides how strict the rest is."""
        env = environ.Env()
        name = env.str("CIAM_ENVIRONMENT", "production")
        if name not in {"production", "development"}:
            refuse("CIAM_ENVIRONMENT must be 'production' or 'development'.")
        return cls(env, name == "production")

    def text(self, name: str, what: str) -> str:
        """A value that must be there."""
        value: str = self.env.str(name, "")
        return value or refuse(f"{name} is not set: {what}")

    def public_url(self) -> str:
        """PUBLIC_URL without a trailing slash: https, or plain http to localhost in development."""
        url = self.text("PUBLIC_URL", "the address customers see, such as https://id.example.com").rstrip("/")
        parts = urlsplit(url)
        local = not self.production and parts.hostname in {"localhost", "127.0.0.1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            refuse("PUBLIC_URL must begin with https:// (plain http only to localhost, in development).")
        if not parts.hostname or parts.path or parts.query:
            refuse("PUBLIC_URL must be scheme and host only, such as https://id.example.com.")
        return url

    def help_desk(self) -> HelpDesk:
        """How people reach the help desk. Production must say it: pages and mails send people there."""
        examples = {
            "HELP_DESK_EMAIL": "help@example.com",
            "HELP_DESK_PHONE": "+47 22 85 50 50",
            "HELP_DESK_HOURS": "Monday to Friday, 9 to 17",
        }
        email, phone, hours = (
            self.env.str(name, "" if self.production else such).strip() or refuse(f"{name} is not set, such as {such}")
            for name, such in examples.items()
        )
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            refuse("HELP_DESK_EMAIL must be a mail address, such as help@example.com.")
        if not re.fullmatch(r"\+?[\d ()/.-]{3,30}", phone):
            refuse("HELP_DESK_PHONE must be a phone number, such as +47 22 85 50 50.")
        return HelpDesk(email, phone, hours)

    def page(self, name: str) -> str:
        """The address of a page of the business; nothing if it is not set."""
        url: str = self.env.str(name, "")
        if url and not (urlsplit(url).scheme == "https" and urlsplit(url).hostname):
            refuse(f"{name} must be the address of a page, such as https://www.example.com/page.")
        return url

    def staff_url(self, public_url: str) -> str:
        """STAFF_URL without a trailing slash; PUBLIC_URL's where the staff site has no host of its own.

        It must lie below PUBLIC_URL's host, because passkeys work there and nowhere else.
        """
        url: str = self.env.str("STAFF_URL", "").rstrip("/") or public_url
        parts, public = urlsplit(url), urlsplit(public_url)
        below = (parts.hostname or "").endswith(f".{public.hostname}") and parts.scheme == public.scheme
        if url != public_url and (not below or parts.path or parts.query):
            refuse(f"STAFF_URL must be a host below PUBLIC_URL's, such as {public.scheme}://staff.{public.hostname}.")
        return url

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Comma-separated networks, such as 192.0.2.0/24; none if it is not set."""
        try:
            return [ip_network(text.strip()) for text in self.env.list(name, default=[]) if text.strip()]
        except ValueError:
            refuse(f"{name} must be comma-separated networks, such as 192.0.2.0/24,2001:db8::/48.")

    def secret_keys(self) -> tuple[str, list[str]]:
        """SECRET_KEY, and SECRET_KEY_FALLBACKS (comma-separated) while rotating."""
        first = self.text("SECRET_KEY", f"a random text of at least {_SECRET_LENGTH} characters")
        others: list[str] = [key for key in self.env.list("SECRET_KEY_FALLBACKS", default=[]) if key]
        for key in (first, *others):
            if len(key) < _SECRET_LENGTH or len(set(key)) < 10 or key.startswith("django-insecure"):  # noqa: PLR2004
                refuse(f"SECRET_KEY is too weak: set a random text of at least {_SECRET_LENGTH} characters.")
        return first, others

    def keys(self, name: str, what: str) -> list[bytes]:
        """Comma-separated base64url keys of 32 bytes."""
        return [self._key(name, text.strip(), what) for text in self.text(name, what).split(",")]

    def digest_keys(self) -> list[bytes]:
        """DIGEST_KEYS: the same; after the first may stand ``text:`` and a text, as SECRET_KEY made digests before."""
        name, what = "DIGEST_KEYS", "keys behind digests and pseudonyms; the first makes them, all are known again"
        first, *former = self.text(name, what).split(",")
        known = [text.strip().removeprefix("text:").encode() if text.strip().startswith("text:")
                 else self._key(name, text.strip(), what) for text in former]  # fmt: skip
        return [self._key(name, first.strip(), what), *known]

    @staticmethod
    def _key(name: str, text: str, what: str) -> bytes:
        try:
            key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (ValueError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            refuse(f"{name} must be base64url text of {KEY_BYTES} random bytes: {what}")
        if len(set(key)) < _LEAST_DIFFERENT:
            refuse(f"{name} must be random bytes, which these are not: {what}")
        return key

    def signing_keys(self) -> list[bytes]:
        """The PEM files that OIDC_SIGNING_KEYS names (comma-separated): P-256 private keys; the first one signs."""
        what = "comma-separated paths of PEM files with EC P-256 private keys; the first one signs"
        found = []
        for path in self.text("OIDC_SIGNING_KEYS", what).split(","):
            try:
                pem = Path(path.strip()).read_bytes()
                key = load_pem_private_key(pem, password=None)
            except (OSError, ValueError, TypeError):
                refuse(f"OIDC_SIGNING_KEYS: {path.strip()} is no readable PEM private key. Set {what}.")
            if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
                refuse(f"OIDC_SIGNING_KEYS: {path.strip()} is no P-256 key. Set {what}.")
            found.append(pem)
        return found

    def proxies(self) -> int:
        """TRUSTED_PROXY_COUNT: how many proxies of your own stand in front (0..5). Production must say it."""
        text = self.env.str("TRUSTED_PROXY_COUNT", "" if self.production else "0")
        if not re.fullmatch(r"[0-5]", text):
            refuse("TRUSTED_PROXY_COUNT is not set: the number of your own proxies in front of the portal, 0 to 5.")
        return int(text)

    @property
    def migrates(self) -> bool:
        """Whether this process is ``manage.py migrate``."""
        return sys.argv[1:2] == ["migrate"]

    def databases(self) -> tuple[str, str]:
        """The database's address for this process, and the address that the portal itself runs with.

        DATABASE_URL for both; ``manage.py migrate`` (and development's tests) connect as the role that owns the tables.
        """
        portal = self.text("DATABASE_URL", "a PostgreSQL address, postgres://user:pass@host/db")
        if not self.migrates and (self.production or not self.env.bool("CIAM_AS_OWNER", False)):
            return portal, portal
        what = "the same database, as the role that owns its tables; only manage.py migrate needs it"
        return self.text("DATABASE_OWNER_URL", what), portal

    def shared_service(self, name: str, what: str) -> str:
        """A redis:// or rediss:// address."""
        url = self.text(name, what)
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            refuse(f"{name} must begin with redis:// or rediss://: {what}")
        return url

"""Reading the environment: every value has one sentence that says what to set when it is missing or unsafe."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

from accounts.upstream import shapes as upstreams
from ciam_portal.core.policy.catalogue import Row
from ciam_portal.environment.keys import Secrets
from ciam_portal.environment.reading import is_https, noted, plainly, refuse, split
from ciam_portal.gateway import shapes
from ciam_portal.oauth.scopes import opening

__all__ = ["Environment", "HelpDesk", "plainly"]
_CHANNELS = "ciam_portal.core.outbox.channels"
_HERE = {"localhost", "127.0.0.1", "::1"}
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


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
class Environment(Secrets):
    """All that settings ask for."""

    @noted("https://id.invalid")
    def public_url(self) -> str:
        """PUBLIC_URL without a trailing slash: https, or plain http to localhost in development."""
        url = self.text("PUBLIC_URL", "the address customers see, such as https://id.example.com").rstrip("/")
        parts = split("PUBLIC_URL", url)
        local = not self.production and parts.hostname in _HERE
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            refuse("PUBLIC_URL must begin with https:// (plain http only to localhost, in development).")
        if not parts.hostname or parts.path or parts.query:
            refuse("PUBLIC_URL must be scheme and host only, such as https://id.example.com.")
        return url

    @noted(HelpDesk("", "", ""))
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

    @noted("")
    def page(self, name: str) -> str:
        """The address of a page of the business; nothing if it is not set."""
        url: str = self.env.str(name, "")
        if url and not is_https(name, url):
            refuse(f"{name} must be the address of a page, such as https://www.example.com/page.")
        return url

    @noted("https://staff.id.invalid")
    def staff_url(self, public_url: str) -> str:
        """STAFF_URL without a trailing slash; PUBLIC_URL's where the staff site has no host of its own.

        It must lie below PUBLIC_URL's host, because passkeys work there and nowhere else.
        """
        url: str = self.env.str("STAFF_URL", "").rstrip("/") or public_url
        parts, public = split("STAFF_URL", url), urlsplit(public_url)
        below = (parts.hostname or "").endswith(f".{public.hostname}") and parts.scheme == public.scheme
        if url != public_url and (not below or parts.path or parts.query):
            refuse(f"STAFF_URL must be a host below PUBLIC_URL's, such as {public.scheme}://staff.{public.hostname}.")
        return url

    @noted(([], {}))
    def gateway(self, actions: Mapping[str, Row], public_url: str) -> tuple[list[str], dict[str, shapes.App]]:
        """GATEWAY_KEYS and the applications that the file GATEWAY_ROUTES names; none of either if it is not set."""
        path = self.env.str("GATEWAY_ROUTES", "")
        if not path:
            return [], {}
        keys = self.texts_of_keys("GATEWAY_KEYS", "keys that your proxies show; all of them are known")
        secure = public_url.startswith("https://")
        try:
            return keys, shapes.read(path, actions, opening(), portal=public_url, secure=secure)
        except shapes.UnusableRoutes as error:
            refuse(str(error))

    @noted({})
    def upstreams(self) -> dict[str, upstreams.Upstream]:
        """The services that the file UPSTREAMS names, with which customers may sign in; none if it is not set."""
        path = self.env.str("UPSTREAMS", "")
        try:
            return upstreams.read(path, production=self.production) if path else {}
        except upstreams.UnusableUpstreams as error:
            refuse(str(error))

    @noted([])
    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Comma-separated networks, such as 192.0.2.0/24; none if it is not set."""
        try:
            return [ip_network(text.strip()) for text in self.env.list(name, default=[]) if text.strip()]
        except ValueError:
            refuse(f"{name} must be comma-separated networks, such as 192.0.2.0/24,2001:db8::/48.")

    @noted(0)
    def proxies(self) -> int:
        """TRUSTED_PROXY_COUNT: how many proxies of your own stand in front (0..5). Production must say it.

        Or TRUSTED_PROXIES: their networks (``networks``), in place of their number.
        """
        named = bool(self.env.str("TRUSTED_PROXIES", ""))
        text = self.env.str("TRUSTED_PROXY_COUNT", "" if self.production and not named else "0")
        if named and self.env.str("TRUSTED_PROXY_COUNT", "") not in {"", "0"}:
            refuse("TRUSTED_PROXY_COUNT and TRUSTED_PROXIES are both set: say how many proxies there are, or where.")
        if not re.fullmatch(r"[0-5]", text):
            refuse("TRUSTED_PROXY_COUNT is not set: the number of your own proxies in front of the portal, 0 to 5.")
        return int(text)

    @property
    def migrates(self) -> bool:
        """Whether this process is ``manage.py migrate``."""
        return sys.argv[1:2] == ["migrate"]

    @noted(({}, ""))
    def database(self) -> tuple[dict[str, Any], str]:
        """The database of this process as Django wants it, and the role that the portal itself runs with.

        DATABASE_URL for both; ``manage.py migrate`` (and development's tests) connect as the role that owns the tables.
        """
        portal = self.text("DATABASE_URL", "a PostgreSQL address, postgres://user:pass@host/db")
        if not self.migrates and (self.production or not self.env.bool("CIAM_AS_OWNER", False)):
            return self._database("DATABASE_URL", portal), str(self._database("DATABASE_URL", portal)["USER"])
        what = "the same database, as the role that owns its tables; only manage.py migrate needs it"
        owner = self._database("DATABASE_OWNER_URL", self.text("DATABASE_OWNER_URL", what))
        return owner, str(self._database("DATABASE_URL", portal)["USER"])

    def _database(self, name: str, url: str) -> dict[str, Any]:
        if split(name, url).scheme not in {"postgres", "postgresql"}:
            refuse(f"{name} must be a PostgreSQL address: postgres://user:password@host:5432/database.")
        found: dict[str, Any] = self.env.db_url_config(url)
        if not found["NAME"]:
            refuse(f"{name} names no database: postgres://user:password@host:5432/database.")
        return found

    @noted("redis://")
    def shared_service(self, name: str, what: str) -> str:
        """A redis:// or rediss:// address."""
        url = self.text(name, what)
        parts = split(name, url)
        if parts.scheme not in {"redis", "rediss", "unix"}:
            refuse(f"{name} must begin with redis:// or rediss://: {what}")
        if self.production and parts.scheme == "redis" and parts.hostname not in _HERE and not parts.password:
            refuse(
                f"{name} needs a password, redis://:password@host: otherwise whoever reaches that server takes part."
            )
        return url

    @noted({})
    def mail(self) -> dict[str, Any]:
        """EMAIL_URL as Django wants it: a server, or in development a folder."""
        such = "smtp+tls://user:password@host:587"
        url = self.text("EMAIL_URL", f"{such} (or file:///folder in development)")
        parts = split("EMAIL_URL", url)
        if parts.scheme == "file" and not self.production:
            return {"EMAIL_BACKEND": f"{_CHANNELS}.MailFiles", "MAIL_DIR": unquote(parts.path)}
        if parts.scheme not in {"smtp", "smtp+tls", "smtps", "smtp+ssl"} or not parts.hostname:
            refuse(f"EMAIL_URL must be an SMTP address in production, such as {such}.")
        if self.production and parts.scheme == "smtp" and parts.hostname not in _HERE:
            refuse(f"EMAIL_URL must be encrypted, such as {such}: plain smtp:// only to this very machine.")
        found: dict[str, Any] = self.env.email_url_config(url)
        return found | {"EMAIL_BACKEND": f"{_CHANNELS}.Smtp"}

    @noted({})
    def text_messages(self) -> dict[str, Any]:
        """Who carries text messages: a class (SMS_CARRIER), a gateway or development's folder (SMS_URL), or nobody."""
        carrier, url = self.env.str("SMS_CARRIER", ""), self.env.str("SMS_URL", "")
        if carrier:
            return {"SMS_CARRIER": carrier}
        if not url:
            return {}
        parts = split("SMS_URL", url)
        if parts.scheme == "file":
            if self.production:
                refuse("SMS_URL must be the https:// address of a gateway in production: files are for development.")
            return {"SMS_CARRIER": f"{_CHANNELS}.SmsFiles", "SMS_DIR": unquote(parts.path)}
        local = not self.production and parts.scheme == "http" and parts.hostname in _HERE
        if not is_https("SMS_URL", url) and not local:
            refuse("SMS_URL must begin with https://: the address of a gateway that takes JSON.")
        what = "what the gateway asks for in the header Authorization, such as Bearer …"
        body = self._body(self.env.str("SMS_BODY", '{"to": "{to}", "text": "{text}"}'))
        authorization = self.text("SMS_AUTHORIZATION", what)
        found = {"SMS_URL": url, "SMS_AUTHORIZATION": authorization, "SMS_BODY": body}
        return found | {"SMS_CARRIER": f"{_CHANNELS}.SmsGateway"}

    @staticmethod
    def _body(text: str) -> dict[str, Any]:
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict) or "{to}" not in text or "{text}" not in text:
            refuse(
                'SMS_BODY must be a JSON object that says {to} and {text}, such as {"to": "{to}", "text": "{text}"}.'
            )
        return body

    @noted("")
    def range_service(self) -> str:
        """PASSWORD_RANGE_URL: https; nothing if it is not set."""
        url: str = self.env.str("PASSWORD_RANGE_URL", "")
        if url and not is_https("PASSWORD_RANGE_URL", url):
            refuse(
                "PASSWORD_RANGE_URL must be the address of a range service, such as https://ranges.example.com/range."
            )
        return url

    @noted("INFO")
    def log_level(self) -> str:
        """LOG_LEVEL: from which level on lines are written."""
        level: str = self.env.str("LOG_LEVEL", "INFO")
        return level if level in _LOG_LEVELS else refuse(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}.")

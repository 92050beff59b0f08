"""``manage.py keys``: show the keys that sign, have the next one made, revoke one in an emergency."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import rings
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.models import SigningKey
from ciam_portal.oauth.signing import flows
from ciam_portal.oauth.signing.models import Use


class Command(BaseCommand):
    """Says what they are called and what they do; a key is shown to nobody."""

    help = "Show the keys that sign, have the next one made now, or revoke one that others may know."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("show", help="every key that others may meet, and what it does")
        rotate = verbs.add_parser("rotate", help="make the next key now; it signs once partners have seen it")
        rotate.add_argument("algorithm", nargs="?", choices=jwts.OURS, default=jwts.ES256)
        rotate.add_argument("--use", choices=Use.values, default=Use.TOKENS, help="for what it signs (tokens)")
        revoke = verbs.add_parser("revoke", help="at once: it signs nothing more, and nothing signed with it counts")
        revoke.add_argument("kid", help="as show names it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        at, by = clock.now(), Actor.system()
        if options["verb"] == "rotate":
            ahead = timedelta(hours=limits.current().oauth.signing_key_ahead_hours)
            algorithm, use = options["algorithm"], Use(options["use"])
            first = not SigningKey.objects.standing(algorithm, use).exists()
            flows.make(algorithm, at if first else at + ahead, use, by=by, at=at)
        elif options["verb"] == "revoke":
            self._revoke(options["kid"], by, at)
        for line in _shown(at):
            self.stdout.write(line)

    def _revoke(self, kid: str, by: Actor, at: datetime) -> None:
        if kid in rings.names("OIDC_SIGNING_KEYS"):
            raise CommandError("The environment gives this key: take it out of OIDC_SIGNING_KEYS (README, Keys).")
        try:
            flows.revoke(kid, by=by, at=at)
        except SigningKey.DoesNotExist:
            raise CommandError(f"No key is called {kid!r}. See: manage.py keys show") from None


def _shown(at: datetime) -> list[str]:
    keys.forget()
    given = [kid for kid in rings.names("OIDC_SIGNING_KEYS") if kid != rings.PORTAL.decode()]
    lines = [f"{jwts.ES256}  {kid}  {_does(jwts.ES256, kid)} (the environment's)" for kid in given]
    for key in SigningKey.objects.published(at).order_by("-use", "algorithm", "signs_from"):
        does = _does(key.algorithm, key.kid, Use(key.use))
        if key.ends_at is not None:
            does = f"has signed; published until {key.ends_at:%Y-%m-%d %H:%M %Z}"
        elif key.signs_from > at:
            does = f"waits; signs from {key.signs_from:%Y-%m-%d %H:%M %Z}"
        what = "" if key.use == Use.TOKENS else f" ({key.use})"
        lines.append(f"{key.algorithm}  {key.kid}  {does}{what}")
    return lines


def _does(algorithm: str, kid: str, use: Use = Use.TOKENS) -> str:
    return "signs" if keys.signing_key(algorithm, use).thumbprint() == kid else "is published"

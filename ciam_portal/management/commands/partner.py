"""``manage.py partner``: add a partner application, replace its secret, say what it may ask, switch it, list all."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import partners
from ciam_portal.oauth.models import Partner


class Command(BaseCommand):
    """Partners are managed here; a secret is printed once and kept nowhere."""

    help = "Add a partner application, replace its secret, switch it off or on, or list all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add one; prints its id and secret")
        add.add_argument("name", help="the name customers see")
        add.add_argument("--redirect-uri", action="append", default=[], help="exact; may be given several times")
        add.add_argument("--post-logout-redirect-uri", action="append", default=[], help="exact; several times")
        add.add_argument("--scope", action="append", default=[], help="the most it may ask for; several times")
        add.add_argument("--purpose", default="", help="one plain sentence for customers")
        add.add_argument("--homepage", default="", help="address of its home page")
        add.add_argument("--sector", default="", help="host for pairwise subjects, if redirect URIs differ in host")
        add.add_argument("--public", action="store_true", help="runs where it can keep no secret (browser, phone)")
        add.add_argument("--public-subjects", action="store_true", help="the same subject as at other such partners")
        add.add_argument("--machine", action="store_true", help="acts for itself (client credentials), no customers")
        add.add_argument("--resource-server", action="store_true", help="may introspect tokens issued to others")
        add.add_argument(
            "--decision-action", action="append", default=[], help="of the policy file, partner.NAME; several times"
        )
        verbs.add_parser("list", help="list all")
        ask = verbs.add_parser(
            "decisions", help="which actions of its own it may ask decisions about; none: it may not"
        )
        ask.add_argument("client_id")
        ask.add_argument("--decision-action", action="append", default=[], help="partner.NAME; several times")
        for verb in ("secret", "disable", "enable"):
            verbs.add_parser(verb).add_argument("client_id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        verb, by, at = options["verb"], Actor.system(), clock.now()
        try:
            if verb == "add":
                partner, secret = partners.register(_profile(options), by=by, at=at)
                self._show(partner, secret)
            elif verb == "list":
                for partner in Partner.objects.order_by("name"):
                    self.stdout.write(f"{partner.client_id}  {'on ' if partner.is_enabled else 'off'}  {partner.name}")
            elif verb == "decisions":
                partner = self._find(options["client_id"])
                partners.let_ask(partner, tuple(options["decision_action"]), by=by, at=at)
                self.stdout.write(f"{partner.name}: {', '.join(options['decision_action']) or 'none'}")
            elif verb == "secret":
                partner = self._find(options["client_id"])
                self._show(partner, partners.replace_secret(partner, by=by, at=at))
            else:
                partner = self._find(options["client_id"])
                partners.switch(partner, by=by, at=at, on=verb == "enable")
                self.stdout.write(f"{partner.name}: {verb}d")
        except partners.Unacceptable as error:
            raise CommandError(str(error)) from error

    def _find(self, client_id: str) -> Partner:
        found = Partner.objects.filter(client_id=client_id).first()
        if found is None:
            raise CommandError(f"No partner has the id {client_id!r}. See: manage.py partner list")
        return found

    def _show(self, partner: Partner, secret: str) -> None:
        self.stdout.write(f"client_id={partner.client_id}")
        if secret:
            self.stdout.write(f"client_secret={secret}")
            self.stderr.write("The secret is shown this once and kept nowhere.")


def _profile(options: dict[str, Any]) -> partners.Profile:
    scopes = tuple(options["scope"]) or (() if options["machine"] else ("openid",))
    return partners.Profile(
        name=options["name"],
        redirect_uris=tuple(options["redirect_uri"]),
        post_logout_redirect_uris=tuple(options["post_logout_redirect_uri"]),
        scopes=scopes,
        purpose=options["purpose"],
        homepage_url=options["homepage"],
        sector=options["sector"],
        public=options["public"],
        public_subjects=options["public_subjects"],
        machine=options["machine"],
        resource_server=options["resource_server"],
        decision_actions=tuple(options["decision_action"]),
    )

"""``manage.py partner``: add a partner application, replace its secret or keys, say what it may ask, switch it."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth import agents, details, jwts, partners
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.credentials.flows import Shown
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind, Profile
from consent.data_use import flows as services

_USES = "purpose that it may use data for, as a service of the business; several times"


class Command(BaseCommand):
    """Partners are managed here; a secret is printed once and kept nowhere."""

    help = "Add a partner application, replace its secret or keys, switch it off or on, or list all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add one; prints its id and secret")
        add.add_argument("name", help="the name customers see")
        add.add_argument("--owner", required=True, help="address of the account here that answers for it")
        add.add_argument("--contact", default="", help="an address of those who run it")
        add.add_argument(
            "--environment", type=Environment, choices=list(Environment), default=Environment.PRODUCTION,
            help="sandbox: hosts for trials, its owner alone signs in",
        )  # fmt: skip
        add.add_argument("--profile", type=Profile, choices=list(Profile), default=Profile.STANDARD, help="its kind")
        add.add_argument("--jwks", type=Path, help="a file with its public keys; then it has no secret")
        add.add_argument("--jwks-uri", default="", help="or the address where it publishes them")
        add.add_argument("--backchannel-logout-uri", default="", help="where it hears that a session is over")
        add.add_argument(
            "--notification-endpoint", default="", help="of an agent: where it hears that its customer answered (CIBA)"
        )
        add.add_argument("--redirect-uri", action="append", default=[], help="exact; may be given several times")
        add.add_argument("--post-logout-redirect-uri", action="append", default=[], help="exact; several times")
        add.add_argument("--scope", action="append", default=[], help="the most it may ask for; several times")
        add.add_argument("--exchange", action="store_true", help="may exchange tokens (RFC 8693)")
        add.add_argument("--delegates", action="store_true", help="customers may act for others in it")
        add.add_argument("--maker", default="", help="of an agent: who makes it, in words that customers know")
        add.add_argument(
            "--action", action="append", default=[], help="of an agent: the most it may be let do; several"
        )
        add.add_argument("--purpose", required=True, help="one plain sentence for customers")
        add.add_argument("--homepage", default="", help="address of its home page")
        add.add_argument("--sector", default="", help="host for pairwise subjects, if redirect URIs differ in host")
        add.add_argument(
            "--id-token-alg", dest="algorithm", choices=jwts.OURS, default=jwts.ES256, help="what we sign for it with"
        )
        add.add_argument("--public-subjects", action="store_true", help="the same subject as at other such partners")
        add.add_argument(
            "--decision-action", action="append", default=[], help="of the policy file, partner.NAME; several times"
        )
        add.add_argument("--data-purpose", action="append", default=[], help=_USES)
        add.add_argument(
            "--authorization-details-type",
            action="append",
            default=[],
            choices=list(details.REGISTERED),
            help="what it may ask customers to approve each time (RFC 9396); several times",
        )
        verbs.add_parser("list", help="list all")
        ask = verbs.add_parser(
            "decisions", help="which actions of its own it may ask decisions about; none: it may not"
        )
        ask.add_argument("client_id")
        ask.add_argument("--decision-action", action="append", default=[], help="partner.NAME; several times")
        lets = verbs.add_parser("delegates", help="whether customers may act for others in it")
        lets.add_argument("client_id")
        lets.add_argument("do", choices=["on", "off"])
        uses = verbs.add_parser("purposes", help="for which purposes it may use data, as a service; none: it may not")
        uses.add_argument("client_id")
        uses.add_argument("--data-purpose", action="append", default=[], help=_USES)
        act = verbs.add_parser("actions", help="the most that customers may let an agent do; none: it only reads")
        act.add_argument("client_id")
        act.add_argument("--action", action="append", default=[], help="partner.NAME; several times")
        own = verbs.add_parser("own", help="who answers for it from now on")
        own.add_argument("client_id")
        own.add_argument("owner", help="address of an account here")
        own.add_argument("--contact", default="", help="an address of those who run it")
        secret = verbs.add_parser("secret", help="another secret, or other keys; the former still do for a while")
        secret.add_argument("client_id")
        secret.add_argument("--jwks", type=Path, help="a file with its new public keys")
        secret.add_argument("--jwks-uri", default="", help="or the address where it publishes them")
        secret.add_argument("--at-once", action="store_true", help="the former ends now: others have seen it")
        for verb in ("credentials", "disable", "enable", "retire"):
            verbs.add_parser(verb).add_argument("client_id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        at = clock.now()
        try:
            match options["verb"]:
                case "add":
                    self._show(*_added(options, at))
                case "list":
                    for partner in Partner.objects.order_by("name"):
                        on = "on " if partner.is_enabled else "off"
                        self.stdout.write(f"{partner.client_id}  {on}  {partner.name}")
                case verb:
                    self._about(self._find(options["client_id"]), verb, options, at)
        except partners.Unacceptable as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(sentence(refused.reason)) from refused

    def _about(self, partner: Partner, verb: str, options: dict[str, Any], at: datetime) -> None:
        """What concerns one that there is."""
        by = Actor.system()
        match verb:
            case "decisions":
                partners.let_ask(partner, tuple(options["decision_action"]), by=by, at=at)
                done = ", ".join(options["decision_action"]) or "none"
            case "purposes":
                services.let_use(partner, tuple(options["data_purpose"]), by=by, at=at)
                done = ", ".join(options["data_purpose"]) or "none"
            case "actions":
                agents.set_ceiling(partner, tuple(options["action"]), by=by, at=at)
                done = ", ".join(options["action"]) or "none"
            case "delegates":
                partners.let_act(partner, by=by, at=at, on=options["do"] == "on")
                done = f"delegates {options['do']}"
            case "own":
                partners.own(partner, _account(options["owner"]), options["contact"], by=by, at=at)
                done = f"{options['owner']} answers for it"
            case "secret":
                shown = Shown(_keys(options["jwks"]), options["jwks_uri"])
                partners.check_shown(shown, Environment(partner.environment))
                _made, secret = credentials.replace(partner, shown, at_once=options["at_once"], by=by, at=at)
                self._show(partner, secret)
                return self._list(partner, at)
            case "credentials":
                return self._list(partner, at)
            case "retire":
                agents.retire(partner, by=by, at=at)
                done = "off for good"
            case _:
                partners.switch(partner, by=by, at=at, on=verb == "enable")
                done = f"{verb}d"
        self.stdout.write(f"{partner.name}: {done}")
        return None

    def _list(self, partner: Partner, at: datetime) -> None:
        for each in partner.credentials.live(at).order_by("made_at"):
            used = f"used {each.used_at:%Y-%m-%d} from {', '.join(each.networks)}" if each.used_at else "never used"
            dates = f"made {each.made_at:%Y-%m-%d}  ends {each.expires_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{each.pk}  {each.kind:<9}  {dates}  {used}")

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


@transaction.atomic
def _added(options: dict[str, Any], at: datetime) -> tuple[Partner, str]:
    partner, secret = partners.register(_registration(options), by=Actor.system(), at=at)
    if options["data_purpose"]:
        services.let_use(partner, tuple(options["data_purpose"]), by=Actor.system(), at=at)
    return partner, secret


def _registration(options: dict[str, Any]) -> partners.Registration:
    signs_in = options["profile"].kind is Kind.APP
    return partners.Registration(
        name=options["name"],
        owner=_account(options["owner"]),
        contact=options["contact"],
        environment=options["environment"],
        profile=options["profile"],
        redirect_uris=tuple(options["redirect_uri"]),
        post_logout_redirect_uris=tuple(options["post_logout_redirect_uri"]),
        scopes=tuple(options["scope"]) or (("openid",) if signs_in else ()),
        purpose=options["purpose"],
        may_exchange=options["exchange"],
        delegates=options["delegates"],
        homepage_url=options["homepage"],
        sector=options["sector"],
        jwks=_keys(options["jwks"]),
        jwks_uri=options["jwks_uri"],
        backchannel_logout_uri=options["backchannel_logout_uri"],
        algorithm=options["algorithm"],
        public_subjects=options["public_subjects"],
        decision_actions=tuple(options["decision_action"]),
        authorization_details_types=tuple(options["authorization_details_type"]),
        maker=options["maker"],
        actions=tuple(options["action"]),
        notification_endpoint=options["notification_endpoint"],
    )


def _account(address: str) -> UUID:
    found = User.objects.filter(email=mailbox.named(address)).first()
    if found is None:
        raise partners.Unacceptable(f"There is no account with the address {address!r}.")
    return found.pk


def _keys(file: Path | None) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = json.loads(file.read_bytes()) if file else None
    except (OSError, ValueError) as error:
        raise partners.Unacceptable(f"{file} is no JSON file that can be read.") from error
    return found

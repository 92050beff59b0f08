"""``manage.py resource``: add a resource server, switch it, list all."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import partners
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import registry
from ciam_portal.oauth.resources.models import Resource


class Command(BaseCommand):
    """Resource servers are managed here, and which partners may ask tokens for them."""

    help = "Add a resource server (an API that access tokens are made for), switch it off or on, or list all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add one")
        add.add_argument("url", help="its address, as tokens will name it")
        add.add_argument("name", help="the name customers see")
        add.add_argument("--partner", required=True, help="client_id of who runs it; it introspects as that")
        add.add_argument("--scope", action="append", default=[], help="the most that tokens open there; several times")
        add.add_argument("--no-introspection", action="store_true", help="never asks us about a token")
        add.add_argument("--signed-tokens", action="store_true", help="reads its tokens by itself (RFC 9068)")
        words = "agents that nobody registered may ask tokens for it (unregistered_agents of the policy)"
        add.add_argument("--any-agent", action="store_true", help=words)
        reach = verbs.add_parser("reach", help="for which a partner may ask tokens; none: for our own APIs only")
        reach.add_argument("partner", help="its client_id")
        reach.add_argument("--resource", action="append", default=[], help="an address; several times")
        verbs.add_parser("list", help="list all")
        for verb in ("disable", "enable"):
            verbs.add_parser(verb).add_argument("url")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        verb, by, at = options["verb"], Actor.system(), clock.now()
        if verb == "list":
            for each in Resource.objects.order_by("url"):
                self.stdout.write(f"{'on ' if each.is_enabled else 'off'}  {each.url}  {each.name}")
        elif verb in {"add", "reach"}:
            try:
                self.stdout.write(_added(options, by, at) if verb == "add" else _reached(options, by, at))
            except partners.Unacceptable as error:
                raise CommandError(str(error)) from error
        else:
            found = Resource.objects.filter(url=options["url"]).first()
            if found is None:
                raise CommandError(f"No resource is at {options['url']!r}. See: manage.py resource list")
            registry.switch(found, by=by, at=at, on=verb == "enable")
            self.stdout.write(f"{found.name}: {verb}d")


def _added(options: dict[str, Any], by: Actor, at: datetime) -> str:
    wanted = registry.Registration(
        url=options["url"],
        name=options["name"],
        partner=_partner(options["partner"]),
        scopes=tuple(options["scope"]),
        introspects=not options["no_introspection"],
        signed=options["signed_tokens"],
        for_unregistered=options["any_agent"],
    )
    return f"{registry.register(wanted, by=by, at=at).name}: added"


def _reached(options: dict[str, Any], by: Actor, at: datetime) -> str:
    partner = _partner(options["partner"])
    registry.let_reach(partner, tuple(options["resource"]), by=by, at=at)
    return f"{partner.name}: {', '.join(options['resource']) or 'none'}"


def _partner(client_id: str) -> Partner:
    found = Partner.objects.filter(client_id=client_id).first()
    if found is None:
        raise partners.Unacceptable(f"No partner has the id {client_id!r}. See: manage.py partner list")
    return found

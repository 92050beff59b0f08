"""manage.py staff grant|revoke EMAIL ROLE: the person signs up like everyone, then is given a role here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.flows import staff
from accounts.models import User
from ciam_portal import clock
from ciam_portal.audit.actor import Actor
from ciam_portal.roles import Role


class Command(BaseCommand):
    """Grant or revoke a role of staff."""

    help = "Grant or revoke a role of staff. The person needs an account with a second factor to use it."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, the person, the role."""
        parser.add_argument("verb", choices=["grant", "revoke"])
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in Role])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002
        """Run the flow."""
        person = User.objects.filter(email=options["email"].lower()).first()
        if person is None:
            message = "There is no account with this address."
            raise CommandError(message)
        verb = staff.grant_role if options["verb"] == "grant" else staff.revoke_role
        verb(person, Role(options["role"]), by=Actor.system(), at=clock.now())
        self.stdout.write(f"{options['verb']}: {options['role']}")

"""manage.py staff grant|revoke EMAIL ROLE: the person signs up like everyone, then is given a role here.

A grant is at once only in a fresh installation. As soon as there is an administrator, it is a proposal.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.staff.flows import people as staff
from accounts.staff.flows import role_changes
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.roles import Role
from ciam_portal.core.words import sentence


class Command(BaseCommand):
    """Grant, propose or revoke a role of staff."""

    help = (
        "Grant or revoke a role of staff. The person needs an account with a second factor to use it. Once there is an "
        "administrator, a grant waits until one has approved it on the staff site."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, the person, the role."""
        parser.add_argument("verb", choices=["grant", "revoke"])
        parser.add_argument("email")
        parser.add_argument("role", choices=[role.value for role in Role])

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the flow that is due."""
        person = User.objects.filter(email=mailbox.named(options["email"])).first()
        if person is None:
            message = "There is no account with this address."
            raise CommandError(message)
        role, by, at = Role(options["role"]), Actor.system(), clock.now()
        try:
            if options["verb"] == "revoke":
                staff.revoke_role(person, role, by=by, at=at)
                self.stdout.write(f"revoke: {role}")
            elif staff.administrators().exists():
                role_changes.propose_by_command(person, role, by=by, at=at)
                self.stdout.write(f"proposed: {role}. An administrator has to approve it on the staff site.")
            else:
                staff.grant_role(person, role, by=by, at=at)
                self.stdout.write(f"grant: {role}")
        except Refused as refused:
            raise CommandError(sentence(refused.reason)) from refused

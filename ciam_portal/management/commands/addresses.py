"""manage.py addresses [--give ID]: accounts whose address is not in its one form, and which of two has a mailbox."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.account import settle
from accounts.customer import addresses
from accounts.models import Unsettled, User
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence


class Command(BaseCommand):
    """List them by id, never by address; or give one the mailbox that another account has."""

    help = (
        "List the accounts from before addresses had one form that could not be given theirs. With --give ID that "
        "account gets the mailbox; the account that has it now keeps everything but the way in by address."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose mailbox it is to be."""
        parser.add_argument("--give", metavar="ID", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the flow that is due, or list."""
        if options["give"] is None:
            self._list()
            return
        account = User.objects.filter(pk=options["give"]).first()
        if account is None:
            raise CommandError("There is no account with this id.")
        try:
            settle.give_mailbox(account, by=Actor.system(), at=clock.now())
        except Refused as refused:
            raise CommandError(sentence(refused.reason)) from refused
        self.stdout.write(f"{account.pk} has its mailbox now.")

    def _list(self) -> None:
        for account in User.objects.exclude(unsettled="").order_by("pk"):
            proven = "proven" if addresses.is_proven(account) else "never proven"
            line = f"{account.pk}  {account.unsettled:<8} {proven:<13} opened {account.created_at:%Y-%m-%d}"
            if account.unsettled == Unsettled.TAKEN:
                holder = User.objects.filter(email=mailbox.named(account.email)).values_list("pk", flat=True).first()
                line += f"  the mailbox is with {holder or 'nobody'}"
            self.stdout.write(line)

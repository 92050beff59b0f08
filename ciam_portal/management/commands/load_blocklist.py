"""``manage.py load_blocklist FILE``: where attacks come from, as the operator knows it."""

from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.places import folder
from ciam_portal.core.places.blocklist import Blocklist
from ciam_portal.core.places.kinds import Broken


@dataclass(frozen=True, slots=True)
class BlocklistLoaded(AuditEvent):
    """Another blocklist came into use."""

    name: ClassVar[str] = "network_data.blocklist_loaded"
    networks: int
    asns: int


@flow
def load(copy: Path, listed: Blocklist, *, by: Actor, at: datetime) -> None:
    """Put a checked list to use."""
    record(BlocklistLoaded(networks=listed.networks, asns=len(listed.asns)), about=None, by=by, at=at)
    folder.put_blocklist(copy)


class Command(BaseCommand):
    """The whole list is replaced, or nothing is; running processes see a new one within a minute."""

    help = (
        "Replace the blocklist by the one in FILE: plain text with one address, network (192.0.2.0/24) or AS number "
        "(AS64500) a line; what follows a # is a comment. Without blocklist.txt in NETWORK_DATA there is no list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file."""
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check it whole, put it to use, say what it lists."""
        file: Path = options["file"]
        try:
            with folder.staged_blocklist(file, settings.NETWORK_DATA_DIR) as (copy, listed):
                load(copy, listed, by=Actor.system(), at=clock.now())
        except (Broken, OSError) as error:
            raise CommandError(f"{file}: {error}. Nothing was changed.") from error
        self.stdout.write(
            f"{file}: {listed.networks:,} addresses and networks, {len(listed.asns):,} AS numbers. In use."
        )

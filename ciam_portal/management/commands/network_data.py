"""``manage.py network_data``: load files that say where network addresses are, ask them, see what is there."""

from argparse import ArgumentParser
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock, places
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.places import folder
from ciam_portal.core.places.kinds import Broken, NetworkKind


@dataclass(frozen=True, slots=True)
class NetworkDataLoaded(AuditEvent):
    """A file of countries or AS numbers came into use."""

    name: ClassVar[str] = "network_data.loaded"
    kind: Code
    entries: int


@flow
def load(new: folder.Staged, kind: NetworkKind, *, by: Actor, at: datetime) -> tuple[str, list[str]]:
    """Put a checked file to use. The name it got, and the files it replaced."""
    record(NetworkDataLoaded(kind=Code(kind), entries=new.entries[kind]), about=None, by=by, at=at)
    return folder.install(new, kind)


class Command(BaseCommand):
    """Network data is managed here; running processes see a new file within a minute."""

    help = "Load country and AS number data (MMDB, or CSV: start,end,value), ask for an address, show what is loaded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("load", help="check files whole, then put them to use").add_argument(
            "files", metavar="FILE", nargs="+", type=Path
        )
        verbs.add_parser("show", help="what is known of an address").add_argument("address")
        verbs.add_parser("status", help="the files in use")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        match options["verb"]:
            case "load":
                self._load(options["files"])
            case "show":
                place = places.lookup(options["address"])
                self.stdout.write(f"country: {place.country or 'unknown'}")
                self.stdout.write(f"AS number: {'unknown' if place.asn is None else place.asn}")
            case _:
                self._status()

    def _load(self, files: list[Path]) -> None:
        """All files are checked before the first is put to use: either all come in or none."""
        taken: dict[tuple[NetworkKind, int], Path] = {}
        with ExitStack() as copies:
            checked = []
            for file in files:
                try:
                    new = copies.enter_context(folder.staged(file, settings.NETWORK_DATA_DIR))
                except (Broken, OSError) as error:
                    raise CommandError(f"{file}: {error}. Nothing was changed.") from error
                for kind, ip_version in sorted(new.slots & taken.keys()):
                    what = f"the same, {_words(kind)} of IPv{ip_version}"
                    raise CommandError(f"{file} and {taken[kind, ip_version]} hold {what}. Nothing was changed.")
                taken |= dict.fromkeys(new.slots, file)
                checked.append((file, new))
            for file, new in checked:
                for kind, count in new.entries.items():
                    name, replaced = load(new, kind, by=Actor.system(), at=clock.now())
                    self.stdout.write(f"{file}: {count:,} entries with {_words(kind)} ({_versions(new.versions)})")
                    self.stdout.write(f"  in use as {name}, replaces {', '.join(replaced) or 'nothing'}")

    def _status(self) -> None:
        data: Path = settings.NETWORK_DATA_DIR
        self.stdout.write(f"Folder: {data}")
        loaded = folder.stamps(data)
        for name, (modified, *_) in loaded.items():
            since = datetime.fromtimestamp(modified / 1e9, UTC)
            try:
                _, versions, entries = folder.examine(data / name)
                found = f"{sum(entries.values()):,} entries ({_versions(versions)})"
            except (Broken, OSError) as error:
                found = f"cannot be used: {error}"
            self.stdout.write(f"{name}  since {since:%Y-%m-%d %H:%M} UTC  {found}")
        self.stdout.write(f"Otherwise: countries of iptocc {version('iptocc')}; no AS numbers")


def _words(kind: NetworkKind) -> str:
    return "countries" if kind is NetworkKind.COUNTRY else "AS numbers"


def _versions(versions: tuple[int, ...]) -> str:
    return " and ".join(f"IPv{number}" for number in versions)

"""``manage.py purposes``: list them, show one with its versions, or verify that each is as it was approved."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.models import PurposeVersion
from consent.purposes.models import digest
from consent.purposes.policy import OPEN, State


class Command(BaseCommand):
    """What data is used for is for two people to say, on the staff site; this is what operators read."""

    help = "List what data is used for, show one purpose, or verify that each version is as it was approved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="list the purposes, with what holds now and what is on its way")
        verbs.add_parser("show", help="show one, with all of its versions").add_argument("key")
        verbs.add_parser(
            "verify", help="is each version as it was written and approved? Fails and names those that are not"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, and say."""
        versions = PurposeVersion.objects.select_related("purpose").order_by("purpose__key", "number")
        match options["verb"]:
            case "list":
                for row in versions.filter(state__in=(State.ACTIVE, *OPEN)):
                    title = row.texts["en"]["title"]
                    self.stdout.write(f"{row.purpose.key:<20} {row.number:>3}  {row.state:<9} {row.basis:<20} {title}")
            case "show":
                rows = list(versions.filter(purpose__key=options["key"]))
                if not rows:
                    raise CommandError(f"There is no purpose {options['key']!r}. See: manage.py purposes list")
                for row in rows:
                    self.stdout.write("\n".join(_told(row)))
            case _:
                self._verify(list(versions))

    def _verify(self, rows: list[PurposeVersion]) -> None:
        edited = [row for row in rows if not row.is_intact]
        for row in edited:
            what = (
                "its texts are not those of its digest"
                if digest(row.texts) != row.text_sha256
                else "its seal is broken"
            )
            self.stderr.write(f"{row}: {what}")
        if edited:
            raise CommandError(f"{len(edited)} of {len(rows)} versions are not as they were approved.")
        self.stdout.write(f"{len(rows)} versions are as they were written and approved.")


def _told(row: PurposeVersion) -> Iterator[str]:
    asks = "asks again" if row.is_material else "asks nobody again"
    yield f"{row.purpose.key} {row.number}: {row.state}, {asks}"
    yield f"  rests on {row.basis}, {row.access}, {row.sensitivity}; for {', '.join(row.recipients)}"
    yield f"  data: {', '.join(row.categories)}; refused alone: {', '.join(row.optional) or 'nothing'}"
    kept = f"{row.retention_days} days" if row.retention_days else "as long as the account"
    ends = f"; a consent ends after {row.valid_for_days} days" if row.valid_for_days else ""
    yield f"  kept {kept}{ends}; texts {row.text_sha256}"
    for language, said in sorted(row.texts.items()):
        yield f"  {language}: {said['title']}. {said['words']}"

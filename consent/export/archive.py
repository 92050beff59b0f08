"""The file that a customer downloads: a ZIP of JSON and of pages to read, sealed part by part while it is written."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from ciam_portal.core import held
from ciam_portal.core.held import Shown
from ciam_portal.core.outbox.notice import language_of
from consent.export import facts
from consent.export.facts import Row
from consent.models import Export, ExportPart

FORM = 1
"""Which form the file has: raised when a reader of the former one could not read it."""
_PART = 512 * 1024  # bytes
_MOST_TO_READ = 1_000  # rows of one table on its page; the others are in its JSON file


class Lost(Exception):
    """Another worker makes this copy by now, or nobody wants it any more."""


class _Sealing:
    """A file that can only be written to: each part is sealed as soon as it is full, so nothing lies about in clear."""

    def __init__(self, export: Export) -> None:
        self.size, self._export, self._number, self._held = 0, export, 0, bytearray()

    def write(self, some: bytes) -> int:
        """Add to it."""
        self._held += some
        self.size += len(some)
        while len(self._held) >= _PART:
            self._keep(_PART)
        return len(some)

    def flush(self) -> None:
        """As files have it: nothing waits for it here."""

    def close(self) -> None:
        """Keep the rest."""
        if self._held:
            self._keep(len(self._held))

    def _keep(self, length: int) -> None:
        ExportPart.keep(self._export, self._number, bytes(self._held[:length]))
        del self._held[:length]
        self._number += 1


class _Archive:
    """The ZIP, and the list of what is in it."""

    def __init__(self, file: _Sealing) -> None:
        self.files: list[dict[str, Any]] = []
        self._zip = zipfile.ZipFile(cast("Any", file), "w", zipfile.ZIP_DEFLATED)

    @contextmanager
    def adding(self, name: str) -> Iterator[Callable[[str], None]]:
        """One file more, a text at a time."""
        digest = hashlib.sha256()
        with self._zip.open(name, "w") as entry:

            def write(text: str) -> None:
                some = text.encode()
                digest.update(some)
                entry.write(some)

            yield write
        self.files.append({"file": name, "sha256": digest.hexdigest()})

    def add(self, name: str, text: str) -> None:
        """One file more."""
        with self.adding(name) as write:
            write(text)

    def close(self) -> None:
        """The end of the ZIP."""
        self._zip.close()


def write(export: Export, customer: User, now: Callable[[], datetime]) -> tuple[int, int]:
    """Make the copy; how many rows and bytes. Each table is kept together with the progress. Raises Lost."""
    file, tables = _Sealing(export), held.shown()
    archive, counted = _Archive(file), []
    with translation.override(language_of(customer)), timezone.override(customer.zone):
        for table in tables:
            with transaction.atomic():
                counted.append(_table(archive, table, customer))
                if not export.progress(now()):
                    raise Lost
        with transaction.atomic():
            _frame(archive, customer, counted, now())
            archive.close()
            file.close()
    return sum(each["rows"] for each in counted), file.size


def _table(archive: _Archive, table: Shown, customer: User) -> dict[str, Any]:
    """Its two files; what the list says of it. A table without a row has none."""
    rows, read, total = facts.read(table, customer.pk), [], 0
    first = next(rows, None)
    said = {"table": table.name, "title": str(table.title), "rows": 0, "left_out": _left_out(table)}
    if first is None:
        return said
    with archive.adding(f"data/{table.name}.json") as write:
        write(f'{{"title": {_json(said["title"])}, "rows": [\n')
        for row in chain((first,), rows):
            write(f"{',' if total else ''}{_json(row)}\n")
            total += 1
            if total <= _MOST_TO_READ:
                read.append(row)
        write(f'], "left_out": {_json(said["left_out"])}}}\n')
    archive.files[-1]["rows"] = total
    cards = [list(_card(table, row, str(customer.pk))) for row in read]
    words = {"table": said, "cards": cards, "total": total, "cut": total > len(read), "meanings": _meanings(table)}
    words |= {"home": "../index.html", "whole": f"../data/{table.name}.json"}
    archive.add(f"pages/{table.name}.html", _page("table", words))
    archive.files[-1]["rows"] = len(read)
    return said | {"rows": total, "page": f"pages/{table.name}.html", "data": f"data/{table.name}.json"}


def _frame(archive: _Archive, customer: User, tables: list[dict[str, Any]], at: datetime) -> None:
    """The first page, and the list of all files."""
    left = [{"table": held.label(model), "reason": str(why)} for model, why in held.left_out().items()]
    words = {
        "customer": customer,
        "made": customer.local(at),
        "tables": [each for each in tables if each["rows"]],
        "empty": [each["title"] for each in tables if not each["rows"]],
        "left": left,
        "privacy_url": f"{settings.PUBLIC_URL}/privacy/",
    }
    archive.add("index.html", _page("index", words))
    manifest = {
        "form": FORM,
        "portal": settings.PORTAL_NAME,
        "url": settings.PUBLIC_URL,
        "account": str(customer.pk),
        "made_at": at.isoformat(),
        "files": archive.files,
        "tables": tables,
        "left_out": left,
    }
    archive.add("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False))


def _page(name: str, words: dict[str, Any]) -> str:
    """A page that stands alone, and that no word of a customer makes anything else of: it may run nothing."""
    style = render_to_string("consent/export/copy/style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    frame = {"style": style, "style_digest": digest, "portal_name": settings.PORTAL_NAME}
    return render_to_string(f"consent/export/copy/{name}.html", words | frame)


def _left_out(table: Shown) -> dict[str, str]:
    secret = _("It is secret: a key, a code or what is encrypted, of no use outside.")
    return dict.fromkeys(table.secrets, secret) | {name: str(why) for name, why in table.without.items()}


def _card(table: Shown, row: Row, mine: str) -> Iterator[tuple[str, str]]:
    """A row as terms and values: first what is said in words, last mere numbers; what is empty is not said."""
    columns = {column.name: column for column in table.columns}
    for name, value in sorted(row.items(), key=lambda each: (each[0] not in table.said, facts.is_number(each[1]))):
        said = _("you") if value == mine else _said(columns.get(name), value)
        if said:
            yield _term(name), said


def _said(column: Any, value: Any) -> str:  # noqa: ANN401  (a column or none, JSON)
    """One value, to be read."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict | list):
        return json.dumps(value, indent=1, ensure_ascii=False)
    if column is not None and column.choices:
        value = dict(column.flatchoices).get(value, value)
    at = parse_datetime(value) if isinstance(value, str) and column is not None and _is_instant(column) else None
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z") if at is not None else str(value)


def _is_instant(column: Any) -> bool:  # noqa: ANN401  (any column)
    return bool(column.get_internal_type() == "DateTimeField")


def _meanings(table: Shown) -> list[tuple[str, str]]:
    """What the terms mean, as far as the columns say it."""
    said = ((each.name, held.comment_of(each).partition(": ")[2]) for each in table.columns)
    return [(_term(name), words[:1].upper() + words[1:]) for name, words in said if words]


def _term(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _json(value: Any) -> str:  # noqa: ANN401  (any JSON)
    return json.dumps(value, ensure_ascii=False)

"""Reads an import: JSON lines, each at most so long, a batch at a time. The first line says of which systems.

Every value is brought into the one form in which a sign-up or a profile keeps it, or the line is broken: a code says
why, and nothing of what stood there.
"""

import base64
import binascii
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from io import BufferedReader
from typing import Annotated, Any, Literal

from django.conf import settings
from django.contrib.auth.hashers import check_password
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from accounts.customer import zones
from accounts.moving.shapes import Line, Person
from accounts.passwords import validator as passwords
from accounts.passwords.hashers import reading
from ciam_portal.core import mailbox, phones, strictjson, typed

BATCH = 500
LONGEST = 64 << 10
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_SEEDS = range(10, 65)
_LONGEST_NAME = 120
_STRICT = with_config(ConfigDict(extra="forbid"))
_Short = Annotated[str, Field(max_length=400)]


class Wrong(StrEnum):
    """Why a line is left out, beside the reasons why a text is no address."""

    NO_JSON = "no_json"
    TOO_LONG = "line_too_long"
    SHAPE = "shape"
    NAME = "name"
    PHONE = "phone"
    ZONE = "timezone"
    SINCE = "since"
    SOURCE = "source"
    HASH = "hash"
    TOO_COSTLY = "hash_too_costly"
    SEED = "totp"
    TAKEN = "address_taken"
    NO_WAY_IN = "no_way_in"  # neither a password nor an address to which a link could go


class NoImport(Exception):
    """The file cannot be read at all; says why in one sentence."""


class _Broken(Exception):
    def __init__(self, wrong: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong


@_STRICT
@dataclass(frozen=True, slots=True)
class _Vector:
    password: _Short
    hash: dict[str, Any]


@_STRICT
@dataclass(frozen=True, slots=True)
class Source:
    """A former system: a password that is known, as it kept it; what its hashes share."""

    vector: _Vector | None = None
    firebase: reading.Firebase | None = None


@_STRICT
@dataclass(frozen=True, slots=True)
class _First:
    customers: Literal[1]
    sources: dict[str, Source] = field(default_factory=dict)


@_STRICT
@dataclass(frozen=True, slots=True)
class _Said:
    email: _Short
    email_proven: Annotated[bool, Field(strict=True)] = False
    name: _Short = ""
    phone: _Short = ""
    locale: _Short = ""
    timezone: _Short = ""
    since: datetime | None = None
    source: _Short = ""
    hash: dict[str, Any] | None = None
    totp: _Short = ""
    consents: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")], Literal["yes", "no"]] = field(
        default_factory=dict
    )


_FIRST_LINE, _LINE = TypeAdapter(_First), TypeAdapter(_Said)
Opens = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Reader:
    """How the lines of one file are read. ``opens``: what was sealed for us; ``wrap``: see ``reading.stored``."""

    sources: dict[str, Source]
    opens: Opens
    wrap: reading.Wrap
    most_milliseconds: float
    at: datetime

    def line(self, number: int, end: int, text: bytes | None) -> Line:
        """Whom it speaks of, or what is wrong."""
        try:
            return Line(number, end, self._person(text))
        except _Broken as broken:
            return Line(number, end, None, broken.wrong)

    def _person(self, text: bytes | None) -> Person:
        if text is None:
            raise _Broken(Wrong.TOO_LONG)
        said = _parsed(_LINE, text, self.opens)
        if said.hash is None and not said.email_proven:
            raise _Broken(Wrong.NO_WAY_IN)
        try:
            return Person(
                address=mailbox.canonical(said.email),
                is_proven=said.email_proven,
                name=_name(said.name),
                phone=_phone(said.phone),
                locale=said.locale if said.locale in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
                timezone=_zone(said.timezone),
                since=_since(said.since, self.at),
                password=self._password(said),
                seed=_seed(said.totp),
                says={key: says == "yes" for key, says in said.consents.items()},
            )
        except mailbox.NoMailbox as none:
            raise _Broken(none.reason) from None

    def _password(self, said: _Said) -> str:
        if said.hash is None:
            return ""
        source = self.sources.get(said.source)
        if source is None or source.vector is None:
            raise _Broken(Wrong.SOURCE)
        try:
            found = reading.stored(said.hash, source.firebase, self.wrap)
        except reading.Unreadable:
            raise _Broken(Wrong.HASH) from None
        if reading.milliseconds(found) > self.most_milliseconds:
            raise _Broken(Wrong.TOO_COSTLY)
        return found


def first(file: BufferedReader, opens: Opens) -> dict[str, Source]:
    """The systems that the first line names, each of whose vectors we can check. Raises NoImport."""
    text = _read(file)
    try:
        found = _parsed(_FIRST_LINE, text or b"", opens)
    except _Broken:
        raise NoImport('The first line must be {"customers": 1, "sources": {…}}.') from None
    for name, source in found.sources.items():
        if not _is_right(source):
            raise NoImport(
                f"Source {name!r}: its test vector does not fit. Nothing was read; look how its hashes are encoded."
            )
    return dict(found.sources)


def batches(file: BufferedReader, reader: Reader, *, line: int) -> Iterator[list[Line]]:
    """From where the file stands on, so many lines at a time: no more of it is in memory. ``line``: those before."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while batch := list(_raw(file, line)):
            line = batch[-1][0]
            yield list(pool.map(lambda each: reader.line(*each), batch))


def _raw(file: BufferedReader, line: int) -> Iterator[tuple[int, int, bytes | None]]:
    for number in range(line + 1, line + 1 + BATCH):
        text = _read(file)
        if text == b"":
            return
        yield number, file.tell(), text


def _read(file: BufferedReader) -> bytes | None:
    """The next line; nothing at the end; None for one that is too long, which is passed over."""
    text = file.readline(LONGEST)
    if len(text) < LONGEST or text.endswith(b"\n"):
        return text
    while len(more := file.readline(LONGEST)) == LONGEST and not more.endswith(b"\n"):
        pass
    return None


def _parsed(shape: TypeAdapter[Any], text: bytes, opens: Opens) -> Any:  # noqa: ANN401  (what the shape says)
    try:
        return shape.validate_python(strictjson.loads(opens(text)))
    except (strictjson.NoJSON, ValueError) as error:
        raise _Broken(Wrong.SHAPE if isinstance(error, ValidationError) else Wrong.NO_JSON) from None


def _is_right(source: Source) -> bool:
    if source.vector is None:
        return True
    try:
        kept = reading.stored(source.vector.hash, source.firebase)
    except reading.Unreadable:
        return False
    known = passwords.normal(source.vector.password)
    return check_password(known, kept) and not check_password(f"{known[:40]}?", kept)


def _name(text: str) -> str:
    try:
        found = typed.name(text)
    except typed.NotPlain:
        raise _Broken(Wrong.NAME) from None
    if len(found) > _LONGEST_NAME:
        raise _Broken(Wrong.NAME)
    return found


def _phone(text: str) -> str:
    try:
        return phones.normal(text) if text else ""
    except (phones.NoCountry, phones.NotANumber):
        raise _Broken(Wrong.PHONE) from None


def _zone(text: str) -> str:
    if text and not zones.is_known(text):
        raise _Broken(Wrong.ZONE)
    return text


def _since(said: datetime | None, at: datetime) -> datetime | None:
    if said is not None and (said.tzinfo is None or not _FIRST <= said <= at):
        raise _Broken(Wrong.SINCE)
    return said


def _seed(text: str) -> bytes:
    """Base32, however grouped; codes of six digits in steps of 30 seconds with SHA-1, as all apps make them."""
    plain = text.replace(" ", "").upper().rstrip("=")
    try:
        found = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:
        raise _Broken(Wrong.SEED) from None
    if plain and len(found) not in _SEEDS:
        raise _Broken(Wrong.SEED)
    return found

"""Data categories: what a column says of a person, in words that customers read, and what an erasure does to it.

Every column of ours says in its comment how sensitive it is (a test walks all of them):

* ``not sensitive…``, or ``secret: …`` if it is the portal's or a partner's own: it says nothing of a person;
* ``pseudonymous…``: a number that stands for somebody;
* ``personal: CATEGORY; …``, or ``sensitive: CATEGORY; …`` if who reads it could act as them: of exactly one category.

A table that a library brings along says it where its theme stands, with ``of_library``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.words import Text


class Erasure(StrEnum):
    """What becomes of it when its person leaves."""

    DELETE = "delete"  # the row goes
    BLANK = "blank"  # the row stays, because it is about something else, without this
    KEEP_SEALED = "keep_sealed"  # it stays as evidence, under a pseudonym or a key of the person's that is destroyed


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of data about a person. ``title`` stands in a list, ``words`` say what is in it."""

    code: str
    title: Text
    words: Text
    erasure: Erasure = Erasure.DELETE


CATEGORIES: Mapping[str, Category] = {
    each.code: each
    for each in (
        Category("pseudonym", _("A number for you"),
                 _("Numbers that stand for you and by themselves do not say who you are."), Erasure.KEEP_SEALED),
        Category("name", _("Your name"), _("The name in your profile.")),
        Category("email", _("Your email addresses"), _("Email addresses that you sign in with or gave us.")),
        Category("phone", _("Your phone number"), _("The phone number in your profile.")),
        Category("preference", _("Your language and time zone"), _("In which language and time zone we show things.")),
        Category("location", _("Where you were"), _("Country and network that you used us from, and time zones.")),
        Category("device", _("Your devices"), _("What kinds of browser and system you use, and what you call them.")),
        Category("behavior", _("How you use your account"), _("When and how you sign in, and what is usual for you.")),
        Category("choice", _("Your choices"), _("What you allowed or refused, to whom, and where.")),
        Category("transaction", _("What you approved"), _("Single things that you approved, such as a payment.")),
        Category("recovery", _("Where you get back in"), _("Email addresses and phone numbers kept for recovery.")),
        Category("people", _("People you named"), _("People who shall help you back in, and their addresses.")),
        Category("family", _("Your family"), _("Date of birth and country of a child, and who answers for it.")),
        Category("credential", _("What you sign in with"),
                 _("Password, passkeys, apps, codes, and what your browser shows: kept so that nobody can read it.")),
        Category("message", _("Messages"), _("What we wrote to you, or to an app about you, until it is delivered.")),
        Category("identity", _("What you have shown of who you are"),
                 _("Name and date of birth, as somebody confirmed them, and when that was.")),
        Category("document", _("With what you have shown it"),
                 _("What kind of document it was, who issued it, and in what way it was looked at.")),
        Category("former", _("Former values"), _("What stood there before a change, while that can be taken back.")),
        Category("request", _("What you asked of us"), _("Requests about your own data, and what became of them.")),
        Category("evidence", _("Records of what was done"),
                 _("What shows later what was agreed and who did what."), Erasure.KEEP_SEALED),
        Category("operator", _("Who answers for an app"), _("Addresses of those who run an app."), Erasure.BLANK),
    )
}  # fmt: skip


class Unsaid(ValueError):
    """A column does not say in which category it is, or says it wrongly. The text says which column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column that holds something about a person."""

    model: type[models.Model]
    name: str
    category: Category

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"  # noqa: SLF001  (Django's documented way)


_SAID = re.compile(
    r"not sensitive|secret: .|(?P<pseudonym>pseudonymous)|(personal|sensitive): (?P<code>[a-z_]+)(?=;|$)"
)
_NAMED_TWICE = re.compile(r"\b(personal|sensitive): ")
_SHORT = (
    models.AutoField, models.BooleanField, models.DateTimeField, models.ForeignKey, models.IntegerField,
    models.UUIDField,
)  # fmt: skip
_of_libraries: dict[str, dict[str, str]] = {}


def of_library(table: str, plain: str = "", **personal: str) -> None:
    """What a table of a library holds: each column that is ``personal`` with its category, and those that are not.

    Keys, numbers, instants and yes or no need no word.
    """
    _of_libraries[table] = dict.fromkeys(plain.split(), "") | personal


def of_column(field: Any) -> Category | None:  # noqa: ANN401  (any model's column)
    """The category of this column; None if it says nothing of a person. Raises Unsaid."""
    table, where = field.model._meta.db_table, f"{field.model._meta.label}.{field.name}"  # noqa: SLF001
    comment = field.db_comment
    if comment is None:
        said = _of_libraries.get(table, {})
        if field.name not in said and (table not in _of_libraries or not isinstance(field, _SHORT)):
            raise Unsaid(f"{where} does not say whether it is personal. See ciam_portal/core/categories.py.")
        comment = f"personal: {said[field.name]}" if said.get(field.name) else "not sensitive"
    found = _SAID.match(comment)
    if found is None or len(_NAMED_TWICE.findall(comment)) > 1:
        raise Unsaid(f"{where} must say one of: not sensitive, secret, pseudonymous, personal or sensitive: CATEGORY;")
    if found["pseudonym"]:
        return CATEGORIES["pseudonym"]
    if found["code"] is None:
        return None
    if found["code"] not in CATEGORIES:
        raise Unsaid(f"{where} names a category that is not known: {found['code']}.")
    return CATEGORIES[found["code"]]


@cache
def columns() -> tuple[Column, ...]:
    """Every column of every table that holds something about a person. Raises Unsaid."""
    return tuple(
        Column(model, field.name, category)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy  # noqa: SLF001  (as above)
        for field in model._meta.local_concrete_fields  # noqa: SLF001  (as above)
        if (category := of_column(field)) is not None
    )


def of_model(model: type[models.Model]) -> Iterator[Column]:
    """Those of one table. Raises Unsaid."""
    return (each for each in columns() if each.model is model)

"""Erasing a person is complete: every model says what becomes of its rows, and a word planted everywhere is gone."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection, models
from django.test import Client

from accounts.models import User
from ciam_portal.core import categories, clock, erasing
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.categories import Erasure
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.outbox.models import LAST, Notice
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject
from ciam_portal.signals.models import Stream, Subject
from consent.erasure import flows
from consent.models import Deletion
from tests import canaries
from tests.signals.receiver import Receiver

ALWAYS_EMPTY = {"axes.AccessAttempt", "axes.AccessFailureLog", "axes.AccessLog"}
WORD = "canarybird"
ONLY_NUMBERS = {"oauth_participant", "consent_actingsession"}  # of rows that are theirs: nothing to look for


def all_models() -> list[type[models.Model]]:
    return [each for each in apps.get_models(include_auto_created=True) if not each._meta.proxy]


def hangs(model: type[models.Model]) -> bool:
    """Whether its rows go with those of another model, which go with their person."""
    parents = [each for each in model._meta.local_fields if isinstance(each, models.ForeignKey)]
    cascading = [
        each.related_model._meta.concrete_model for each in parents if each.remote_field.on_delete is models.CASCADE
    ]
    return any(each is User or goes(each) for each in cascading if each is not model)


def goes(model: Any) -> bool:
    answer = erasing.said(model)
    return hangs(model) if answer is None else answer.theirs is not None and not answer.emptied


def is_right(column: categories.Column) -> bool:
    """Whether what becomes of the rows is what the category promises of the column."""
    answer, is_theirs = erasing.said(column.model), column.model is User or goes(column.model)
    match column.category.erasure:
        case Erasure.DELETE:
            return is_theirs
        case Erasure.BLANK:
            return answer is not None and column.name in answer.emptied
        case Erasure.KEEP_SEALED:
            return is_theirs or answer is not None


def test_every_column_goes_as_its_category_says() -> None:
    """A model whose rows do not hang from their person says beside itself what erasing does: ``core/erasing.py``."""
    wrong = {str(each) for each in categories.columns() if not is_right(each)}
    assert {each for each in wrong if each.rpartition(".")[0] not in ALWAYS_EMPTY} == set()


def kept() -> set[str]:
    """Where an id of theirs may be found afterwards: evidence, in what stays and says why."""
    sealed = [each for each in categories.columns() if each.category.erasure is Erasure.KEEP_SEALED]
    staying = [each for each in sealed if (answer := erasing.said(each.model)) is not None and answer.why]
    fields: list[Any] = [each.model._meta.get_field(each.name) for each in staying]
    return {f"{each.model._meta.db_table}.{each.column}" for each in fields}


def test_what_stays_says_why() -> None:
    for model in all_models():
        answer = erasing.said(model)
        assert answer is None or bool(answer.why) == (answer.theirs is None)


# --- the word


@pytest.fixture
def _unchecked(db: None) -> None:
    canaries.drop_checks()


def value(field: Any, made: dict[Any, Any], number: int) -> Any:
    """Something for this column: the row it points to, or the word if it fits."""
    if isinstance(field, models.ForeignKey):
        there = None if field.null else field.related_model._base_manager.first()
        row = made.get(field.related_model) or made.get(field.related_model._meta.concrete_model) or there
        return row.pk if row is not None and field.remote_field.on_delete is not models.DO_NOTHING else None
    return canaries.value(field, f"{WORD}{number}", number)


def plant(person: User, made: dict[Any, Any]) -> set[str]:
    """A row of the person's, full of the word, in every table that goes with them; in which tables."""
    numbers, waiting = itertools.count(), [each for each in all_models() if each is not User and goes(each)]
    planted: set[str] = set()
    while waiting:
        model = next(each for each in waiting if ready(each, waiting))
        waiting.remove(model)
        number = next(numbers)
        fields = [each for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)]
        row = model(**{each.attname: value(each, made, number) for each in fields})
        theirs(row, person, made)
        row.save_base(raw=True)
        made.setdefault(model, row)
        planted.add(model._meta.db_table)
    return planted


def ready(model: type[models.Model], waiting: list[Any]) -> bool:
    """Whether all rows that it points to are there."""
    fields = [each for each in model._meta.concrete_fields if isinstance(each, models.ForeignKey)]
    needed = [each for each in fields if each.remote_field.on_delete is not models.DO_NOTHING]
    return not {each.related_model._meta.concrete_model for each in needed} & set(waiting) - {model}


def theirs(row: Any, person: User, made: dict[Any, Any]) -> None:
    """What makes it the person's where no foreign key does."""
    match row._meta.label:
        case "notifications.Notice":
            row.channel = "mail"
        case "signals.Subject":
            row.pk, row.sub = Subject.objects.get().pk, made["sub"]
        case "signals.Signal":
            row.consent = made[apps.get_model("consent.Consent")].pk
        case "sessions.Session":
            row.pk = made["browser"]
        case "accounts.Session":
            row.browser_key = made["browser"]
        case _ if any(each.name == "customer" for each in row._meta.concrete_fields):
            row.customer_id = person.pk
            if not hasattr(type(row), "customer_id"):
                row.customer = person.pk


PLACES = """
SELECT attrelid::regclass::text, array_agg(quote_ident(attname)) FROM pg_attribute JOIN pg_class ON oid = attrelid
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') AND NOT relispartition
AND relnamespace = 'public'::regnamespace GROUP BY attrelid
"""


def found(*words: str) -> set[str]:
    """Every column of every table of the database in which one of these stands: ``pg_dump | grep``."""
    pattern, places = "|".join([*words, *(word.encode().hex() for word in words)]), set()
    with connection.cursor() as cursor:
        cursor.execute(PLACES)
        for table, columns in cursor.fetchall():
            counted = ", ".join(f"count(*) FILTER (WHERE {column}::text ~* %s)" for column in columns)
            cursor.execute(f"SELECT {counted} FROM {table}", [pattern] * len(columns))  # noqa: S608  (names of ours)
            numbers = cursor.fetchone()
            places |= {f"{table}.{column}" for column, times in zip(columns, numbers, strict=True) if times}
    return places


def in_the_cache(word: str) -> list[bytes]:
    """The keys and values of Valkey, in all of its databases, in which it stands."""
    server, seen = redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]), []
    for key in server.scan_iter():
        kept = key + (server.get(key) or b"" if server.type(key) == b"string" else server.dump(key))
        seen += [key] if word.encode() in kept else []
    return seen


@pytest.mark.usefixtures("_unchecked")
@pytest.mark.control("GDPR 17")
def test_nothing_is_left_of_a_person_who_is_erased(
    client: Client, sign_in: Callable[..., Client], customer: User, settings: Any, tmp_path: Path
) -> None:
    receiver = Receiver(sign_in(customer, on=Client()))
    receiver.create()
    receiver.tokens("openid profile email phone")
    receiver.wants(customer)
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path), ""
    email, at = f"{WORD}@example.com", clock.now()
    User.objects.filter(pk=customer.pk).update(email=email, name=WORD, phone="+4722334455", zone_seen=WORD)
    EmailAddress.objects.filter(user=customer).update(email=email)
    client.post("/sign-in/", {"login": email, "password": WORD})
    receiver.browser.post("/profile/", {"name": WORD, "phone": "+4722334456", "locale": "en", "timezone": "UTC"})
    person = User.objects.get(pk=customer.pk)
    made: dict[Any, Any] = {
        User: person, Group: Group.objects.first(), Permission: Permission.objects.first(),
        Partner: receiver.partner, "browser": "browsersessionkey",
        Stream: Stream.objects.get(), "sub": subject(receiver.partner, person.pk),
    }  # fmt: skip
    planted = plant(person, made)
    mail = tmp_path / f"{made[Notice].pk}.eml"
    mail.write_text(f"To: {email}")
    before = found(WORD, str(person.pk), made["sub"])
    assert {each.partition(".")[0] for each in before} >= planted - ONLY_NUMBERS
    assert not in_the_cache(WORD)

    deletion = Deletion.objects.create(customer=person.pk, session=codes.new_id(), asked_at=at, due_at=at, began_at=at)
    while not flows.go_on(deletion, by=Actor.system(), at=at, seconds=0):
        pass
    assert not found(WORD, made["sub"])
    assert found(str(person.pk)) <= kept()
    assert not mail.exists()
    assert not in_the_cache(WORD)
    last = Notice.objects.get(kind=LAST)
    assert json.loads(vault.unseal(last.sealed, last.context))["to"] == email
    last.delivered(at)
    last.refresh_from_db()
    assert (last.sealed, last.customer) == ("", None)
    assert Deletion.objects.get(pk=deletion.pk).erased_at == at

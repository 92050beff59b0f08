"""What a connection with an app says of its purposes: part of the flows that give, change and end it.

Every record of an app covers exactly its connection's scopes of one purpose; a connection says what it says through
these, in the transaction in which it changes.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.db.models import Exists, OuterRef, Q

from accounts.moving.flows.bring import CARRIED, Brought
from accounts.moving.flows.give import ANSWERS
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from consent.models import Consent, ConsentEvent, ConsentRecord
from consent.permission.models import ConsentQuerySet
from consent.purposes import facts as purposes
from consent.purposes.facts import Active
from consent.purposes.policy import Basis
from consent.purposes.shipped import CATEGORIES_OF_SCOPES, OF_SCOPES
from consent.records import events, facts, policy
from consent.records.flows import Change, hold, own, same, until, write
from consent.records.models import RecordQuerySet
from consent.records.policy import Reason, Says, State

_SIGN_IN = OF_SCOPES["openid"]
_BATCH = 100


def connected(consent: Consent, answered: Collection[str], *, by: Actor, at: datetime) -> tuple[ConsentEvent, ...]:
    """Say what a connection says: its customer has just ``answered`` about these scopes; of others some may be gone."""
    hold(consent.customer_id)
    active = purposes.active(at)
    found = {each.purpose: each for each in _records(consent)}
    keys = dict.fromkeys(OF_SCOPES[name] for name in answered)
    changes = [_answered(consent, active[key], found.get(key), at) for key in keys if key in active]
    for key, each in found.items():
        left = tuple(name for name in each.scopes if name in consent.scopes)
        if key in keys or each.state not in {State.GIVEN, State.PAUSED}:
            continue
        lapsed = policy.lapse_of(facts.standing(each, at), at)
        if len(left) < len(each.scopes) or (lapsed and not left):
            kept = replace(same(each), scopes=left, categories=_categories(left)) if left else None
            changes.append(kept or replace(same(each), state=lapsed or State.WITHDRAWN))
    return write(consent.customer_id, changes, by=by, at=at)


@flow
def adopt(keys: Collection[UUID], *, by: Actor, at: datetime) -> None:
    """Connections from before choices were recorded say what they hold, as of when their customers last answered.

    Raises Refused: all of them do.
    """
    list(Consent.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    found, active = list(_bare(at).filter(pk__in=keys).order_by("pk")), purposes.active(at)
    if not found:
        raise Refused(Reason.NOTHING_THERE)
    for consent in found:
        hold(consent.customer_id)
        about = dict.fromkeys(OF_SCOPES[name] for name in (*consent.scopes, *consent.declined) if name in OF_SCOPES)
        changes = [_answered(consent, active[key], None, consent.changed_at) for key in about if key in active]
        written = write(consent.customer_id, changes, by=by, at=consent.changed_at)
        record(events.ConnectionAdopted(consent.pk, len(written)), about=consent.customer_id, by=by, at=at)


def _bare(at: datetime) -> ConsentQuerySet:
    """Live connections without records that have something to say; while a purpose of theirs is edited, they wait."""
    active, edited = purposes.active(at), purposes.edited(at)
    said, waits = ([name for name, key in OF_SCOPES.items() if key in some] for some in (active, edited))
    rows = ConsentRecord.objects.filter(subject=OuterRef("customer"), recipient=OuterRef("partner"))
    live = Consent.objects.live().filter(~Exists(rows.filter(connection=OuterRef("pk"))))
    return live.filter(_about(said)).exclude(_about(waits))


def _about(scopes: list[str]) -> Q:
    return Q(scopes__overlap=scopes) | Q(declined__overlap=scopes)


def on_migrated(apps: Apps = all_apps, **_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``: every connection has its records. One that has none gives its app nothing.

    Batch by batch, so that a customer waits for no more than one; stopped halfway, the next ``migrate`` goes on.
    """
    try:
        apps.get_model("consent", "ConsentRecord")
    except LookupError:  # migrated to a state before it
        return
    at, last = clock.now(), UUID(int=0)
    while keys := list(_bare(at).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        last = keys[-1]
        with suppress(Refused):  # somebody else was first
            adopt(keys, by=Actor.system(), at=at)


def approved(consent: Consent, details: tuple[UUID, ...], *, by: Actor, at: datetime) -> None:
    """What its customer approved by itself stands under what the app is allowed: signing in, if that is among it."""
    hold(consent.customer_id)
    given = {each.purpose: each for each in _records(consent).given()}
    found = given.get(_SIGN_IN) or next(iter(given.values()), None)
    now = purposes.one(_SIGN_IN, at)
    change = same(found) if found else replace(_answered(consent, now, None, at), state=State.GIVEN)
    write(consent.customer_id, [replace(change, details=details)], by=by, at=at)


def disconnected(consent: Consent, state: State, *, by: Actor, at: datetime) -> None:
    """The connection is over, and with it all that stood under it."""
    hold(consent.customer_id)
    found = _records(consent).filter(state__in=[State.GIVEN, State.PAUSED])
    write(consent.customer_id, [replace(same(each), state=state) for each in found], by=by, at=at)


def _records(consent: Consent) -> RecordQuerySet:
    return ConsentRecord.objects.between(consent.customer_id, consent.partner_id)


def _answered(consent: Consent, now: Active, before: ConsentRecord | None, at: datetime) -> Change:
    scopes = tuple(name for name in consent.scopes if OF_SCOPES.get(name) == now.key)
    no = policy.becomes(Basis.CONSENT, State(before.state) if before else None, Says.NO)
    return Change(
        purpose=now.key,
        version=now.version,
        number=now.number,
        state=State.GIVEN if scopes else no,
        categories=_categories(scopes),
        access=now.access,
        recipient=consent.partner_id,
        scopes=scopes,
        connection=consent.pk,
        expires_at=until(now, at) if scopes else None,
    )


def _categories(scopes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for name in scopes for code in CATEGORIES_OF_SCOPES[name]))


@CARRIED.join
def said_elsewhere(brought: Brought, *, by: Actor, at: datetime) -> None:
    """Who was brought from another system said no there: that counts here too. A yes counts for nothing (GDPR 7(1)).

    Nobody can show to which text it was; they are asked here as everybody is.
    """
    active = purposes.active(at)
    for customer, person in brought:
        denied = [active[key] for key, yes in person.says.items() if not yes and key in active]
        asked = [now for now in denied if now.is_asked or now.may_be_objected_to]
        changes = [own(now, policy.becomes(now.basis, None, Says.NO), (), at) for now in asked]
        write(customer.pk, changes, by=by, at=at)


@ANSWERS.join
def said_here(customers: Sequence[UUID]) -> dict[UUID, dict[str, bool]]:
    """What they allowed us, and what not, for another system to which they are given."""
    rows = ConsentRecord.objects.filter(subject__in=customers, recipient=None)
    found: dict[UUID, dict[str, bool]] = {}
    for each in rows:
        found.setdefault(each.subject_id, {})[each.purpose] = each.state == State.GIVEN
    return found

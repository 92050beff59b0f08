"""How a child and those who answer for it read on the pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.words import Text, country
from consent.delegation import lines as delegations
from consent.family import facts, policy
from consent.family.shapes import Asks, Band, What
from consent.models import Dependant, FamilyRequest, ParentalResponsibility, Removal
from consent.purposes import facts as purposes
from consent.records import facts as records

BADGES: Mapping[Band, Text] = {Band.CHILD: lazy("Child"), Band.TEEN: lazy("Teenager"), Band.ADULT: lazy("Grown up")}


def answered_for(found: ParentalResponsibility, reader: User, at: datetime) -> dict[str, Any]:
    """One child, as a guardian reads it. Of another guardian it says that there is one, and nothing else."""
    child: Dependant = found.child.dependant
    child.person = found.child
    others = ParentalResponsibility.objects.live().of(child.person_id).exclude(pk=found.pk)
    row = found.delegation
    return {
        "found": found,
        "child": child,
        "name": found.child.name,
        "badge": BADGES[facts.band(child, at)],
        "born": date_format(child.born_on, _("j F Y")),
        "country": country(child.country) if child.country else "",
        "is_child": facts.band(child, at) is Band.CHILD,
        "consents_from": day(child, What.CONSENT, at),
        "grown_up_from": day(child, What.MAJORITY, at),
        "method": found.get_method_display(),
        "since": reader.local(found.from_at),
        "others": len(others),
        "can_act": row is not None and delegations.listed(row, reader, {}, at)["badge_kind"] == "good",
        "row": row,
        "is_protected": child.protected_at is not None,
        "may_hand_over": child.claimed_at is None and facts.band(child, at) is not Band.CHILD,
    }


def powers(found: ParentalResponsibility) -> dict[str, list[dict[str, Any]]]:
    """What guardians can do for the child, and what else they could."""
    now = set(found.delegation.actions) if found.delegation else set()
    each = [
        {"key": name, "words": delegations.doing(name), "on": name in now} for name in facts.powers(limits.current())
    ]
    return {"can": [one for one in each if one["on"]], "could": [one for one in each if not one["on"]]}


def asked(request: FamilyRequest, reader: User, at: datetime) -> dict[str, Any]:
    """Something that waits for an answer, as either guardian reads it."""
    return {
        "request": request,
        "child": request.child.name,
        "what": _what(request, at),
        "is_mine": request.asker_id == reader.pk,
        "until": reader.local(request.expires_at),
    }


def guardian(found: ParentalResponsibility, reader: User, at: datetime) -> dict[str, Any]:
    """Somebody who answers for the reader: who, how that is known, and what they can do and see."""
    row, child = found.delegation, reader.dependant
    by = Actor(ActorKind.CUSTOMER, reader.pk, Channel.WEB)
    may = policy.may_renew(facts.renewing(row, child, by, at), limits=limits.current(), at=at) if row else None
    return {
        "name": found.guardian.name or spelled_out(found.guardian.email),
        "method": found.get_method_display(),
        "since": reader.local(found.from_at),
        "each": delegations.listed(row, reader, {}, at) if row else None,
        "row": row,
        "until": reader.local(row.ends_at) if row else "",
        "may_go_on": isinstance(may, Allow),
    }


def removal(found: Removal, reader: User) -> dict[str, Any]:
    """That one guardian be removed, as either reads it."""
    return {
        "removal": found,
        "child": found.child.name,
        "is_mine": found.asker_id == reader.pk,
        "ready": reader.local(found.ready_at),
        "objected": found.objected_at is not None,
    }


def _what(request: FamilyRequest, at: datetime) -> Text:
    if request.kind == Asks.INVITE:
        return _("%(who)s is invited to answer for the child too.") % {"who": request.shown}
    if request.kind == Asks.POWER:
        return _("Guardians may do this as well: %(what)s") % {"what": delegations.doing(request.key)}
    now = purposes.active(at).get(request.key)
    return _("Allow for the child: %(what)s") % {"what": records.described(now)["title"] if now else request.key}


def day(child: Dependant, what: What, at: datetime) -> str:
    """On which day the child is old enough for it."""
    return date_format(facts.comes_of(child, what, at).astimezone(child.person.zone), _("j F Y"))

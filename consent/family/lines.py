"""How a child and those who answer for it read on the pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from ciam_portal.core.words import Text, country
from consent.delegation import lines as delegations
from consent.family import facts
from consent.family.shapes import Band, What
from consent.models import Dependant, ParentalResponsibility

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
    }


def day(child: Dependant, what: What, at: datetime) -> str:
    """On which day the child is old enough for it."""
    return date_format(facts.comes_of(child, what, at).astimezone(child.person.zone), _("j F Y"))

"""Who a service means by the names that it knows its customers by."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, F
from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, Value

from accounts.models import User
from ciam_portal.oauth.models import Partner
from consent.use import facts
from consent.use.facts import Person


def known_to(partner: Partner, subjects: Iterable[str], at: datetime) -> Mapping[str, Person]:
    """These of its customers, by their names there, with what they said to us ourselves. One statement.

    Its customers are those who ever connected an app of its sector; to a service whose subjects are public, everybody is.
    Of all others, and of those who left, nothing is told: it is as if nobody was ever called so.
    """
    names = tuple(dict.fromkeys(subjects))
    if partner.subject_type == Partner.SubjectType.PUBLIC:
        found = facts.people([UUID(each) for each in names if _is_id(each)], at)
        return {str(key): person for key, person in found.items()}
    return facts.people_named(names, partner.sector, at)

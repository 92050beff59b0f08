"""A service asks before it uses data; staff say for what it may ask at all."""

from collections.abc import Mapping
from datetime import datetime

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.partners import Unacceptable
from ciam_portal.oauth.scopes import DATA_USE
from consent.data_use import events, facts
from consent.data_use.shapes import DataUse
from consent.ledger.shapes import Party, Way
from consent.purposes import facts as purposes
from consent.purposes.facts import Wanted
from consent.use import flows as leaving
from consent.use.shapes import Released, To


def ask(service: Partner, asked: DataUse, *, at: datetime) -> Mapping[str, Released]:
    """What of this the service may use now, of each subject, by the name it gave. All of it is in the ledger.

    Two statements for however many. Raises DatabaseError if the ledger cannot be written, and nothing may be used.
    """
    people = facts.people(service, asked["subjects"], at)
    wanted = Wanted(asked["purpose"], tuple(asked["categories"]), ())
    to = To(Party(service.pk), Way.DATA_USE, is_ours=True, purposes=frozenset(service.data_purposes))
    return leaving.release_each(people, [wanted], to, at=at)


@flow
def let_use(partner: Partner, keys: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """From now on it may use data for these purposes, as a service of ours, and no others. Raises Unacceptable."""
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    _check(partner, keys, at)
    others = [name for name in partner.scopes_allowed if name != DATA_USE]
    partner.data_purposes, partner.scopes_allowed = sorted(set(keys)), [*others, *([DATA_USE] if keys else [])]
    partner.save(update_fields=["data_purposes", "scopes_allowed"])
    event = events.PartnerMayUse(partner=partner.pk, data_purposes=tuple(map(Code, partner.data_purposes)))
    record(event, about=None, by=by, at=at)


def _check(partner: Partner, keys: tuple[str, ...], at: datetime) -> None:
    known = purposes.active(at)
    if unknown := sorted(set(keys) - known.keys()):
        raise Unacceptable(f"Unknown purpose: {', '.join(unknown)}. In use: {', '.join(sorted(known))}.")
    if keys and partner.is_public:
        raise Unacceptable("A service that uses data proves who it is; a public partner cannot.")
    if keys and partner.rules.agent:
        raise Unacceptable("An agent acts for customers, and uses no data for purposes of ours.")
    if keys and partner.environment == Environment.SANDBOX:
        raise Unacceptable("A sandbox partner uses no data of customers.")

"""What a delegation rests on at this moment, and what is between two people already."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.customer import addresses
from accounts.factors import bound
from accounts.models import Passkey, Totp, User
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.mailbox import reader
from consent.delegation import policy
from consent.delegation.models import DelegationQuerySet
from consent.delegation.policy import Acting, Holder
from consent.delegation.shapes import Act, Asked, Kind, State, Terms
from consent.models import Delegation, DelegationRequest

_A_DAY = timedelta(hours=24)


def acting(delegation: UUID, act: Act | None = None, *, at: datetime) -> Acting:
    """All that one thing a delegate wants to do rests on, as it stands now. One statement.

    A delegation that is not there any more is like one that is over.
    """
    row = with_people(Delegation.objects.filter(pk=delegation)).first()
    return Acting() if row is None else of(row, act, at=at)


def with_people(rows: DelegationQuerySet) -> DelegationQuerySet:
    """The same rows, with all that ``of`` reads, by the statement that reads them."""
    mine = {"user": OuterRef("delegate"), "confirmed": True}
    second = Exists(Totp.objects.filter(**mine)) | Exists(Passkey.objects.filter(**mine))
    return rows.select_related("owner", "delegate", "agent").annotate(has_second_step=second)


def of(row: Delegation, act: Act | None = None, *, at: datetime) -> Acting:
    """The same, of a row that was read ``with_people``. No statement."""
    act = act or Act()
    today = at.astimezone(row.owner.zone).date()
    return Acting(
        delegation=row.pk,
        kind=Kind(row.kind),
        state=State(row.state),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        terms=_terms(row),
        owner_open=row.owner.is_open_at(at),
        delegate_open=_is_open(row, at),
        has_second_step=row.kind == Kind.AGENT or bool(getattr(row, "has_second_step", False)),
        action=act.action,
        scopes=tuple(sorted(act.scopes)),
        partner=act.partner,
        place_covered=not act.resource or act.resource in row.resources,
        amount=act.amount,
        currency=act.currency,
        spent=row.spent_on(today),
        done=row.done_by(today),
        approved=act.approved,
    )


def _terms(row: Delegation) -> Terms:
    """What was granted; of an agent, what is within its ceiling as well."""
    if row.agent is None:
        return row.terms
    most = {*row.agent.actions_allowed, *row.agent.scopes_allowed}
    actions, scopes = (tuple(name for name in names if name in most) for names in (row.terms.actions, row.terms.scopes))
    return replace(row.terms, actions=actions, scopes=scopes)


def _is_open(row: Delegation, at: datetime) -> bool:
    if row.agent is not None:
        return row.agent.is_on
    return row.delegate is not None and row.delegate.is_open_at(at)


def holder(row: Delegation, by: Actor) -> Holder:
    """Which side acts. Nobody acts for either side here: whoever acts for another is neither."""
    if by.kind is ActorKind.SYSTEM:
        return Holder.SYSTEM
    if by.is_self(row.owner_id):
        return Holder.OWNER
    return Holder.DELEGATE if row.delegate_id is not None and by.is_self(row.delegate_id) else Holder.OTHER


def standing(row: Delegation, by: Actor) -> policy.Standing:
    """It, as whoever wants to change it finds it."""
    return policy.Standing(
        state=State(row.state),
        holder=holder(row, by),
        terms=row.terms,
        ends_at=row.ends_at,
        expires_at=row.expires_at,
        reminded=row.reminded_at is not None,
        of_family=row.kind == Kind.GUARDIAN,
    )


def has_second_step(person: User) -> bool:
    """Whether they hold one. One statement."""
    return bool(bound.second_factors(person))


def mailboxes(person: User) -> frozenset[str]:
    """By which somebody is the one that an invitation was sent to: addresses that they have proven."""
    return frozenset(reader(address) for address in addresses.proven(person))


def known(address: str) -> User | None:
    """Whose address it is, if anybody has proven it. To nobody but them is it ever said that there is somebody."""
    found = User.objects.filter(email=address, is_active=True).first()
    return found if found is not None and addresses.is_proven(found) else None


def pair(owner: User, delegate: User, *, besides: UUID | None = None) -> policy.Pair:
    """What is between two people who know of each other."""
    between = Delegation.objects.live().exclude(pk=besides) if besides else Delegation.objects.live()
    return policy.Pair(
        is_own=owner.pk == delegate.pk,
        is_live=between.filter(owner=owner, delegate=delegate).exists(),
        is_circle=between.filter(owner=delegate, delegate=owner).exists(),
    )


def for_offer(owner: User, address: str, at: datetime) -> policy.Pair:
    """What is between an owner and whoever reads an address: only what the owner knows already."""
    theirs = Delegation.objects.filter(owner=owner, kind__in=_PEOPLE)
    to_them = theirs.filter(Q(mailbox=reader(address)) | _is(address, "delegate"))
    from_them = Delegation.objects.live().filter(_is(address, "owner"), delegate=owner)
    waiting = theirs.filter(state=State.OFFERED, expires_at__gt=at)
    return policy.Pair(
        is_own=reader(address) in addresses.mailboxes(owner),
        is_live=to_them.live().exists() or waiting.filter(mailbox=reader(address)).exists(),
        is_circle=from_them.exists(),
        open_now=waiting.count(),
        today=theirs.filter(made_at__gt=at - _A_DAY).count(),
    )


def offered_today(person: User, at: datetime) -> list[datetime]:
    """When they invited others, or asked them, within a day."""
    offers = Delegation.objects.filter(owner=person, kind__in=_PEOPLE, made_at__gt=at - _A_DAY)
    asked = DelegationRequest.objects.filter(asker=person, made_at__gt=at - _A_DAY)
    return [*offers.values_list("made_at", flat=True), *asked.values_list("made_at", flat=True)]


def for_request(asker: User, address: str, at: datetime) -> tuple[policy.Pair, tuple[datetime, ...]]:
    """The same between somebody who asks and whoever reads that address, and when that person refused them."""
    mine = DelegationRequest.objects.filter(asker=asker)
    waiting, box = mine.open(at), reader(address)
    live = Delegation.objects.live()
    found = policy.Pair(
        is_own=box in addresses.mailboxes(asker),
        is_live=waiting.filter(mailbox=box).exists() or live.filter(_is(address, "owner"), delegate=asker).exists(),
        is_circle=live.filter(_is(address, "delegate"), owner=asker).exists(),
        open_now=waiting.count(),
        today=mine.filter(made_at__gt=at - _A_DAY).count(),
    )
    refused = mine.filter(mailbox=box, state=Asked.REFUSED)
    return found, tuple(each for each in refused.values_list("ended_at", flat=True) if each is not None)


def _is(address: str, side: str) -> Q:
    return Q(**{f"{side}__email": address})


_PEOPLE = (Kind.PERSON, Kind.GUARDIAN, Kind.MEMBER)

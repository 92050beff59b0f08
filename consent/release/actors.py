"""Who acts for the customer of a token, and whether they still may: one statement, and none for a token without."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance
from ciam_portal.core.policy.catalogue import Sensitivity
from ciam_portal.core.policy.decision import Decision
from ciam_portal.oauth import actors as entities
from ciam_portal.oauth.families import Carried
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.scopes import DELEGATIONS
from ciam_portal.oauth.transactions import Transaction
from consent.delegation import facts as delegations
from consent.delegation import policy as delegating
from consent.delegation.shapes import Act
from consent.models import Consent, Delegation
from consent.permission import facts, policy
from consent.records import facts as records

_ALWAYS = frozenset({"openid"})  # whoever sees anything of somebody is told whose it is
_NOTHING = gate.Facts()
Question = Callable[..., Decision]


@dataclass(frozen=True, slots=True)
class Acts:
    """Somebody who acts for another in an app, as all they rest on stands now.

    ``standing`` is what is asked of them before the gate is, ``token`` what the gate knows, ``by`` who it is for the
    record. None of ``person``: nobody who may.
    """

    standing: tuple[tuple[Question, object], ...]
    by: Actor
    token: gate.Facts = _NOTHING
    person: User | None = None
    row: Delegation | None = None

    @property
    def agent(self) -> Partner | None:
        """The program that acts, if it is one."""
        return self.row.agent if self.row is not None else None

    def ends_at(self, at: datetime) -> datetime:
        """When it is over, at the latest."""
        return self.row.ends_at if self.row is not None else at

    def carry(self, carried: Carried, at: datetime) -> Carried:
        """A token of an agent's says that one acts, is for minutes, and over when its grant is. Others stay as is."""
        if self.agent is None or self.row is None:
            return carried
        act, longest = entities.program(self.agent), timedelta(seconds=limits.current().oauth.delegated_token_seconds)
        says = carried.says | {"act": act} if carried.says else {}
        return replace(carried, says=says, act=act, delegation=self.row.pk, ends=min(at + longest, self.row.ends_at))

    def by_itself(self, action: str, asked: gate.Facts, at: datetime) -> gate.Facts:
        """What the gate asks about something that an agent does while its customer is away.

        Up to moderate sensitivity the word counts that they gave when they let it; for more they have to be there, and
        to have proven it as freshly as for themselves.
        """
        row = gate.row_for(action, asked, limits.current())
        if self.agent is None or row is None or row.sensitivity > Sensitivity.MODERATE:
            return asked
        return replace(asked, session_live=True, assurance=Assurance(asked.assurance.level, at))

    def reach(self, scopes: Iterable[str]) -> tuple[str, ...]:
        """Of these scopes, those that the customer lets them use."""
        granted = _ALWAYS | (delegating.SCOPES & set(self.row.scopes) if self.row is not None else set())
        return tuple(name for name in scopes if name in granted)

    def doing(self, act: Act, at: datetime) -> delegating.Acting:
        """The same about one thing that they want to do. No statement."""
        return delegations.of(self.row, act, at=at) if self.row is not None else delegating.Acting()


def in_app(transaction: Transaction, app: UUID, *, approved: bool) -> Act:
    """A partner's transaction, as something that is done for another in the app that its customer connected."""
    amount, currency = transaction.amount, transaction.currency
    return Act(transaction.action, partner=app, amount=amount, currency=currency, approved=approved)


def read(delegation: UUID, consent: Consent, partner: Partner, session: Session, *, by: Actor, at: datetime) -> Acts:
    """Of whoever acts by this, for the customer of ``consent``, in this session of their own.

    ``partner`` holds the token; the app that the customer connected, and in which they act, is the consent's.
    """
    row = _found(delegation, consent)
    if row is not None and row.agent is not None:
        acting = Actor(ActorKind.PARTNER, row.agent.pk, Channel.API, request_id=by.request_id).for_owner(row.owner_id)
        token = accounts_facts.for_token(row.owner, session, by=acting, at=at)
        return Acts(((delegating.may_act, delegations.of(row, at=at)),), acting, token, None, row)
    if row is None or row.delegate is None:
        return nobody(by)
    person, owner = row.delegate, row.owner
    acting = Actor(ActorKind.CUSTOMER, person.pk, Channel.API, session.pk, by.request_id).for_owner(owner.pk)
    token = accounts_facts.for_token(person, session, by=acting, at=at)
    app = partner if partner.pk == consent.partner_id else consent.partner
    own = _own(row, person, app, session, at)
    knows = app.delegates and partner.delegates  # the app, and whoever got the token from it, read who acts
    standing = (
        (delegating.may_act, delegations.of(row, Act(partner=app.pk), at=at)),
        (policy.may_share, replace(own, partner_enabled=own.partner_enabled and knows)),
    )
    return Acts(standing, acting, token.for_owner(accounts_facts.of_account(owner, None, at)), person, row)


def nobody(by: Actor) -> Acts:
    """Who may not."""
    return Acts(((delegating.may_act, delegating.Acting()),), by)


def standing_of(partner: Partner, customer: UUID) -> UUID | None:
    """By what this agent acts for the customer; nothing for any other app, which costs no statement."""
    if partner.kind is not Kind.AGENT:
        return None
    return Delegation.objects.of_agent(customer, partner.pk).values_list("pk", flat=True).first()


def _found(delegation: UUID, consent: Consent) -> Delegation | None:
    """With both people, and what the delegate's own connection with the app is."""
    app = consent.partner_id
    connected = Consent.objects.live().filter(customer=OuterRef("delegate"), partner=app)
    said = records.choices(OuterRef("delegate"), app)
    rows = delegations.with_people(Delegation.objects.filter(pk=delegation, owner=consent.customer_id))
    kept = Subquery(connected.values(row=JSONObject(id="id", scopes="scopes"))[:1])
    return rows.annotate(connected=kept, said_to_app=said).first()


def _own(row: Delegation, person: User, app: Partner, session: Session, at: datetime) -> policy.Sharing:
    """Whether they themselves still let the app know for whom they act."""
    found = row.connected  # type: ignore[attr-defined]  # read along with it
    mine = Consent(
        pk=UUID(found["id"]) if found else row.pk,
        customer=person,
        partner=app,
        scopes=found["scopes"] if found else [],
        ended_at=None if found else at,
    )
    mine.choices = row.said_to_app  # type: ignore[attr-defined]  # as above
    needed = (DELEGATIONS,)
    return facts.for_sharing(mine, app, person, session, at, held=needed, needed=needed)

"""Links and codes that prove an address: declared by what each is for, made, looked up, spent.

Single use, digest only, bound to their purpose. Each theme declares its own links in its ``proofs`` and its own codes
beside the flows that send them; all that is true of a purpose stands in its spec.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Max, QuerySet

from accounts.models import Proof, User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision
from ciam_portal.core.policy.limits import Limits

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(links.Spec, Generic[Thing]):
    """A purpose of links.

    ``lives``: how long at most; ``about``: what one speaks of, None once that is gone; ``may``: the question whether it
    may be used, asked about ``facts`` (None: there is nothing to ask about); ``dead``: why not, when there is nothing
    to ask; ``way_on``: the template with what the dead link's page says of this one. ``alone``: a new one ends the
    others. ``opens``: it lets somebody in or changes something for good, so that it ends when the account changes hands
    (``drop``); one that opens nothing ends by time and use alone.
    """

    lives: Callable[[Limits], timedelta]
    about: Callable[[Proof], Thing | None]
    may: Callable[..., Decision]
    facts: Callable[[Proof, Thing | None, datetime], tuple[Any, ...] | None]
    dead: StrEnum
    way_on: str
    alone: bool = False
    opens: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """A purpose of codes: typed in the very session or try that they are bound to, for a few minutes."""

    name: str


Spec = Link[Any] | Code
Declared = TypeVar("Declared", bound=Spec)
KNOWN: dict[str, Spec] = {}
_STATE = "account state"


def declare(spec: Declared) -> Declared:
    """As each theme does with its own. The name is stored, so it stays. Raises ValueError if another one has it."""
    if spec.name in KNOWN:
        message = f"Two purposes are called {spec.name}."
        raise ValueError(message)
    KNOWN[spec.name] = spec
    return spec


@dataclass(frozen=True, slots=True)
class Sent:
    """A link that was made, and until when it works."""

    secret: str
    url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Opened(Generic[Thing]):
    """A link that somebody holds and may use, with what it speaks of."""

    secret: str
    proof: Proof
    about: Thing

    @property
    def customer(self) -> User:
        """Whose it is."""
        return self.proof.customer


def state_of(customer: User, password: str = "") -> str:
    """Changes when password or address change: a link bound to it dies with the change, with no clean-up.

    ``password``: with this one, as it is kept, in place of the customer's.
    """
    return codes.pseudonym(_state(customer, password), _STATE)


def is_still(state: str, customer: User, password: str = "") -> bool:
    """Whether this is the state that the account is in, by today's key or one being rotated out."""
    return codes.stands_for(state, _state(customer, password), _STATE)


def is_unchanged(proof: Proof) -> bool:
    """Whether the account is as it was when the link was sent. A link that brings its own password has that one."""
    return is_still(proof.bound_to, proof.customer, proof.password)


def _state(customer: User, password: str) -> str:
    return f"{customer.pk}:{password or customer.password}:{customer.email}"


def new_link(
    customer: User,
    spec: Link[Any],
    address: str,
    at: datetime,
    *,
    bound_to: UUID | None = None,
    until: datetime | None = None,
    password: str = "",
) -> Sent:
    """A link to be sent to ``address``, bound to what it speaks of, or else to the account as it is.

    ``until``: no longer than what it speaks of; ``password``: what it brings to a new account, as it is kept.
    """
    if spec.alone:
        void(customer, spec, at=at)
    secret, end = codes.new_token(), at + spec.lives(limits.current())
    end = min(end, until) if until else end
    Proof.objects.create(
        customer=customer,
        purpose=spec.name,
        digest=codes.digest(secret, spec.name),
        address=address,
        bound_to=str(bound_to or state_of(customer)),
        created_at=at,
        expires_at=end,
        password=password,
    )
    return Sent(secret, spec.url(secret), end)


def find_link(secret: str, spec: Link[Any]) -> Proof | None:
    """The proof that this secret belongs to, with its customer, whether or not it can still be used."""
    rows = Proof.objects.select_related("customer").filter(purpose=spec.name)
    return rows.filter(digest__in=codes.digests(secret, spec.name)).first()


def may_use(secret: str, spec: Link[Thing], at: datetime) -> Opened[Thing] | None:
    """The link, if it may be used now, for the page that shows its button; ``use`` asks again, under lock."""
    proof = find_link(secret, spec)
    about = spec.about(proof) if proof else None
    if proof is None or about is None:
        return None
    facts = spec.facts(proof, about, at)
    if facts is None or not isinstance(spec.may(*facts, limits=limits.current(), at=at), Allow):
        return None
    return Opened(secret, proof, about)


def use(secret: str, spec: Link[Thing], *, by: Actor, at: datetime) -> Opened[Thing]:
    """Spend the link if it may be used, its customer locked first, as everywhere. Part of a flow. Raises Refused."""
    found = find_link(secret, spec)
    if found is None:
        raise Refused(spec.dead)
    customer = User.objects.locked(found.customer_id)
    proof = Proof.objects.select_for_update().filter(pk=found.pk).first()
    if proof is None:
        raise Refused(spec.dead)
    proof.customer = customer
    about = spec.about(proof)
    facts = spec.facts(proof, about, at)
    if facts is None:
        raise Refused(spec.dead)
    require(spec.may, *facts, about=customer.pk, by=by, at=at)
    if about is None:  # the policy has refused: for the reader and the type checker
        raise Refused(spec.dead)
    proof.spend(at)
    return Opened(secret, proof, about)


def new_code(
    customer: User, spec: Code, bound_to: UUID, address: str, at: datetime, *, until: datetime | None = None
) -> str:
    """A code to be typed in this very session or try. Guesses made at an older code of it still count.

    Codes of other sessions go on working: whoever knows the password cannot void the owner's code by asking for one.
    With ``until`` it lives that long, and others of the same try stay: each of several people passes on their own.
    """
    earlier = _codes_of(customer, spec, bound_to, at)
    guesses: int = earlier.aggregate(most=Max("attempts", default=0))["most"]
    if until is None:
        earlier.filter(used_at__isnull=True).update(used_at=at)
        until = at + timedelta(minutes=limits.current().proof.code_minutes)
    code = codes.new_number()
    Proof.objects.create(
        customer=customer,
        purpose=spec.name,
        digest=codes.digest(f"{bound_to}:{code}", spec.name),
        address=address,
        bound_to=str(bound_to),
        created_at=at,
        expires_at=until,
        attempts=guesses,
    )
    return code


def _codes_of(customer: User, spec: Code, bound_to: UUID, at: datetime) -> QuerySet[Proof]:
    return Proof.objects.filter(customer=customer, purpose=spec.name, bound_to=str(bound_to), expires_at__gt=at)


def blocked_until(customer: User, spec: Code, bound_to: UUID, at: datetime) -> datetime | None:
    """Until when no code for this session is looked at, after too many wrong ones; None if one would be."""
    used_up = _codes_of(customer, spec, bound_to, at).filter(attempts__gte=limits.current().proof.code_attempts)
    last: datetime | None = used_up.aggregate(last=Max("expires_at"))["last"]
    return last


def awaits_code(customer: User, spec: Code, bound_to: UUID, at: datetime) -> bool:
    """Whether a code for this session is out that a guess would still be looked at for."""
    out = _codes_of(customer, spec, bound_to, at).filter(used_at__isnull=True)
    return out.filter(attempts__lt=limits.current().proof.code_attempts).exists()


def guess_code(customer: User, spec: Code, bound_to: UUID, code: str, at: datetime) -> bool:
    """Spend the code if it is right; count the guess if it is not. Call inside a transaction.

    There can be several: each contact of a customer has one of their own. A guess counts against all of them, and a
    right one spends all.
    """
    out = _codes_of(customer, spec, bound_to, at).filter(used_at__isnull=True)
    waiting = list(out.select_for_update().order_by("pk"))
    if any(proof.attempts >= limits.current().proof.code_attempts for proof in waiting):
        return False
    right = [codes.matches(f"{bound_to}:{code}", spec.name, proof.digest) for proof in waiting]
    for proof in waiting:
        if any(right):
            proof.spend(at)
        else:
            proof.missed()
    return any(right)


def waiting(customer: User, *specs: Spec) -> QuerySet[Proof]:
    """What was sent for these purposes and has been neither used nor replaced."""
    names = [spec.name for spec in specs]
    return Proof.objects.filter(customer=customer, purpose__in=names, used_at__isnull=True)


def void(customer: User, *specs: Spec, at: datetime) -> None:
    """All that was sent for these purposes is dead."""
    waiting(customer, *specs).update(used_at=at)


def drop(customer: User, at: datetime) -> None:
    """Every link and code of this customer that opens something is dead."""
    spared = [spec.name for spec in KNOWN.values() if isinstance(spec, Link) and not spec.opens]
    Proof.objects.filter(customer=customer, used_at__isnull=True).exclude(purpose__in=spared).update(used_at=at)

"""The one way out for data of a person: ask ``may_use``, write the ledger, and only then hand out what may go."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from accounts.models import User
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.outbox.tasks import MAY_BE_SENT
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Deny
from consent.ledger import counter
from consent.ledger.shapes import OURSELVES, Line, Way
from consent.models import Consent
from consent.purposes.facts import Wanted
from consent.use import facts, policy
from consent.use.facts import Person
from consent.use.shapes import Released, To

Name = TypeVar("Name")
_ADDRESSED = {Medium.MAIL.value: (Way.MAIL, "email"), Medium.SMS.value: (Way.SMS, "phone")}


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answer about one purpose: which categories may be used, and why none of them may."""

    purpose: str
    use: policy.Use
    may: frozenset[str]
    why: str

    @property
    def rest(self) -> frozenset[str]:
        """What may not."""
        return self.use.categories - self.may

    @property
    def why_not(self) -> str:
        """Why it may not: all of it, or this part."""
        return self.why or policy.Reason.NOT_COVERED.value


def release(person: Person, wanted: Iterable[Wanted], to: To, *, at: datetime) -> Released:
    """What of this may go out now. One statement; raises DatabaseError if it cannot be written, and nothing goes."""
    return release_each({person.id: person}, wanted, to, at=at)[person.id]


def release_to_app(
    consent: Consent, customer: User, scopes: Iterable[str], to: To, *, named: Iterable[str] = (), at: datetime
) -> Released:
    """The same for a connection: what these scopes of its app open, and the single claims that were ``named``."""
    return release(facts.of(consent, customer, at), facts.of_scopes(scopes, named), to, at=at)


def release_each(
    people: Mapping[Name, Person], wanted: Iterable[Wanted], to: To, *, at: datetime
) -> Mapping[Name, Released]:
    """The same for each of these people, still by one statement."""
    asked = [(each, facts.purpose(each.purpose, at)) for each in wanted]
    judged = {name: [_judge(person, *each, to, at) for each in asked] for name, person in people.items()}
    lines = Counter(line for name, found in judged.items() for each in found for line in _lines(people[name], each, to))
    counter.note(lines, at)
    return {
        name: _released(tuple((each.may, each.rest, each.why_not) for each in found)) for name, found in judged.items()
    }


@MAY_BE_SENT.join
def may_be_sent(notice: Notice, *, at: datetime) -> bool:
    """Whether a message may still go to its customer, for what it is sent; then that is in the ledger."""
    if not (notice.purpose and notice.customer_id and notice.channel in _ADDRESSED):
        return True
    way, category = _ADDRESSED[notice.channel]
    person = facts.people([notice.customer_id], at).get(notice.customer_id)
    if person is None:
        return False
    wanted = Wanted(notice.purpose, (category,), ())
    return category in release(person, [wanted], To(OURSELVES, way, is_ours=True), at=at).categories


def _judge(person: Person, wanted: Wanted, found: facts.Found, to: To, at: datetime) -> _Judged:
    is_its_purpose = to.purposes is None or wanted.purpose in to.purposes
    use = facts.use(wanted, found, person, is_its_purpose=is_its_purpose, is_ours=to.is_ours)
    answer = policy.may_use(use, limits=limits.current(), at=at)
    why = str(answer.reason) if isinstance(answer, Deny) else ""
    return _Judged(wanted.purpose, use, policy.permitted(use, at), why)


@lru_cache(maxsize=1024)
def _released(judged: tuple[tuple[frozenset[str], frozenset[str], str], ...]) -> Released:
    """Of each purpose what may go, what may not, and why not: many people's is the same."""
    going, withheld, why = frozenset[str](), dict[str, str](), set[str]()
    for may, rest, why_not in judged:
        going |= may
        withheld |= dict.fromkeys(rest, why_not)
        why |= {why_not} if rest else set()
    held = {category: reason for category, reason in withheld.items() if category not in going}
    return Released(going, MappingProxyType(held), asks=bool(why & policy.CAN_BE_ASKED))


def _lines(person: Person, judged: _Judged, to: To) -> Iterator[Line]:
    is_refused = bool(judged.rest or judged.why)
    if judged.may or not is_refused:
        yield _line(person, judged, to, judged.may, reason="")
    if is_refused:
        yield _line(person, judged, to, judged.rest, reason=judged.why_not)


def _line(person: Person, judged: _Judged, to: To, categories: frozenset[str], *, reason: str) -> Line:
    purpose, said = judged.use.purpose, judged.use.said
    return Line(
        customer=person.id,
        purpose=judged.purpose,
        version=purpose.version if purpose else 0,
        basis=purpose.basis.value if purpose else "",
        categories=tuple(sorted(categories)),
        way=to.way,
        party=to.party,
        event=said.number if said else None,
        actor=to.actor,
        reason=reason,
    )

"""The one way out for data of a person: ask ``may_use``, write the ledger, and only then hand out what may go."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from consent.ledger.shapes import Line
from consent.models import Use
from consent.purposes.facts import Wanted
from consent.use import facts, policy
from consent.use.facts import Person
from consent.use.shapes import Released, To
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny


def release(person: Person, wanted: Iterable[Wanted], to: To, *, at: datetime) -> Released:
    """What of this may go out now. One statement; raises DatabaseError if it cannot be written, and nothing goes."""
    return release_each([person], tuple(wanted), to, at=at)[person.id]


def release_each(
    people: Sequence[Person], wanted: tuple[Wanted, ...], to: To, *, at: datetime
) -> Mapping[UUID, Released]:
    """The same for each of these people, still by one statement."""
    lines: list[Line] = []
    found = {person.id: _judged(person, wanted, to, lines, at) for person in people}
    Use.objects.note(lines, at)
    return found


def _judged(person: Person, wanted: tuple[Wanted, ...], to: To, lines: list[Line], at: datetime) -> Released:
    going: set[str] = set()
    withheld: dict[str, str] = {}
    asks = False
    for each in wanted:
        is_its_purpose = to.purposes is None or each.purpose in to.purposes
        use = facts.use(each, person, is_its_purpose=is_its_purpose, is_ours=to.is_ours, at=at)
        answer = policy.may_use(use, limits=limits.current(), at=at)
        may = policy.permitted(use, at)
        why = answer.reason if isinstance(answer, Deny) else policy.Reason.NOT_COVERED
        asks = asks or why in policy.CAN_BE_ASKED
        going |= may
        withheld |= dict.fromkeys(use.categories - may, str(why))
        if may or (isinstance(answer, Allow) and not use.categories):
            lines.append(_line(each, use, person, to, may, ""))
        if use.categories - may:
            lines.append(_line(each, use, person, to, use.categories - may, str(why)))
    return Released(frozenset(going), {name: why for name, why in withheld.items() if name not in going}, asks)


def _line(wanted: Wanted, use: policy.Use, person: Person, to: To, categories: frozenset[str], reason: str) -> Line:
    purpose, said = use.purpose, use.said
    return Line(
        customer=person.id,
        purpose=wanted.purpose,
        version=purpose.version if purpose else 0,
        basis=purpose.basis.value if purpose else "",
        categories=tuple(sorted(categories)),
        way=to.way,
        party=to.party,
        event=said.number if said else None,
        actor=to.actor,
        reason=reason,
    )

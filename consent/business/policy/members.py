"""Who may look after a business, and who belongs to it. A business that is open always has an owner."""

from dataclasses import dataclass, field
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.business.policy.reasons import Reason
from consent.business.shapes import Stands
from consent.delegation.policy import wrong_with
from consent.delegation.shapes import Terms


@dataclass(frozen=True, slots=True)
class Manager:
    """Who wants to look after a business, as they stand. Left out: they may not."""

    is_owner: bool = False
    has_second_step: bool = False
    business_open: bool = False


@dataclass(frozen=True, slots=True)
class Founding:
    """Somebody begins a business. ``owned``: how many they look after already."""

    is_self: bool = False
    is_open: bool = False
    has_second_step: bool = False
    owned: int = 0


@dataclass(frozen=True, slots=True)
class Inviting:
    """Whom an owner invites, and to what. ``members``: how many there are, those invited among them."""

    is_own: bool = True
    is_there: bool = True
    members: int = 0
    today: int = 0
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Answering:
    """An invitation and who answers it. Left out: it is refused."""

    stands: Stands = Stands.GONE
    is_theirs: bool = False
    is_there: bool = True
    business_open: bool = False
    person_open: bool = False
    has_second_step: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member, as an owner or they themselves want to change something. ``others``: other owners who can act.

    ``is_asked``: their removal as an owner waits already.
    """

    stands: Stands = Stands.GONE
    is_owner: bool = False
    is_self: bool = False
    has_second_step: bool = False
    others: int = 0
    is_asked: bool = True


@dataclass(frozen=True, slots=True)
class Saving:
    """A role of the business's own. ``roles``: how many others there are.

    ``widens_own``: whoever saves it has it, could do more by it, and there is another owner.
    """

    roles: int = 0
    terms: Terms = field(default_factory=Terms)
    widens_own: bool = True


def manages(who: Manager) -> Deny | None:
    """Why somebody may not look after it, if they may not."""
    if not who.is_owner:
        return Deny(Reason.NOT_AN_OWNER)
    if not who.business_open:
        return Deny(Reason.SHUT)
    return None if who.has_second_step else Deny(Reason.NO_SECOND_STEP)


@question("business.may_found")
def may_found(facts: Founding, *, limits: Limits, at: datetime) -> Decision:
    """Anybody with a second step, a few of them."""
    if not facts.is_self:
        return Deny(Reason.NOT_YOURS)
    if not facts.is_open:
        return Deny(Reason.PERSON_SHUT)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    return Allow() if facts.owned < limits.business.per_customer else Deny(Reason.ENOUGH_BUSINESSES)


@question("business.may_invite")
def may_invite(who: Manager, inviting: Inviting, *, limits: Limits, at: datetime) -> Decision:
    """An owner, somebody who is not there yet, to a role that can be given."""
    if (no := manages(who)) is not None:
        return no
    if (wrong := wrong_with(inviting.terms, limits)) is not None:
        return Deny(wrong)
    if inviting.is_own:
        return Deny(Reason.OWN)
    if inviting.is_there:
        return Deny(Reason.SAME)
    if inviting.members >= limits.business.members:
        return Deny(Reason.ENOUGH_MEMBERS)
    return Allow() if inviting.today < limits.business.invitations_per_day else Deny(Reason.TOO_MANY)


@question("business.may_answer")
def may_answer(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Whoever it was sent to, once, while it is open: to say no, that is all it takes."""
    if not facts.is_theirs:
        return Deny(Reason.NOT_FOR_YOU)
    fresh = facts.expires_at is not None and at < facts.expires_at
    return Allow() if facts.stands is Stands.INVITED and fresh else Deny(Reason.NOT_OPEN)


@question("business.may_join")
def may_join(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """To say yes, both accounts can be used, and there is a second step."""
    answer = may_answer(facts, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if not facts.business_open:
        return Deny(Reason.SHUT)
    if not facts.person_open:
        return Deny(Reason.PERSON_SHUT)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    return Deny(Reason.SAME) if facts.is_there else Allow()


@question("business.may_take_back")
def may_take_back(who: Manager, member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner, an invitation that nobody has answered."""
    if not who.is_owner:
        return Deny(Reason.NOT_AN_OWNER)
    return Allow() if member.stands is Stands.INVITED else Deny(Reason.NOT_OPEN)


@question("business.may_lapse")
def may_lapse(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Once nobody answered in time."""
    over = facts.stands is Stands.INVITED and (facts.expires_at is None or at >= facts.expires_at)
    return Allow() if over else Deny(Reason.NOT_OPEN)


@question("business.may_assign")
def may_assign(who: Manager, member: Member, now: Terms, then: Terms, *, limits: Limits, at: datetime) -> Decision:
    """An owner gives a member a role, or for longer; nobody more to themselves while there is another owner."""
    if (no := manages(who)) is not None:
        return no
    if member.stands is not Stands.MEMBER:
        return Deny(Reason.NOT_A_MEMBER)
    if (wrong := wrong_with(then, limits)) is not None:
        return Deny(wrong)
    if not member.has_second_step:
        return Deny(Reason.NO_SECOND_STEP if member.is_self else Reason.THEIR_SECOND_STEP)
    own = member.is_self and member.others > 0 and not then.within(now)
    return Deny(Reason.OWN_RIGHTS) if own else Allow()


@question("business.may_pause")
def may_pause(who: Manager, *, limits: Limits, at: datetime) -> Decision:
    """An owner, at once: to stop what goes on, nothing is asked for."""
    return Allow() if who.is_owner else Deny(Reason.NOT_AN_OWNER)


@question("business.may_let_go_on")
def may_let_go_on(who: Manager, member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner, a member; who is paused, another owner lets go on where there is one."""
    if (no := manages(who)) is not None:
        return no
    if member.stands is not Stands.MEMBER:
        return Deny(Reason.NOT_A_MEMBER)
    return Deny(Reason.OWN_RIGHTS) if member.is_self and member.others > 0 else Allow()


@question("business.may_make_owner")
def may_make_owner(who: Manager, member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner, a member with a second step."""
    if (no := manages(who)) is not None:
        return no
    if member.stands is not Stands.MEMBER:
        return Deny(Reason.NOT_A_MEMBER)
    if member.is_owner:
        return Deny(Reason.OWNER_ALREADY)
    return Allow() if member.has_second_step else Deny(Reason.THEIR_SECOND_STEP)


@question("business.may_remove")
def may_remove(who: Manager, member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner, a member who is none."""
    if not who.is_owner:
        return Deny(Reason.NOT_AN_OWNER)
    if member.stands is not Stands.MEMBER:
        return Deny(Reason.NOT_A_MEMBER)
    return Deny(Reason.TAKES_TWO) if member.is_owner else Allow()


@question("business.may_leave")
def may_leave(member: Member, *, limits: Limits, at: datetime) -> Decision:
    """Anybody, at any time, without a word; the last owner cannot. To be an owner no more is the same question."""
    if not member.is_self:
        return Deny(Reason.NOT_YOURS)
    if member.stands is not Stands.MEMBER:
        return Deny(Reason.NOT_A_MEMBER)
    return Deny(Reason.LAST_OWNER) if member.is_owner and member.others == 0 else Allow()


@question("business.may_step_down")
def may_step_down(member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner who is not the last one; they stay a member."""
    return may_leave(member, limits=limits, at=at) if member.is_owner else Deny(Reason.NOT_AN_OWNER)


@question("business.may_save_role")
def may_save_role(who: Manager, saving: Saving, *, limits: Limits, at: datetime) -> Decision:
    """An owner, what can be let. Nobody lets themselves do more by it, as with ``may_assign``."""
    if (no := manages(who)) is not None:
        return no
    if (wrong := wrong_with(saving.terms, limits)) is not None:
        return Deny(wrong)
    if saving.widens_own:
        return Deny(Reason.OWN_RIGHTS)
    return Allow() if saving.roles < limits.business.roles else Deny(Reason.ENOUGH_ROLES)


@question("business.may_drop_role")
def may_drop_role(who: Manager, holders: int, *, limits: Limits, at: datetime) -> Decision:
    """An owner, a role that nobody has."""
    if not who.is_owner:
        return Deny(Reason.NOT_AN_OWNER)
    return Allow() if holders == 0 else Deny(Reason.ROLE_IN_USE)


@question("business.may_manage")
def may_manage(who: Manager, *, limits: Limits, at: datetime) -> Decision:
    """An owner who has a second step, while the business is open."""
    return manages(who) or Allow()


@question("business.may_close")
def may_close(who: Manager, others: int, *, limits: Limits, at: datetime) -> Decision:
    """The only owner. Who else is one has to leave, or be removed, first: nobody loses a business silently."""
    if (no := manages(who)) is not None:
        return no
    return Allow() if others == 0 else Deny(Reason.OTHER_OWNERS)

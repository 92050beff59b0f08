"""What staff can do, and every way by which they could reach a takeover: alone, by break-glass, together.

Each theme declares its own: each flow that staff can call and each page of the staff site that writes belongs to one.
Pure: roles and names in, paths out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations_with_replacement

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core.roles import Role
from ciam_portal.core.words import Text

EVERY = frozenset(Role)
DESK = frozenset({Role.AGENT, Role.APPROVER})
LOOKERS = DESK | {Role.ADMINISTRATOR}
ADMIN = frozenset({Role.ADMINISTRATOR})
AGENT, APPROVER = frozenset({Role.AGENT}), frozenset({Role.APPROVER})
WATCHERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
OFFICERS = frozenset({Role.PRIVACY_OFFICER, Role.ADMINISTRATOR})
LARGEST = 3  # people in one coalition: to appoint somebody takes two, and the one who is appointed


class Effect(StrEnum):
    """What an action brings about."""

    SEE_SUMMARY = "see_summary"
    SEE_RECORD = "see_record"
    SEE_TRAIL = "see_trail"
    EXPORT_TRAIL = "export_trail"
    CLOSE_DISPUTE = "close_dispute"
    DECIDE_SIGN_UP = "decide_sign_up"
    ACKNOWLEDGE_ALERT = "acknowledge_alert"
    TAKE_ROLE = "take_role"
    REVIEW_BREAK_GLASS = "review_break_glass"
    PROPOSE_ROLE = "propose_role"
    REJECT_ROLE = "reject_role"
    REMOVE_ROLE = "remove_role"
    PROPOSE_POLICY = "propose_policy"
    REJECT_POLICY = "reject_policy"
    PROPOSE_REDIRECT_URI = "propose_redirect_uri"
    REJECT_REDIRECT_URI = "reject_redirect_uri"
    SWITCH_PARTNER = "switch_partner"
    PROPOSE_PURPOSE = "propose_purpose"
    CHANGE_PURPOSE = "change_purpose"
    RETIRE_PURPOSE = "retire_purpose"
    RESTRICT = "restrict"
    LIFT_RESTRICTION = "lift_restriction"
    REVIEW_RESTRICTION = "review_restriction"
    NOTE_EVIDENCE = "note_evidence"
    PROPOSE_RECOVERY = "propose_recovery"
    REJECT_RECOVERY = "reject_recovery"
    SEND_LINK = "send_link"
    ANSWER_REQUEST = "answer_request"
    NOTE_IDENTITY = "note_identity"
    CONFIRM_IDENTITY = "confirm_identity"
    TRAIN_STAFF = "train_staff"
    PROTECT_CHILD = "protect_child"
    LIFT_PROTECTION = "lift_protection"
    MOVE_CUSTOMERS = "move_customers"
    REJECT_MOVE = "reject_move"
    PROPOSE_REMOVAL = "propose_removal"
    REMOVE_GUARDIAN = "remove_guardian"
    # With these an account, or all of them, can be taken over.
    CHANGE_ROLE = "change_role"
    CHANGE_POLICY = "change_policy"
    RESTORE_ACCESS = "restore_access"
    CHANGE_ADDRESS = "change_address"
    CHANGE_FACTOR = "change_factor"
    CHANGE_REDIRECT_URI = "change_redirect_uri"


TAKEOVER = frozenset({
    Effect.CHANGE_ROLE, Effect.CHANGE_POLICY, Effect.RESTORE_ACCESS,
    Effect.CHANGE_ADDRESS, Effect.CHANGE_FACTOR, Effect.CHANGE_REDIRECT_URI,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class StaffAction:
    """One thing that staff can do. ``after``: what another person must have done first.

    ``standing``: a role taken by break-glass does not count. ``flows`` and ``pages`` (names of admin routes) do it.
    """

    name: Text
    roles: frozenset[Role]
    effect: Effect
    after: Effect | None = None
    standing: bool = False
    flows: tuple[Callable[..., object], ...] = ()
    pages: tuple[str, ...] = ()


Actions = tuple[StaffAction, ...]
_declared: list[StaffAction] = []


def declare(*actions: StaffAction) -> None:
    """What staff can do with a theme: said in its ``privileges`` file, read at start (``ciam_portal.core.themes``)."""
    _declared.extend(actions)


def declared() -> Actions:
    """Everything that staff can do."""
    return tuple(_declared)


@dataclass(frozen=True, slots=True)
class Step:
    """``person`` (numbered from 1) does this. An empty role: got by an earlier step."""

    person: int
    role: str
    does: Text


@dataclass(frozen=True, slots=True)
class Path:
    """These people, and no fewer, can bring this effect about."""

    effect: Effect
    people: tuple[Role, ...]
    steps: tuple[Step, ...]


@dataclass(slots=True)
class _Coalition:
    """So many people with their roles, and what they can bring about: grown until nothing new comes of it."""

    start: tuple[frozenset[Role], ...]
    standing: list[set[Role]] = field(default_factory=list)
    taken: list[set[Role]] = field(default_factory=list)
    how: dict[tuple[Effect, int], tuple[StaffAction, int | None]] = field(default_factory=dict)
    appointed: dict[int, tuple[int, int]] = field(default_factory=dict)

    def grow(self, actions: Actions) -> None:
        """Until nothing new comes of it."""
        self.standing = [set(roles) for roles in self.start]
        self.taken = [set() for _ in self.start]
        while self._act(actions) or self._change_roles():
            pass

    def _act(self, actions: Actions) -> bool:
        grown = False
        for action in actions:
            for person in range(len(self.start)):
                key = action.effect, person
                held = self.standing[person] if action.standing else self.standing[person] | self.taken[person]
                if key in self.how or not held & action.roles:
                    continue
                other = self._other(action.after, person)
                if action.after is None or other is not None:
                    self.how[key] = action, other
                    grown = True
        return grown

    def _other(self, effect: Effect | None, person: int) -> int | None:
        """Somebody else who can bring it about."""
        others = (each for each in range(len(self.start)) if each != person and (effect, each) in self.how)
        return next(others, None)

    def _change_roles(self) -> bool:
        """Whoever breaks the glass takes any role; two appoint a third, never one of themselves."""
        grown = False
        for person in range(len(self.start)):
            if (Effect.TAKE_ROLE, person) in self.how and self.taken[person] != EVERY:
                self.taken[person], grown = set(EVERY), True
            pair = self._appointers(person)
            if pair is not None and self.standing[person] != EVERY:
                self.standing[person], grown = set(EVERY), True
                self.appointed[person] = pair
        return grown

    def _appointers(self, person: int) -> tuple[int, int] | None:
        others = [each for each in range(len(self.start)) if each != person]
        for approver in others:
            found = self.how.get((Effect.CHANGE_ROLE, approver))
            if found is None:
                continue
            action, _ = found
            for proposer in others:
                if action.after is None:
                    return approver, approver
                if proposer != approver and (action.after, proposer) in self.how:
                    return proposer, approver
        return None

    def steps(self, effect: Effect, person: int) -> tuple[Step, ...]:
        """How this person brings it about, first step first."""
        action, other = self.how[effect, person]
        before = self.steps(action.after, other) if action.after is not None and other is not None else ()
        own = sorted(self.start[person] & action.roles)
        if own:
            return (*before, Step(person + 1, own[0], action.name))
        does: Text = lazy("breaks the glass")
        if person in self.appointed and effect is not Effect.CHANGE_ROLE:
            people = " + ".join(sorted({str(each + 1) for each in self.appointed[person]}))
            does = format_lazy(lazy("is given a role by {people}"), people=people)
        got = Step(person + 1, min(self.start[person], default=""), does)
        return (*before, got, Step(person + 1, "", action.name))


def reach(people: Iterable[frozenset[Role]], actions: Actions = ()) -> dict[Effect, list[Step]]:
    """What people who hold these roles and work together can bring about, and how."""
    coalition = _Coalition(tuple(people))
    coalition.grow(actions or declared())
    found: dict[Effect, list[Step]] = {}
    for effect, person in sorted(coalition.how):
        found.setdefault(effect, list(coalition.steps(effect, person)))
    return found


def paths(actions: Actions = ()) -> list[Path]:
    """For every takeover the smallest groups of people, one role each, who can bring it about."""
    found: list[Path] = []
    for size in range(1, LARGEST + 1):
        for people in combinations_with_replacement(Role, size):
            for effect, steps in reach([frozenset({role}) for role in people], actions).items():
                smaller = any(path.effect is effect and _within(path.people, people) for path in found)
                if effect in TAKEOVER and not smaller:
                    found.append(Path(effect, people, tuple(steps)))
    return found


def alone(actions: Actions = ()) -> list[Path]:
    """The takeovers that one person can bring about, with one role or with all of them. There must be none."""
    one = [path for path in paths(actions) if len(path.people) == 1]
    known = {path.effect for path in one}
    every = reach([EVERY], actions).items()
    return one + [Path(each, tuple(Role), tuple(how)) for each, how in every if each in TAKEOVER - known]


@dataclass(frozen=True, slots=True)
class Opened:
    """What one more role adds for a person: what they can do by it, and the takeovers it makes them able to join in.

    ``paths``: each with the other people it takes, one role each; with nobody else, it is a takeover alone.
    """

    actions: Actions
    paths: tuple[Path, ...]


def opened(held: frozenset[Role], role: Role, actions: Actions = ()) -> Opened:
    """What ``role`` opens to somebody who holds these roles."""
    after, found = held | {role}, list[Path]()
    for size in range(LARGEST):
        for others in combinations_with_replacement(Role, size):
            rest = [frozenset({other}) for other in others]
            before = reach([held, *rest], actions)
            for effect, steps in reach([after, *rest], actions).items():
                known = any(path.effect is effect and _within(path.people, others) for path in found)
                if effect in TAKEOVER - before.keys() and not known:
                    found.append(Path(effect, others, tuple(steps)))
    gained = tuple(action for action in actions or declared() if role in action.roles and not action.roles & held)
    return Opened(gained, tuple(found))


def _within(few: tuple[Role, ...], many: tuple[Role, ...]) -> bool:
    return len(few) < len(many) and all(few.count(role) <= many.count(role) for role in few)

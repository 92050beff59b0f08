"""The one issuance gate: what every grant asks at its start and at its end, and every use of a token at each use.

Whether all that a code or token hangs from still stands (``may_share``); then what the catalogue says to it in this
session, as it is now. There is no other way to a token: ``tests/oauth/test_issuance.py`` has a row for each grant.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.decide import Decided, keep, refusal
from ciam_portal.core.flow import go_on
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, StepUp
from ciam_portal.oauth import jwts
from ciam_portal.oauth.models import AuthorizationCode, Partner, RefreshToken
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.scopes import OFFLINE
from consent.models import Consent
from consent.permission import facts, policy
from consent.release import actors
from consent.release.actors import Acts, Question
from consent.release.events import Why


@dataclass(frozen=True, slots=True)
class Root:
    """What a code or token hangs from, as it was read or locked just now."""

    partner: Partner
    customer: User
    session: Session
    consent: Consent
    resources: tuple[str, ...] = ()
    """What a grant is for (RFC 8707); none: our own APIs."""
    delegation: UUID | None = None
    """By what somebody else acts for the customer, in a session of their own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer, and all that it rests on: ``gated`` has each action that was asked about, the refused one last.

    ``token`` is what the gate knows of all that is held, for what else is asked about it; ``by`` who asks, or who acts
    for the customer (``acts``), and ``person`` whose proofs count.
    """

    answer: Decision
    sharing: policy.Sharing
    token: gate.Facts
    person: User
    by: Actor
    acts: Acts | None = None
    gated: tuple[tuple[str, gate.Facts, gate.Assessed], ...] = ()

    @property
    def allowed(self) -> tuple[str, ...]:
        """Of the scopes held, those that the consent covers now."""
        return self.sharing.allowed

    @property
    def delegate(self) -> UUID | None:
        """Who acts for the customer, if somebody does."""
        return self.acts.person.pk if self.acts is not None and self.acts.person is not None else None

    def actor(self, party: UUID) -> UUID | None:
        """The same, as ``party`` uses what it is told: of a program too, unless it is the party itself."""
        agent = self.acts.agent if self.acts is not None else None
        return agent.pk if agent is not None and agent.pk != party else self.delegate

    @property
    def alike(self) -> tuple[object, ...]:
        """By what and with what it was allowed, which is the same of most that follow (``tally``)."""
        answer = self.answer
        found = sorted((each.code, each.points) for each in answer.findings) if isinstance(answer, Allow) else ()
        return limits.current().version, self.gated[-1][2].risk if self.gated else None, found

    @property
    def standing(self) -> tuple[tuple[Question, object], ...]:
        """What was asked before the gate."""
        return (policy.may_share, self.sharing), *(self.acts.standing if self.acts is not None else ())


def ask(root: Root, *actions: str, held: Iterable[str], needed: Iterable[str] = (), by: Actor, at: datetime) -> Asked:
    """May what holds these scopes be handed out, or used, at this moment? Nothing is kept."""
    acts = None
    if root.delegation is not None:
        acts = actors.read(root.delegation, root.consent, root.partner, root.session, by=by, at=at)
    elif root.partner.kind is Kind.AGENT:
        acts = actors.nobody(by)
    asked = _standing(root, acts, held=held, needed=needed, by=by, at=at)
    for action in actions if isinstance(asked.answer, Allow) else ():
        known, assessed = accounts_facts.assessed(action, asked.token, asked.person, at)
        asked = replace(asked, gated=(*asked.gated, (action, known, assessed)), answer=assessed.decision)
        if not isinstance(asked.answer, Allow):
            break
    return asked


def _standing(
    root: Root, acts: Acts | None, *, held: Iterable[str], needed: Iterable[str], by: Actor, at: datetime
) -> Asked:
    """Whether all it rests on stands, whatever the gate will say."""
    by_agent = acts is not None and acts.agent is not None
    held = (*held, OFFLINE) if by_agent else held  # it acts wherever its customer is, until its grant ends
    sharing = facts.for_sharing(root.consent, root.partner, root.customer, root.session, at, held=held, needed=needed)
    covered = set(ours.of_others(root.resources)) <= set(root.consent.resources)
    sharing = replace(sharing, resources_covered=covered)
    if acts is None:
        token = accounts_facts.for_token(root.customer, root.session, by=by, at=at)
        asked = Asked(Allow(), sharing, token, root.customer, by)
    else:
        sharing = replace(sharing, allowed=acts.reach(sharing.allowed))
        asked = Asked(Allow(), sharing, acts.token, acts.person or root.customer, acts.by, acts)
    rules = limits.current()
    answers = (question(known, limits=rules, at=at) for question, known in asked.standing)
    return replace(asked, answer=next((each for each in answers if not isinstance(each, Allow)), Allow()))


def kept(asked: Asked, root: Root, *, at: datetime) -> Decided:
    """The same, on record. That all still stands is kept by what it leads to; that it does not, with the facts."""
    about, by = root.customer.pk, asked.by
    if not asked.gated:
        found = (refusal(question, known, about=about, by=by, at=at) for question, known in asked.standing)
        return next(filter(None, found), Decided(asked.answer, None))
    decided = [keep(action, known, assessed, about=about, by=by, at=at) for action, known, assessed in asked.gated]
    return decided[-1]


def why_not(asked: Asked, root: Root, at: datetime) -> tuple[Why | None, UUID | None]:
    """The answer, kept: why not, and the decision's id."""
    decided = kept(asked, root, at=at)
    match decided.answer:
        case Allow():
            return None, decided.id
        case Deny() if not asked.gated:
            return Why.NOT_ALLOWED, decided.id
        case StepUp():
            return Why.PROVE_MORE, decided.id
        case Hold():
            return Why.ON_HOLD, decided.id
        case Deny():
            return Why.TOO_RISKY, decided.id


def may_begin(root: Root, *, held: Iterable[str], by: Actor, at: datetime) -> Asked:
    """The start of a grant, by its customer: what is refused at its end is not begun. An allow is kept by what follows.

    Raises ProveMore, OnHold or Refused.
    """
    asked = ask(root, Action.ISSUE_TOKEN, held=held, by=replace(by, channel=Channel.API), at=at)
    if not isinstance(asked.answer, Allow):
        go_on(kept(asked, root, at=at))
    return asked


def flaw(code: AuthorizationCode, redirect_uri: str, jkt: str, at: datetime) -> Why | None:
    """What is wrong with a code that is presented like this, if anything."""
    if at >= code.expires:
        return Why.EXPIRED
    if not hmac.compare_digest(redirect_uri.encode(), code.redirect_uri.encode()):
        return Why.WRONG_REDIRECT
    return Why.WRONG_KEY if code.jkt not in {"", jkt} else None


def unproven(code: AuthorizationCode, partner: Partner, verifier: str) -> Why | None:
    """By PKCE, or the nonce in the ID token will do; then a verifier is somebody else's (RFC 9700 section 4.8.2)."""
    if code.code_challenge:
        is_theirs = hmac.compare_digest(jwts.hash_of(verifier).encode(), code.code_challenge.encode())
    else:
        is_theirs = partner.rules.nonce_suffices and bool(code.nonce) and not verifier
    return None if is_theirs else Why.WRONG_VERIFIER


def worn(old: RefreshToken, asked: tuple[str, ...], jkt: str, at: datetime) -> Why | None:
    """What is wrong with a refresh token that is presented for this, if anything."""
    if old.revoked is not None:
        return Why.ENDED
    if at >= min(old.idle_at, old.expires_at):
        return Why.EXPIRED
    if old.jkt not in {"", jkt}:
        return Why.WRONG_KEY
    return None if set(asked) <= set(old.scope.split()) else Why.TOO_WIDE

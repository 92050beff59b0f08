"""A partner exchanges a refresh token for the next of its family."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.customer import addresses
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import counted, record, tallied, tally
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.grounds import Grounds
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.postgres.prepared import Part
from ciam_portal.oauth import backchannel, rows, tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.families import Carried, Issued
from ciam_portal.oauth.families import Root as Trunk
from ciam_portal.oauth.models import Partner, RefreshToken
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.scopes import OFFLINE
from consent.permission import notices
from consent.release import events, issuance
from consent.release.events import Why
from consent.release.flows.family import Exchanged, Wanted, approved, coded, handed_out, read, root_of, spoken

Terms = Callable[[RefreshToken], Wanted]
"""For what a token is presented, once it is found; may raise."""


class Unknown(Exception):
    """This partner never had such a refresh token, or it is long over."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A refresh token as it was read, what was asked about it, and what its next would be."""

    old: RefreshToken
    root: issuance.Root
    asked: issuance.Asked
    wanted: Wanted
    trunk: Trunk
    carried: Carried
    said: tuple[Detail, ...]

    @property
    def alike(self) -> tuple[object, ...]:
        """In what others of its day are the same."""
        return self.old.token_family, self.old.session_id, *self.asked.alike, *self.carried.scopes

    @property
    def is_allowed(self) -> bool:
        """Whether the gate lets it."""
        return isinstance(self.asked.answer, Allow)

    def worn(self, at: datetime) -> Why | None:
        """What is wrong with the token itself, if anything."""
        return issuance.worn(self.old, self.wanted.scopes, self.wanted.jkt, at)

    def rotate(self, *, after: Sequence[Part] = (), at: datetime) -> Issued | None:
        """The next; None if ``after`` found nothing."""
        return tokens.rotate(self.old, self.trunk, self.asked.allowed, self.carried, after=after, at=at)

    def exchanged(self, issued: Issued, sid: str) -> Exchanged:
        """What its partner receives."""
        old = self.old
        return Exchanged(issued, old.user, old.session, old.consent, self.trunk.named, sid=sid, details=self.said)


def _turn(old: RefreshToken, partner: Partner, wanted: Wanted, *, by: Actor, at: datetime) -> _Turn:
    lasting, said = approved(old, wanted.details)
    root, target = root_of(old, partner), wanted.target
    needed = (OFFLINE,) if root.delegation is None else ()
    held = tuple(old.scope.split())
    asked = issuance.ask(root, Action.REFRESH_TOKEN, held=held, needed=needed, by=by, at=at)
    scopes = target.scopes(tuple(name for name in asked.allowed if not wanted.scopes or name in wanted.scopes))
    carried = Carried(scopes, target, tuple(said), spoken(root, target, said))
    carried = asked.acts.carry(carried, at) if asked.acts else carried
    own = partner.pk, old.user_id, old.session_id, old.consent_id, old.token_family
    trunk = Trunk(*own, wanted.jkt, tuple(old.resource), tuple(old.named), lasting)
    return _Turn(old, root, asked, wanted, trunk, carried, tuple(said.values()))


def refresh(presented: str, partner: Partner, terms: Terms, *, by: Actor, at: datetime) -> Exchanged | Why:
    """Exchange a refresh token for the next of its family. Raises Unknown.

    What is wanted must lie within what the token holds. The same once more at once, because its answer was lost, gets
    the same answer; any other second use ends the family, and the customer is told.
    """
    return _again(presented, partner, terms, by=by, at=at) or under_lock(presented, partner, terms, by=by, at=at)


def _again(presented: str, partner: Partner, terms: Terms, *, by: Actor, at: datetime) -> Exchanged | None:
    """One that is like others of its day, in one statement, if all it hangs from still is as it was judged.

    None: it is not, or somebody is changing it, or more had to be read for it.
    """
    old = rows.SEEN_REFRESH.first(tokens.checksum(presented), partner.pk)
    if old is None or old.details or partner.kind is Kind.AGENT:
        return None
    more = Grounds()
    with connection.execute_wrapper(more.counted):
        turn = _turn(old, partner, terms(old), by=by, at=at)
    if more.statements or turn.wanted.target.signed_for or turn.worn(at) or not turn.is_allowed:
        return None
    if (sid := backchannel.takes_part(partner, old.session_id)) is None:
        return None
    counts = tallied(events.TokensRefreshed, *turn.alike, about=old.user_id, by=by, at=at)
    marks = old.consent.marks(at) if "openid" in turn.carried.scopes else ()
    issued = turn.rotate(after=(rows.unchanged(old), counts, *marks), at=at)
    if issued is None:
        return None
    counted()
    return turn.exchanged(issued, sid)


@flow
def under_lock(presented: str, partner: Partner, terms: Terms, *, by: Actor, at: datetime) -> Exchanged | Why:
    """The same, whatever it is like."""
    old = rows.locked(RefreshToken, partner.pk, "token_checksum", tokens.checksum(presented))
    if old is None:
        raise Unknown
    turn = _turn(old, partner, terms(old), by=by, at=at)
    wanted = turn.wanted
    same = replace(turn.carried, scopes=wanted.target.scopes(wanted.scopes))
    again = tokens.repeated(old, same, jkt=wanted.jkt, at=at)
    if old.used_at is not None and again is None:
        _reused(old, partner, by, at)
        return Why.ENDED
    if not again and (worn := turn.worn(at)) is not None:
        return _refused(partner, worn, old.user_id, by, at)
    if again:
        turn = replace(turn, carried=replace(turn.carried, scopes=again.scopes))
    if turn.is_allowed:
        handed_out(turn.root, wanted.target, turn.asked, at)
        key = tally(events.TokensRefreshed, *turn.alike, about=old.user_id, by=by, at=at)
    else:
        key = codes.new_id()
    if key is not None:  # the first of its kind on this day, or refused
        why, decision = issuance.why_not(turn.asked, turn.root, at)
        if why is not None:
            return _refused(partner, why, old.user_id, by, at, decision=decision)
        event = events.TokensRefreshed(
            consent=old.consent_id, partner=partner.pk, family=old.token_family, scopes=coded(turn.carried.scopes)
        )
        record(event, about=old.user_id, by=by, at=at, decision=decision, key=key)
    issued = again or turn.rotate(at=at)
    if issued is None:
        return _refused(partner, Why.ENDED, old.user_id, by, at)
    read(old.consent, issued, at)
    return turn.exchanged(issued, "" if turn.root.delegation else backchannel.took_part(partner, old.session_id))


def _refused(partner: Partner, why: Why, about: UUID, by: Actor, at: datetime, *, decision: UUID | None = None) -> Why:
    record(events.RefreshRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why


def _reused(old: RefreshToken, partner: Partner, by: Actor, at: datetime) -> None:
    ended = tokens.end_family(old.token_family)
    event = events.RefreshReused(partner=partner.pk, family=old.token_family, tokens_ended=ended)
    record(event, about=old.user_id, by=by, at=at)
    if ended:
        link = links.absolute("consent:index")
        notice = notices.AppCutOff(partner=partner.name, link=link)
        tell(old.user, notice, to=addresses.proven(old.user), at=at)

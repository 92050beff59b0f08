"""A partner exchanges an authorization code."""

from datetime import datetime
from uuid import UUID

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import backchannel, rows, tokens
from ciam_portal.oauth.families import Root as Trunk
from ciam_portal.oauth.models import AuthorizationCode, Partner
from consent.release import events, issuance
from consent.release.events import Why
from consent.release.flows.family import Exchanged, Wanted, approved, begin_family, coded, read, root_of


@flow
def redeem(
    found: AuthorizationCode, partner: Partner, wanted: Wanted, *,
    redirect_uri: str, verifier: str, by: Actor, at: datetime,
) -> Exchanged | Why:  # fmt: skip
    """Exchange an authorization code. Presented once, it is dead; a second time, so is all it had issued."""
    code = rows.locked(AuthorizationCode, partner.pk, "id", found.pk)
    if code is None:
        return _refused_code(partner, Why.ENDED, found.user_id, by, at)
    if code.used_at is not None:
        ended = tokens.end_family(code.family)
        record(events.CodeReused(partner=partner.pk, tokens_ended=ended), about=code.user_id, by=by, at=at)
        return Why.ENDED
    consent, held, root = code.consent, tuple(code.scope.split()), root_of(code, partner)
    asked = issuance.ask(root, Action.ISSUE_TOKEN, held=held, by=by, at=at)
    why, decision = (
        issuance.flaw(code, redirect_uri, wanted.jkt, at) or issuance.unproven(code, partner, verifier),
        None,
    )
    if why is None:
        why, decision = issuance.why_not(asked, root, at)
    if why is not None:
        tokens.spend(code, None, at)
        return _refused_code(partner, why, code.user_id, by, at, decision=decision)
    lasting, carried = approved(code, wanted.details)
    own = partner.pk, code.user_id, code.session_id, consent.pk, codes.new_id()
    trunk = Trunk(*own, wanted.jkt, tuple(code.resource), tuple(code.named), lasting)
    tokens.spend(code, trunk.family, at)
    issued = begin_family(trunk, root, asked, wanted.target, carried, at=at)
    event = events.CodeExchanged(
        consent=consent.pk,
        partner=partner.pk,
        session=code.session_id,
        family=trunk.family,
        scopes=coded(issued.scopes),
    )
    record(event, about=code.user_id, by=by, at=at, decision=decision)
    read(consent, issued, at)
    sid = "" if root.delegation else backchannel.took_part(partner, code.session_id)
    said = tuple(carried.values())
    return Exchanged(issued, code.user, code.session, consent, trunk.named, code.nonce, sid, said)


def _refused_code(
    partner: Partner, why: Why, about: UUID, by: Actor, at: datetime, *, decision: UUID | None = None
) -> Why:
    record(events.CodeRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why

"""The link that asks "was this you?" about one sign-in."""

from datetime import datetime, timedelta

from accounts.activity import policy
from accounts.customer import proofs
from accounts.models import Proof, Session


def _session(proof: Proof) -> Session | None:
    return Session.objects.filter(pk=proof.bound_to, customer=proof.customer_id).first()


def _facts(proof: Proof, session: Session | None, at: datetime) -> tuple[policy.AnswerLinkFacts]:
    return (policy.AnswerLinkFacts(is_live=proof.is_live(at), session_known=session is not None),)


# Whoever was there before a thief must still be able to say so: other links and sign-ins, a new password and a new
# address leave it alone.
DISOWN = proofs.declare(
    proofs.Link(
        name="disown",
        route="was-this-you/",
        page="accounts:answer_link",
        lives=lambda rules: timedelta(hours=rules.proof.disown_hours),
        about=_session,
        may=policy.may_answer,
        facts=_facts,
        dead=policy.Reason.ANSWER_LINK_DEAD,
        way_on="accounts/activity/answer_dead.html",
        opens=False,
    )
)

"""Evidence: removed by its customer, announced before it ends, and looked at by two where it seems another's."""

from datetime import datetime

from accounts.models import IdentityEvidence, IdentityTwin, Session, User
from accounts.proofing import events, facts, policy
from accounts.proofing.flows import checks
from accounts.proofing.shapes import COUNTS, Found
from accounts.staff.flows import people as staff
from accounts.step_up.flows import by_staff, permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy.catalogue import Action


@flow
def remove(evidence: IdentityEvidence, session: Session, *, by: Actor, at: datetime) -> None:
    """The customer takes it back; nothing of it stays. Raises ProveMore, OnHold, Refused."""
    customer, _session = permitted(Action.PROVE_IDENTITY, evidence.customer, session, by=by, at=at)
    found = IdentityEvidence.objects.select_for_update().filter(pk=evidence.pk, customer=customer).first()
    if found is None:
        raise Refused(policy.Reason.OVER)
    _forget(found, by=by, at=at)
    checks.changed(customer, "removed", at=at)


@flow
def remind(evidence: IdentityEvidence, *, by: Actor, at: datetime) -> None:
    """Tell the customer that it ends. Raises Refused if they were told, or it is gone."""
    customer = User.objects.locked(evidence.customer_id)
    found = IdentityEvidence.objects.select_for_update().filter(pk=evidence.pk, reminded_at__isnull=True).first()
    if found is None:
        raise Refused(policy.Reason.OVER)
    found.remind(at)
    record(events.ReproofingDue(evidence=found.pk), about=customer.pk, by=by, at=at)
    checks.news(customer, "due", until=found.expires_at, at=at)


@flow
def find(twin: IdentityTwin, found: Found, person: User, session: Session, *, by: Actor, at: datetime) -> bool:
    """One of the staff says what is the case; whether a second one had said the same, so that it is decided.

    Raises ProveMore, OnHold, Refused.
    """
    customer = User.objects.locked(twin.customer_id)
    row = IdentityTwin.objects.select_for_update(of=("self",)).get(pk=twin.pk)
    by_staff(Action.STAFF_APPROVE_RECOVERY, person, session, about=customer.pk, by=by, at=at)
    asked = facts.twin(row)
    checker = facts.checker(person, session, has_opened=staff.is_opened(customer.pk, session, at))
    require(policy.may_find, asked, found, checker, about=customer.pk, by=by, at=at)
    if not policy.settles(asked, found, person.pk):
        row.propose(found, person.pk)
        record(events.TwinProposed(twin=row.pk, found=Code(found.value)), about=customer.pk, by=by, at=at)
        return False
    row.settle(person.pk, at)
    record(events.TwinSettled(twin=row.pk, found=Code(found.value)), about=customer.pk, by=by, at=at)
    _settle(row, found, customer, by=by, at=at)
    return True


def _settle(twin: IdentityTwin, found: Found, customer: User, *, by: Actor, at: datetime) -> None:
    evidence = IdentityEvidence.objects.select_for_update().filter(pk=twin.evidence).first()
    if evidence is None:
        return
    if found not in COUNTS:
        _forget(evidence, by=by, at=at)
        checks.news(customer, "not_counted", at=at)
    elif not IdentityTwin.objects.filter(evidence=evidence.pk, settled_at__isnull=True).exists():
        evidence.count()
        evidence.customer = customer
        checks.counted(evidence, at=at)


def _forget(evidence: IdentityEvidence, *, by: Actor, at: datetime) -> None:
    IdentityTwin.objects.filter(evidence=evidence.pk, settled_at__isnull=True).delete()  # nothing is left to decide
    removed = events.EvidenceRemoved(evidence=evidence.pk, counted=not evidence.waits)
    record(removed, about=evidence.customer_id, by=by, at=at)
    evidence.delete()

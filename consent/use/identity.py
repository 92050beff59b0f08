"""What a customer has shown of who they are, as it goes out (OpenID Identity Assurance schema definition 1.0)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import IdentityEvidence, User
from accounts.proofing import facts, policy
from accounts.proofing.shapes import PAPERS, Document, Pathway
from ciam_portal.core.policy.identity import Identity
from ciam_portal.oauth import verified

_TYPES: Mapping[Document, str] = dict(
    zip((*PAPERS, Document.CREDENTIAL, Document.SERVICE), (*verified.DOCUMENTS, *verified.RECORDS), strict=True)
)
_CHECKS: Mapping[Pathway, tuple[str, ...]] = {
    Pathway.ONSITE: verified.DOCUMENT_CHECKS[:2],
    Pathway.REMOTE_ATTENDED: verified.DOCUMENT_CHECKS[2:],
    Pathway.REMOTE_UNATTENDED: (verified.RECORD_CHECK,),
}


def counting(customer: User, at: datetime) -> list[IdentityEvidence]:
    """What counts at this moment, the newest first: what has expired, or waits for staff, is not among it."""
    rows = IdentityEvidence.objects.there(at).filter(customer=customer).order_by("-given_at")
    return [row for row in rows if policy.counts(facts.evidence(row), at)]


def elements(customer: User, at: datetime, *, evidence: bool) -> list[dict[str, Any]]:
    """Each piece by itself, with its ``evidence`` or without. Nothing of two is ever put together."""
    return [_element(row, customer, evidence=evidence) for row in counting(customer, at)]


def claims(customer: User, at: datetime) -> dict[str, str]:
    """What would go out now, of the newest."""
    return next((each["claims"] for each in elements(customer, at, evidence=False)), {})


def document(customer: User, at: datetime) -> str:
    """With what they have shown it, of the newest."""
    return next((row.get_document_display() for row in counting(customer, at)), "")


def _element(row: IdentityEvidence, customer: User, *, evidence: bool) -> dict[str, Any]:
    person = facts.person(row)
    name = {"name": person.name} if facts.is_called(customer, person) else {}
    how = {
        "trust_framework": settings.PUBLIC_URL,
        "assurance_level": Identity.DOCUMENT.word,
        "time": row.given_at.isoformat(timespec="seconds"),
    }
    shown = {"evidence": [_evidence(row)]} if evidence else {}
    return {"verification": how | shown, "claims": name | {"birthdate": person.birth_date.isoformat()}}


def _evidence(row: IdentityEvidence) -> dict[str, Any]:
    document = Document(row.document)
    checks = {"check_details": [{"check_method": method} for method in _CHECKS[Pathway(row.pathway)]]}
    if document in PAPERS:
        details = {"type": _TYPES[document], "issuer": {"country_code": row.issuer}}
        return {"type": verified.DOCUMENT, **checks, "document_details": details}
    record = {"type": _TYPES[document], "source": {"name": row.issuer}}
    return {"type": verified.RECORD, **checks, "record": record}

"""How well it is known who somebody is, read from the rows; and what the questions about checks ask."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from accounts.customer import addresses
from accounts.models import IdentityCheck, IdentityEvidence, IdentityTraining, IdentityTwin, Session, User
from accounts.proofing import policy
from accounts.proofing.providers import PROVIDERS
from accounts.proofing.shapes import Document, Found, Pathway, Shown, State, Strength
from accounts.step_up import identity
from ciam_portal.core.crypto import vault
from ciam_portal.core.policy.assurance import Assurance
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.roles import roles_of


def held(customer: User) -> policy.Held:
    """What this customer has shown."""
    rows = IdentityEvidence.objects.filter(customer=customer).order_by("given_at")
    return policy.Held(
        address=addresses.is_proven(customer),
        phone=addresses.proven_phone(customer) is not None,
        evidence=tuple(evidence(row) for row in rows),
    )


@identity.KNOWN.join
def level(customer: User, at: datetime) -> Identity:
    """How well it is known now who this customer is."""
    return policy.level(held(customer), at)


def evidence(row: IdentityEvidence) -> policy.Evidence:
    """One row, as the policy asks about it."""
    return policy.Evidence(Strength(row.strength), row.given_at, row.expires_at, row.waits)


def starting(customer: User, provider: str, at: datetime) -> policy.StartFacts:
    """Somebody who would begin a check by this provider."""
    known = PROVIDERS.get(provider)
    return policy.StartFacts(
        is_offered=known is not None and known.is_offered(at),
        running=IdentityCheck.objects.live(at).filter(customer=customer, provider=provider).count(),
        failures_today=IdentityCheck.objects.failed(at).filter(customer=customer).count(),
    )


def check(row: IdentityCheck, at: datetime, shown: Shown | None = None) -> policy.CheckFacts:
    """A check, with what is shown now, or was noted."""
    shown = shown or noted(row)
    document = document_of(shown) if shown else ""
    return policy.CheckFacts(
        customer=row.customer_id,
        state=State(row.state),
        expires_at=row.expires_at,
        noted_by=row.noted_by,
        document_expires_at=shown.expires_at if shown else None,
        failures_of_it=IdentityCheck.objects.failed(at).filter(document=document).count() if document else 0,
    )


def checker(person: User, session: Session, *, has_opened: bool) -> policy.Checker:
    """A member of staff, and whether they have opened the record of whom it is about."""
    training = IdentityTraining.objects.filter(person=person).first()
    return policy.Checker(
        id=person.pk,
        roles=tuple(sorted(roles_of(person))),
        trained_until=training.until if training else None,
        has_opened=has_opened,
        assurance=session.assurance if session.ended_at is None else Assurance(),
    )


def twin(row: IdentityTwin) -> policy.TwinFacts:
    """Two accounts that look like one person's."""
    return policy.TwinFacts(
        is_open=row.settled_at is None,
        people=tuple(each for each in (row.customer_id, row.other_id) if each),
        proposed=Found(row.proposed) if row.proposed else None,
        proposed_by=row.proposed_by,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, as they have shown it."""

    name: str
    birth_date: date


def person(row: IdentityEvidence) -> Person:
    """Whose evidence this is. Raises CannotOpen."""
    said = json.loads(vault.unseal(row.sealed, row.context))
    return Person(said["name"], date.fromisoformat(said["birth_date"]))


def is_called(customer: User, person: Person) -> bool:
    """Whether their profile says the name that they have shown: nobody relies on another one."""
    return _plain(customer.name) == _plain(person.name)


def sealed(shown: Shown, context: str) -> str:
    """What stays of it: name and birth date."""
    said = {"name": shown.name, "birth_date": shown.birth_date.isoformat()}
    return vault.seal(json.dumps(said).encode(), context)


def noted(row: IdentityCheck) -> Shown | None:
    """What the first agent saw; None if nobody has yet. Raises CannotOpen."""
    if not row.noted:
        return None
    said = json.loads(vault.unseal(row.noted, row.context))
    expires = datetime.fromisoformat(said["expires_at"]) if said["expires_at"] else None
    return Shown(
        name=said["name"],
        birth_date=date.fromisoformat(said["birth_date"]),
        document=Document(said["document"]),
        issuer=said["issuer"],
        number=said["number"],
        strength=Strength(said["strength"]),
        pathway=Pathway(said["pathway"]),
        expires_at=expires,
    )


def to_note(shown: Shown, context: str) -> str:
    """The same, sealed, until it is decided."""
    said = {
        "name": shown.name, "birth_date": shown.birth_date.isoformat(), "document": shown.document.value,
        "issuer": shown.issuer, "number": shown.number, "strength": shown.strength.value,
        "pathway": shown.pathway.value, "expires_at": shown.expires_at.isoformat() if shown.expires_at else "",
    }  # fmt: skip
    return vault.seal(json.dumps(said).encode(), context)


def person_of(shown: Shown) -> str:
    """A keyed digest of whom this shows: the same for the same person, however the name is written."""
    return _digest("person", _plain(shown.name), shown.birth_date.isoformat(), _plain(shown.issuer))


def document_of(shown: Shown) -> str:
    """A keyed digest of the very document; nothing if it has no number."""
    number = "".join(letter for letter in shown.number.upper() if letter.isalnum())
    return _digest("document", _plain(shown.issuer), number) if number else ""


def _plain(text: str) -> str:
    """Without accents, case, order of words and signs: passports and people write names in many ways."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    kept = "".join(letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join(sorted(kept.split()))


def _digest(what: str, *parts: str) -> str:
    """By the key that never changes, or accounts of before its change would not be found any longer."""
    text = "\x00".join((f"proof of identity: {what}", *parts)).encode()
    return hmac.digest(settings.SUBJECT_KEY, text, hashlib.sha256).hex()


def alike(customer: User, shown: Shown, at: datetime) -> list[UUID]:
    """Other accounts that this person, or this document, has proven already."""
    document = document_of(shown)
    same = Q(person=person_of(shown)) | (Q(number=document) if document else Q(pk__in=[]))
    rows = IdentityEvidence.objects.there(at).filter(same).exclude(customer=customer)
    return list(rows.order_by("customer").values_list("customer", flat=True).distinct())

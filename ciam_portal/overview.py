"""The security check-up: what protects the account, the one thing to do next, who came in lately, what waits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from accounts.account.proofs import CHANGE_EMAIL
from accounts.customer import proofs
from accounts.factors import bound, verifier
from accounts.models import Dispute, Session, User
from accounts.restrictions import views as restrictions
from accounts.sessions import agents
from accounts.sessions import flows as sessions
from accounts.step_up import facts
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.catalogue import Action
from consent.approvals import facts as approvals
from consent.models import Consent
from recovery.contacts import facts as contacts
from recovery.models import RecoveryAddress

_LATEST = 3
_OFFERED = (Action.CHANGE_EMAIL, Action.ADD_FACTOR, Action.VIEW_BACKUP_CODES, Action.CHANGE_RECOVERY_ADDRESS)


class Step(StrEnum):
    """What would help this account most."""

    OWN_ADDRESS = "own_address"
    SECOND_STEP = "second_step"
    APP_OFF = "app_off"
    BACKUP_CODES = "backup_codes"
    WAY_BACK = "way_back"
    PASSKEY = "passkey"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Protection:
    """What there is."""

    address_is_shared: bool = False
    has_app: bool = False
    app_is_off: bool = False
    passkeys: int = 0
    codes_left: int = 0
    ways_back: int = 0

    @property
    def has_second_step(self) -> bool:
        """One that works."""
        return self.passkeys > 0 or (self.has_app and not self.app_is_off)


def next_step(has: Protection) -> Step:
    """The one thing to do next: what a stranger could use first, then what would keep the owner out."""
    for missing, step in (
        (has.address_is_shared, Step.OWN_ADDRESS),
        (has.app_is_off, Step.APP_OFF),
        (not has.has_second_step, Step.SECOND_STEP),
        (has.codes_left <= verifier.FEW_LEFT, Step.BACKUP_CODES),
        (has.ways_back == 0, Step.WAY_BACK),
        (has.passkeys == 0, Step.PASSKEY),
    ):
        if missing:
            return step
    return Step.NOTHING


def of(customer: User, here: Session, *, by: Actor, at: datetime) -> dict[str, Any]:
    """What the page says, true for this account and this browser now. The number of statements does not grow."""
    have = bound.listed(customer)
    helpers = contacts.listed(customer, at)["contacts"]
    addresses = list(RecoveryAddress.objects.kept().filter(customer=customer).order_by("proven_at"))
    live = {row.pk for row in sessions.live(customer, at)}
    latest = Session.objects.filter(customer=customer).order_by("-started_at")[:_LATEST]
    has = Protection(
        address_is_shared=bool(customer.unsettled),
        has_app=have.app is not None,
        app_is_off=bool(have.app and verifier.is_off(have.app)),
        passkeys=len(have.passkeys),
        codes_left=have.codes_left,
        ways_back=sum(each.is_reached for each in addresses)
        + sum(row["state"] in {"helps", "rests"} for row in helpers),
    )
    return {
        "has": has,
        "step": next_step(has).value,
        "waits": facts.held(customer, here, *_OFFERED, by=by, at=at),
        "few_codes": has.codes_left <= verifier.FEW_LEFT,
        "codes_made": have.codes_made,
        "live": len(live),
        "apps": Consent.objects.live().filter(customer=customer).count(),
        "latest": [
            {
                "session": row,
                "kind": agents.kind(row.system),
                "when": customer.local(row.started_at),
                "here": row.pk == here.pk,
                "live": row.pk in live,
            }
            for row in latest
        ],
        "asked": [row["contact"].name for row in helpers if row["state"] == "waits"],
        "resting": [
            (each.shown, customer.local(each.usable_from))
            for each in addresses
            if each.is_reached and at < each.usable_from
        ],
        "new_address": _new_address(customer, at),
        "looked_at": Dispute.objects.filter(customer=customer, state=Dispute.State.OPEN).count(),
        "restriction": restrictions.shown(customer, at),
        "approvals": [
            (row.pk, row.partner.name, customer.local(row.expires_at)) for row in approvals.waiting(customer.pk, at)
        ],
        "quarantine": facts.quarantine_words(customer, at),
    }


def _new_address(customer: User, at: datetime) -> tuple[str, str] | None:
    """The address that was asked for and is not proven yet, and until when it can be."""
    asked = proofs.waiting(customer, CHANGE_EMAIL).filter(expires_at__gt=at).order_by("-created_at").first()
    return (mailbox.shown(asked.address), customer.local(asked.expires_at)) if asked else None

"""Gathers what stands behind an account. Of one that is old enough nothing need be read."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.budgets.counter import shared
from accounts.customer import addresses
from accounts.factors import bound as factors
from accounts.models import Beginning, HeldSignUp, PassedDomain, Session, User
from accounts.step_up import identity
from accounts.trust import policy
from accounts.trust.policy import Doing, Evidence, Limited, Trust
from ciam_portal.core import domains
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.roles import roles_of

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 17))"
_MINUTE = 60
_MANY = 1000  # known accounts are counted no further


def evidence_of(customer: User, at: datetime) -> Evidence:
    """What speaks for it."""
    waits = waits_since(customer, at)
    by_age = Evidence(opened_at=customer.created_at, waits_since=waits)
    if policy.level_of(by_age, limits.current(), at) is Trust.SETTLED:
        return by_age
    return Evidence(
        opened_at=customer.created_at,
        has_second_step=bool(factors.second_factors(customer)),
        has_phone=_has_phone(customer),
        has_document=identity.level(customer, at) >= Identity.DOCUMENT,
        waits_since=waits,
    )


def waits_since(customer: User, at: datetime) -> datetime | None:
    """Since when the account waits for evidence; None: it does not, or it is old enough not to."""
    rules = limits.current()
    if customer.created_at <= at - timedelta(days=rules.trust.waiting_days + rules.retention.unproven_days):
        return None
    row = Beginning.objects.filter(customer=customer, waits=True).first()
    return row.proven_at if row else None


def _has_phone(customer: User) -> bool:
    phone = addresses.proven_phone(customer)
    return phone is not None and addresses.shown_before(customer, phone) < limits.current().trust.accounts_per_phone


def doing(what: Limited, customer: User, times: list[datetime], at: datetime) -> Doing | None:
    """One more of these, beside those of the last day (``times``); None: so few that nothing is asked."""
    allowed = policy.most(what, Trust.NEW, limits.current())
    if (allowed is None or len(times) < allowed) and waits_since(customer, at) is None:
        return None
    return Doing(what, evidence_of(customer, at), len(times), min(times, default=None))


def is_new(customer: User, at: datetime) -> bool:
    """Whether age alone leaves it limits. Nothing is read."""
    return policy.level_of(Evidence(opened_at=customer.created_at), limits.current(), at) is not Trust.SETTLED


def may_be_called(customer: UUID, made: int, at: datetime) -> bool:
    """Whether an app may call about this new account so often in a minute (``made``, with this call).

    What stands behind it is read where that matters, and then not again for a minute.
    """
    rules = limits.current()
    if made <= (policy.api_most(Trust.NEW, rules) or 0):
        return True
    key = f"trust:{codes.pseudonym(str(customer), 'trust')}"
    level = shared.get_or_set(key, lambda: int(_level(customer, at)), _MINUTE)
    most = policy.api_most(Trust(level or 0), rules)
    return most is None or made <= most


def _level(customer: UUID, at: datetime) -> Trust:
    return policy.level_of(evidence_of(User.objects.get(pk=customer), at), limits.current(), at)


def start(domain: str, host: str, at: datetime) -> policy.Start:
    """A mail domain, and the network that takes its mail, as they stand under their locks."""
    _locked(domain)
    _locked(host)
    rules = limits.current().trust
    lately = Beginning.objects.filter(proven_at__gt=at - timedelta(days=rules.domain_days), passed_at__isnull=True)
    return policy.Start(
        at_domain=lately.filter(domain=domain).count(),
        known_at_domain=_known(domain, at)[:_MANY].count(),
        at_host=lately.filter(host=host).count() if host else None,
        known_at_host=_known_at_host(host, at)[:_MANY].count() if host else 0,
        passed=PassedDomain.objects.filter(domain=domain).exists(),
    )


def _locked(name: str) -> None:
    """Nobody else begins there before this transaction is through. The domain first, then the network."""
    if name:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [name])


def _known(domain: str, at: datetime) -> QuerySet[User]:
    """Whose address has been of this domain for long, and who has not just waited all that time."""
    rules = limits.current().trust
    then = at - timedelta(days=rules.known_days)
    people = addresses.at_domain(domain).filter(created_at__lte=then)
    people = people.filter(Q(email_changed_at__isnull=True) | Q(email_changed_at__lte=then))
    return people.exclude(beginning__waits=True)


def _known_at_host(host: str, at: datetime) -> QuerySet[Beginning]:
    then = at - timedelta(days=limits.current().trust.known_days)
    return Beginning.objects.filter(host=host, proven_at__lte=then, waits=False)


def let_by(passed: PassedDomain) -> QuerySet[Beginning]:
    """Who waits for nothing because this domain was passed: those who did then, and those who began there since."""
    mine = Beginning.objects.filter(domain=passed.domain, waits=False)
    return mine.filter(Q(passed_at=passed.passed_at) | Q(passed_at__isnull=True, proven_at__gte=passed.passed_at))


def asking(customer: User, evidence: Evidence, at: datetime) -> policy.AskFacts:
    """Somebody who would have a person look at it."""
    if policy.level_of(evidence, limits.current(), at) is not Trust.BARE:
        return policy.AskFacts()
    row = Beginning.objects.filter(customer=customer, waits=True).first()
    if row is None or row.decision is None:
        return policy.AskFacts()
    asked = HeldSignUp.objects.filter(customer=customer, decision=row.decision).exists()
    return policy.AskFacts(waits=True, has_asked=asked)


def may_ask(customer: User, evidence: Evidence, at: datetime) -> bool:
    """Whether a page offers that."""
    return isinstance(policy.may_ask(asking(customer, evidence, at), limits=limits.current(), at=at), Allow)


def passing(domain: str, customer: UUID | None, staff: User, session: Session) -> policy.PassFacts:
    """A mail domain, under its lock, and who of the staff would pass it because of this account, or take it back."""
    _locked(domain)
    return policy.PassFacts(
        customer=customer,
        is_passed=PassedDomain.objects.filter(domain=domain).exists(),
        staff=staff.pk,
        at_same_domain=domains.owner(domains.domain_of(staff.email)) == domain,
        roles=tuple(sorted(roles_of(staff))),
        assurance=session.assurance if session.ended_at is None else Assurance(),
    )


def lines(customer: User, evidence: Evidence, at: datetime) -> list[str]:
    """The limits that stand, for a page; none of an account that has no more than everybody's."""
    rules = limits.current()
    level, ends = policy.level_of(evidence, rules, at), policy.settles_at(evidence, rules)
    if ends is None or level is Trust.SETTLED:
        return []
    if level is Trust.BARE:
        return [*_bare(customer, ends)]
    limited = (Limited.APPS, Limited.OFFERS, Limited.APPROVALS)
    apps, offers, approvals = (policy.most(what, level, rules) or 0 for what in limited)
    calls = policy.api_most(level, rules) or 0
    return [
        ngettext("You can connect %(n)d app in a day.", "You can connect %(n)d apps in a day.", apps) % {"n": apps},
        ngettext(
            "You can invite or ask %(n)d person in a day to act for somebody.",
            "You can invite or ask %(n)d people in a day to act for somebody.",
            offers,
        )
        % {"n": offers},
        ngettext(
            "You can approve %(n)d thing in a day that programs ask.",
            "You can approve %(n)d things in a day that programs ask.",
            approvals,
        )
        % {"n": approvals},
        ngettext(
            "Each app that you connected can ask us about you %(n)d time in a minute.",
            "Each app that you connected can ask us about you %(n)d times in a minute.",
            calls,
        )
        % {"n": calls},
        _("These limits end on %(day)s, or sooner with a second step and a confirmed phone number.")
        % {"day": customer.local(ends)},
    ]


def _bare(customer: User, ends: datetime) -> tuple[str, ...]:
    return (
        _("Several accounts were opened lately with addresses like yours, as programs do by the hundred."),
        _("Until there is more to go by, you cannot connect apps, and nobody can act for you or you for them."),
        _("That ends at once with a confirmed phone number, or when you show who you are; by itself on %(day)s.")
        % {"day": customer.local(ends)},
    )

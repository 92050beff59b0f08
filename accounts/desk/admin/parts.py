"""The parts of a customer's record that are about the account itself: state, sign-in methods, sessions, what happened.

Each costs the same few statements, however much there is.
"""

from datetime import timedelta

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.activity import lines
from accounts.activity.policy import MAY_CLOSE
from accounts.customer import addresses
from accounts.factors import bound as factors
from accounts.lock.policy import WayBack
from accounts.models import Change, Dispute, Session
from accounts.sessions.timeline import ended
from accounts.staff.admin.record import Cell, Link, Part, Record, instant
from accounts.step_up import facts
from accounts.upstream import bound as upstream
from ciam_portal.core import explain
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.timeline import methods
from ciam_portal.core.words import masked

_SOME = 10  # rows of each kind: a desk looks at what is new
_LEADS_BACK = {
    WayBack.MAILBOX: lazy("a new password by mail"),
    WayBack.FACTOR: lazy("a new password by mail, and a second step"),
    WayBack.RECOVERY: lazy("a recovery, or the help desk"),
}


def initials(name: str) -> str:
    """Enough of a name to compare with what a caller says."""
    return " ".join(f"{part[0].upper()}." for part in name.split()[:3])


def account(record: Record) -> Part:
    """Who it is, and how the account stands."""
    one = record.customer
    proven = _("proven") if addresses.is_proven(one) else _("not proven")
    last = Session.objects.filter(customer=one).aggregate(last=Max("started_at"))["last"]
    rows: list[tuple[Cell, ...]] = [
        (_("State"), _state(record)),
        (_("Reference"), one.reference),
        (_("Number"), str(one.pk)),
        (_("Email address"), record.value("email", one.pk, _("email address"), one.email, masked(one.email)), proven),
        (_("Name"), record.value("name", one.pk, _("name"), one.name, initials(one.name))),
        (_("Phone number"), record.value("phone", one.pk, _("phone number"), one.phone, masked(one.phone))),
        (_("Language, time zone"), f"{one.locale}, {one.timezone}"),
        (_("Created"), instant(one.created_at)),
        (_("Last sign-in"), instant(last)),
        (_("Address or phone changed"), instant(one.contact_changed_at)),
    ]
    return Part("account", _("Account"), tuple(rows))


def _state(record: Record) -> str:
    one, at, said = record.customer, record.viewer.at, []
    if not one.is_active:
        said.append(_("Closed"))
    if one.locked_at is not None:
        way = _LEADS_BACK[WayBack(one.way_back)]
        said.append(_("Locked since %(at)s; back leads %(way)s") % {"at": instant(one.locked_at), "way": way})
    if one.is_suspended(at):
        said.append(_("Suspended until %(at)s") % {"at": instant(one.suspended_until)})
    if one.step_up_until is not None and at < one.step_up_until:
        said.append(_("Asked to confirm more often until %(at)s") % {"at": instant(one.step_up_until)})
    if one.erase_at is not None:
        said.append(_("About to be erased, on %(at)s") % {"at": instant(one.erase_at)})
    if one.is_recovering:
        said.append(_("A recovery is going on"))
    waits = facts.quarantine_until(one)
    if waits is not None and at < waits:
        said.append(_("Recovered; some changes have to wait until %(at)s") % {"at": instant(waits)})
    return "; ".join(said) or _("Open")


def sign_in_methods(record: Record) -> Part:
    """What the customer can prove with."""
    one, held = record.customer, factors.listed(record.customer)
    changed = instant(one.password_changed_at) if one.has_usable_password() else _("none")
    rows: list[tuple[Cell, ...]] = [(_("Password"), "", changed, "")]
    if held.app is not None:
        rows.append((_("Authenticator app"), "", instant(held.app.created_at), instant(held.app.last_used_at)))
    for key in held.passkeys:
        name = record.value("passkey", key.pk, _("name of a passkey"), key.name, "···")
        rows.append((_("Passkey"), name, instant(key.created_at), instant(key.last_used_at)))
    for each in upstream.offered(one):
        if each.link is not None:
            state = _("lets nobody in until it is linked again") if each.is_paused else ""
            added, used = instant(each.link.date_joined), instant(each.link.last_login)
            rows.append((_("Sign-in with another service"), f"{each.upstream.name} {state}".strip(), added, used))
    if held.codes_made:
        left = _("%(left)d of %(made)d left") % {"left": held.codes_left, "made": held.codes_made}
        rows.append((_("Backup codes"), left, "", ""))
    columns = (_("Method"), _("What"), _("Added or changed"), _("Last used"))
    return Part("methods", _("Sign-in methods"), tuple(rows), columns)


def sessions(record: Record) -> Part:
    """The latest sessions, those that are over among them."""
    one, at = record.customer, record.viewer.at
    idle = timedelta(minutes=limits.current().session.idle_minutes)
    rows: list[tuple[Cell, ...]] = []
    for each in Session.objects.filter(customer=one).order_by("-last_used_at", "pk")[:_SOME]:
        network = record.value("session", each.pk, _("network of a session"), each.network, each.country or "···")
        strong = _("Two steps") if each.level >= Level.AAL2 else _("Password only")
        state = _("Live") if each.is_live(at, idle) else ended(each.end_reason) if each.ended_at else _("Over")
        if each.said == Session.Said.NOT_MINE:
            state += "; " + _("the customer says that it was not them")
        browser, proven = str(each.agent), f"{strong}: {methods(each.methods)}"
        rows.append((browser, network, instant(each.started_at), instant(each.last_used_at), proven, state))
    columns = (_("Browser"), _("Where"), _("Signed in"), _("Last used"), _("Shown"), _("State"))
    return Part("sessions", _("Sessions"), tuple(rows), columns, _("They have never signed in."))


def changes(record: Record) -> Part:
    """What the account rests on was changed."""
    found = Change.objects.filter(customer=record.customer).order_by("-at", "-pk")[:_SOME]
    rows = tuple((each.get_kind_display(), instant(each.at), instant(each.undone_at)) for each in found)
    return Part("changes", _("Changes"), rows, (_("What"), _("When"), _("Taken back")), _("None is kept."))


def disputes(record: Record) -> Part:
    """What the customer asked the help desk to look at."""
    may_read = record.viewer.roles & MAY_CLOSE
    rows: list[tuple[Cell, ...]] = []
    for each in Dispute.objects.filter(customer=record.customer).order_by("-opened_at")[:_SOME]:
        url = reverse("admin:accounts_dispute_change", args=[each.pk])
        number = Link(each.reference, url) if may_read else each.reference
        found = each.get_outcome_display() if each.outcome else each.get_state_display()
        rows.append((number, each.get_kind_display(), instant(each.opened_at), found))
    columns = (_("Dispute"), _("About"), _("Opened"), _("Where it stands"))
    return Part("disputes", _("Disputes"), tuple(rows), columns, _("There was none."))


def decisions(record: Record) -> Part:
    """The latest decisions about the customer themselves, and what to check with the caller."""
    about = DecisionEntry.objects.filter(about=record.customer.pk).exclude(actor_kind=ActorKind.STAFF)
    rows = tuple(
        (instant(each.at), explain.doing(each.action), " ".join(explain.for_agent(each)), str(each.pk))
        for each in about.exclude(action="").order_by("-at")[:_SOME]
    )
    columns = (_("When"), _("Asked for"), _("Why it came out so"), _("Number"))
    return Part("decisions", _("Decisions"), rows, columns, _("There is none on record."))


def activity(record: Record) -> Part:
    """What the customer reads about it, in the very same words."""
    shown = lines.page(record.customer).lines[:_SOME]
    rows = tuple((instant(line.at), str(line.title), str(line.more), str(line.badge)) for line in shown)
    columns = (_("When"), _("What"), _("More"), _("Mark"))
    return Part("activity", _("Activity, as the customer reads it"), rows, columns, _("Nothing yet."))

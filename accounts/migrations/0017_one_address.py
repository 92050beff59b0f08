"""Addresses of before get their one form. Accounts that turn out to have one mailbox are reported, never merged."""

import logging
from collections import defaultdict
from contextlib import suppress

from django.db import migrations, models
from django.db.models import Max, Q

from ciam_portal.core import clock, mailbox
from ciam_portal.core.crypto import codes, vault

log = logging.getLogger("ciam_portal.addresses")

PLAIN = mailbox.SHAPE.replace("[^@ ]", "[a-z0-9.!#$%&'*+/=?^_`{|}~-]")
_ODD = ~Q(email__regex=PLAIN) | Q(email__contains="xn--")


def went_to(address):
    """The mailbox that mail to this address went to: the library wrote domains by IDNA 2003 until now.

    Whoever reads that mailbox has proven the address. Where IDNA 2008 means another domain (with ß, for example), the
    proven one stays theirs. Raises NoMailbox.
    """
    local, at, domain = address.rpartition("@")
    with suppress(UnicodeError):  # mail to such a one never left
        domain = domain.encode("idna").decode()
    return mailbox.canonical(f"{local}{at}{domain}")


def canonicalise(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects
    forms, moves, problems = defaultdict(list), {}, {}
    for user in users.filter(_ODD).order_by("pk").iterator():
        try:
            forms[went_to(user.email)].append(user)
        except mailbox.NoMailbox as refused:
            problems[user.pk] = "refused"
            log.warning("account %s: mail cannot go to its address (%s); it stays as it is", user.pk, refused.reason)
    for form, odd in forms.items():
        holder = users.filter(email=form).exclude(pk__in=[user.pk for user in odd])
        winner, *others = sorted([*odd, *holder], key=lambda user: _rank(apps, user))
        moves[winner.pk] = form
        if mailbox.named(winner.email) != form:
            log.warning("account %s: its mailbox has another domain than was typed; it signs in with that", winner.pk)
        for other in others:
            # Who has the one form already leaves it for the spelling of the other: mail gets there all the same.
            spelling = winner.email if other.email == form else other.email
            moves[other.pk] = spelling
            problems[other.pk] = "taken" if mailbox.named(spelling) == form else "refused"
            log.warning(
                "account %s: account %s has the same mailbox and signs in with it; see manage.py addresses",
                other.pk,
                winner.pk,
            )
    before = dict(users.filter(pk__in=moves).values_list("pk", "email"))
    moves = {pk: form for pk, form in moves.items() if before[pk] != form}
    halfway = {pk: f"{pk.hex}@moving.invalid" for pk in moves}  # addresses are unique, and some swap places
    _move(apps, before, halfway, problems)
    _move(apps, halfway, moves, problems)
    for pk, problem in problems.items():
        users.filter(pk=pk).update(unsettled=problem)
    _proofs(apps, before, moves)
    _changes(apps)


def _rank(apps, user):
    """Proven before unproven, then the one used last, then the older one."""
    addresses = apps.get_model("account", "EmailAddress").objects
    proven = addresses.filter(user_id=user.pk, email=user.email, verified=True).exists()
    sessions = apps.get_model("accounts", "Session").objects.filter(customer_id=user.pk)
    used = sessions.aggregate(last=Max("started_at"))["last"]
    return not proven, -(used.timestamp() if used else 0.0), user.created_at


def _move(apps, old, new, problems):
    for pk, address in new.items():
        apps.get_model("account", "EmailAddress").objects.filter(user_id=pk, email=old[pk]).update(email=address)
        apps.get_model("accounts", "User").objects.filter(pk=pk).update(email=address, unsettled=problems.get(pk, ""))


def _proofs(apps, before, moves):
    """Links and codes on their way go on working."""
    proof_model, user_model = apps.get_model("accounts", "Proof"), apps.get_model("accounts", "User")
    live = proof_model.objects.filter(used_at__isnull=True, expires_at__gt=clock.now())
    for proof in live.filter(Q(customer__in=moves) | ~Q(address__regex=PLAIN)).exclude(address=""):
        pk = proof.customer_id
        try:
            proof.address = moves[pk] if proof.address == before.get(pk) and pk in moves else went_to(proof.address)
        except mailbox.NoMailbox:
            continue  # a phone number, or an address that stays as it is
        if pk in moves:
            password = user_model.objects.values_list("password", flat=True).get(pk=pk)
            old, new = (
                codes.pseudonym(f"{pk}:{password}:{email}", "account state") for email in (before[pk], moves[pk])
            )
            proof.bound_to = new if proof.bound_to == old else proof.bound_to
        proof.save(update_fields=["address", "bound_to"])


def _changes(apps):
    """What a change of address can be taken back to."""
    changes = apps.get_model("accounts", "Change").objects.filter(kind="email", undone_at__isnull=True)
    for change in changes.exclude(previous="").iterator():
        context = f"change:{change.customer_id}:email"
        try:
            old = vault.unseal(change.previous, context).decode()
            new = went_to(old)
        except (vault.CannotOpen, mailbox.NoMailbox):
            continue  # taking it back will say so
        if new != old:
            change.previous = vault.seal(new.encode(), context)
            change.save(update_fields=["previous"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_references"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="unsettled",
            field=models.CharField(
                blank=True,
                choices=[
                    ("taken", "Another account has this mailbox"),
                    ("refused", "No address that mail can go to"),
                ],
                db_comment="not sensitive: why the address is not in its canonical form; empty: it is",
                default="",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(canonicalise, migrations.RunPython.noop),
    ]

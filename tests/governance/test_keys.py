"""Keys are followed by name: what is sealed moves to the first, and none goes while stored data still needs it."""

import hashlib
import hmac
import importlib
import os
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client

from accounts.account.notices import CodeToSignIn
from accounts.factors import verifier
from accounts.lock.flows import reversible
from accounts.models import BackupCode, Change, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes, columns, rings, vault
from ciam_portal.core.crypto.models import Key
from ciam_portal.core.outbox.tell import tell
from ciam_portal.governance import keys, start
from tests import factories
from tests.oauth.walk import register
from tests.recovery.steps import SEED, with_app

pytestmark = pytest.mark.django_db
LISTS = ("DIGEST_KEYS", "DATA_KEYS", "DEVICE_KEYS", "AUDIT_KEYS", "CHECKPOINT_KEYS")


@pytest.fixture(autouse=True)
def _noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a first start."""
    monkeypatch.setattr(connection, "close", lambda: None)  # it holds the test's transaction
    start.on_start()


def reseal(*arguments: str) -> str:
    said = StringIO()
    call_command("reseal", *arguments, stdout=said)
    return said.getvalue()


def rotate(settings: Any, *lists: str) -> list[str]:
    """Another key comes first in these; what the former ones are called."""
    former = [f"{ring} {rings.names(ring)[0]}" for ring in lists]
    for ring in lists:
        setattr(settings, ring, [os.urandom(32), *getattr(settings, ring)])
    start.on_start()
    return former


def drop(settings: Any, *lists: str) -> None:
    for ring in lists:
        setattr(settings, ring, getattr(settings, ring)[:1])


@pytest.mark.control("v5.0.0-11.2.2", "v5.0.0-13.3.4")
def test_everything_sealed_moves_and_then_the_old_key_may_go(customer: User, settings: Any) -> None:
    with_app(customer)
    sheet = verifier.make_backup_codes(customer, clock.now())
    change = reversible.keep(customer, Change.Kind.PHONE, None, previous=b"+4722855050", at=clock.now())
    partner, secret = register()
    tell(customer, CodeToSignIn(code="1", minutes=1, password_link=""), to=[customer.email], at=clock.now())
    (former,) = rotate(settings, "DATA_KEYS")
    said = reseal()
    assert "otp_totp_totpdevice.key: 1 sealed anew" in said
    assert "accounts_backupcode.digest: 10 sealed anew" in said
    assert f"{former} must stay: what was given out with it lives until" in said
    assert "1 sealed anew" not in reseal()  # nothing is left to do
    with time_machine.travel(clock.now() + timedelta(hours=241)):
        assert f"{former} may go." in reseal()
    drop(settings, "DATA_KEYS")
    start.on_start()
    assert Totp.objects.get(user=customer).bin_key == SEED
    assert reversible.unseal(Change.objects.get(pk=change.pk)) == b"+4722855050"
    assert factories.outbox()
    assert partner.credentials.get().is_secret(secret)
    assert verifier.spend_backup_code(customer, sheet[0], clock.now()).left == 9


def test_a_start_without_a_key_that_is_needed_is_refused_by_name(customer: User, settings: Any) -> None:
    with_app(customer)
    former = rotate(settings, *LISTS)
    drop(settings, *LISTS)
    with pytest.raises(ImproperlyConfigured) as refused:
        start.on_start()
    assert all(key in str(refused.value) for key in former)
    with pytest.raises(CommandError, match=former[0]):
        reseal()
    with pytest.raises(SystemExit, match=r"manage\.py reseal"):
        start.on_worker()


def test_the_subject_key_never_changes(settings: Any) -> None:
    settings.SUBJECT_KEY = os.urandom(32)
    with pytest.raises(ImproperlyConfigured, match="SUBJECT_KEY"):
        start.on_start()


def test_a_key_that_others_know_is_given_up(customer: User, settings: Any) -> None:
    (former,) = rotate(settings, "DEVICE_KEYS")
    name = former.split()[1]
    assert "must stay" in reseal()
    assert f"{former} may go; lost with it: what was given out with it lives until" in reseal("--give-up", name)
    drop(settings, "DEVICE_KEYS")
    start.on_start()
    assert AuditEntry.objects.filter(name="key.released", data__given_up=True).count() == 1
    with pytest.raises(CommandError, match="needs no key of this name"):
        reseal("--give-up", name)


def test_so_are_keys_that_were_lost(customer: User, settings: Any) -> None:
    with_app(customer)
    lost = [f"{ring} {rings.names(ring)[0]}" for ring in ("DATA_KEYS", "DEVICE_KEYS")]
    settings.DATA_KEYS, settings.DEVICE_KEYS = [os.urandom(32)], [os.urandom(32)]
    names = [word for key in lost for word in ("--give-up", key.split()[1])]
    with pytest.raises(CommandError, match=lost[1]):
        reseal(*names[:2])
    said = reseal(names[2], names[3])
    assert f"{lost[1]} may go; lost with it: what only it opens." in said
    assert "otp_totp_totpdevice.key: 0 sealed anew, 1 cannot be" in said
    start.on_start()


def test_one_that_is_in_use_is_not_given_up(settings: Any) -> None:
    reseal("--give-up", rings.names("DATA_KEYS")[0])
    assert Key.objects.needed().filter(ring="DATA_KEYS").count() == 1


def test_a_key_that_comes_first_again_is_needed_again(settings: Any) -> None:
    old = settings.DATA_KEYS
    rotate(settings, "DATA_KEYS")
    settings.DATA_KEYS = [*old, settings.DATA_KEYS[0]]
    start.on_start()
    key = Key.objects.get(ring="DATA_KEYS", former_at=None)
    assert key.name == rings.name_of(old[0])
    assert Key.objects.filter(ring="DATA_KEYS").count() == 2


def test_a_key_of_the_audit_stays_as_long_as_rows_are_sealed_with_it(settings: Any) -> None:
    (former,) = rotate(settings, "AUDIT_KEYS")
    assert f"{former} must stay: rows are sealed with it." in reseal()


def test_each_key_that_took_over_is_recorded_once(settings: Any) -> None:
    first = AuditEntry.objects.filter(name="key.took_over")
    assert {entry.data["key"].split(":")[0] for entry in first} == set(rings.RINGS)
    start.on_start()
    assert first.all().count() == len(rings.RINGS)
    rotate(settings, "DATA_KEYS")
    assert first.all().count() == len(rings.RINGS) + 1


def test_it_goes_on_where_it_stopped_and_overwrites_nothing(
    customer: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BATCH", 1)
    for person in (customer, factories.customer(), factories.customer()):
        with_app(person)
    rotate(settings, "DATA_KEYS")
    column = next(each for each in columns.COLUMNS if each.name == "key")
    seal, done = vault.seal, []

    def interrupted(plain: bytes, context: str) -> str:
        done.append(context)
        if len(done) == 2:
            Totp.objects.filter(user=context.removeprefix("totp:")).update(key="changed meanwhile")
        if len(done) == 3:
            raise KeyboardInterrupt
        return seal(plain, context)

    monkeypatch.setattr(vault, "seal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        columns.move(column)
    assert Totp.objects.filter(key="changed meanwhile").count() == 1
    monkeypatch.setattr(vault, "seal", seal)
    moved = columns.move(column)
    assert (moved.anew.total(), moved.left) == (1, 1)  # one before, one is no sealed text


class TestAnEarlierRelease:
    """What it stored goes on working, and moves as it is used."""

    def test_backup_codes_were_digested_with_a_key(self, customer: User, settings: Any) -> None:
        with_app(customer)
        code = codes.new_backup_code()
        stored = codes.digest(f"{customer.pk}:{code.replace('-', '')}", "backup code")
        BackupCode.objects.create(customer=customer, digest=stored, created_at=clock.now())
        (former,) = rotate(settings, "DIGEST_KEYS")
        with time_machine.travel(clock.now() + timedelta(days=400)):
            assert f"{former} must stay: 1 values of an earlier release" in reseal()
        assert verifier.spend_backup_code(customer, code, clock.now()).left == 0
        with time_machine.travel(clock.now() + timedelta(days=400)):
            assert f"{former} may go." in reseal()

    def test_partners_secrets_were_digested_with_a_key(self, settings: Any, client: Client) -> None:
        partner, secret = register()
        mac = hmac.new(settings.DATA_KEYS[0], b"client secret\x00" + secret.encode(), hashlib.sha256).hexdigest()
        partner.credentials.update(digest=f"client_secret${mac}")
        (former,) = rotate(settings, "DATA_KEYS")
        with time_machine.travel(clock.now() + timedelta(hours=241)):
            assert f"{former} must stay: 1 values of an earlier release" in reseal()
        form = {"client_id": partner.client_id, "client_secret": secret, "token": "x"}
        assert client.post("/oauth/revoke/", form).status_code == 200
        assert "." in partner.credentials.get().digest
        assert client.post("/oauth/revoke/", form).status_code == 200

    def test_digests_were_made_with_the_secret_key(self, customer: User, settings: Any) -> None:
        migration = importlib.import_module("ciam_portal.core.crypto.migrations.0001_keys")
        migration.note_what_made_digests(apps, SimpleNamespace(connection=connection))
        with pytest.raises(ImproperlyConfigured, match=f"DIGEST_KEYS {rings.name_of(settings.SECRET_KEY.encode())}"):
            start.on_start()
        settings.DIGEST_KEYS = [*settings.DIGEST_KEYS, settings.SECRET_KEY.encode()]
        start.on_start()

    def test_what_was_sealed_had_no_key_named(self, customer: User, settings: Any) -> None:
        with_app(customer)
        app = Totp.objects.get(user=customer)
        Totp.objects.filter(pk=app.pk).update(key=app.key.split(".")[1])
        rotate(settings, "DATA_KEYS")
        assert Totp.objects.get(pk=app.pk).bin_key == SEED
        assert "otp_totp_totpdevice.key: 1 sealed anew" in reseal()


def test_nothing_is_asked_while_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> str:
        raise DatabaseError

    monkeypatch.setattr(keys, "missing", silent)
    start.on_start()

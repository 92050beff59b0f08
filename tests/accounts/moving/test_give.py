"""All customers are given away: approved by somebody else, sealed for one recipient, and read again elsewhere."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.test import Client
from jwcrypto import jwe, jwk

from accounts.customer import addresses
from accounts.factors.verifier import app
from accounts.models import Alert, Move, Totp, User
from accounts.moving.flows import give, two_people
from accounts.moving.shapes import State
from ciam_portal.core import base64url, clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import parcel
from ciam_portal.core.errors import Refused
from ciam_portal.core.roles import Role
from consent.purposes import facts as purposes
from consent.records import flows as records
from consent.records.policy import Says
from tests import factories
from tests.accounts.moving.file import person, written
from tests.accounts.staff.people import Member
from tests.factories import PASSWORD

SEED = b"12345678901234567890"


def pem(folder: Path, key: Any, name: str = "theirs") -> tuple[Path, Path]:
    """The files of both halves: public, private."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    return public, private


@pytest.fixture
def theirs(tmp_path: Path) -> tuple[Path, Path]:
    return pem(tmp_path, ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ciam_portal.core.clock.fill", lambda *_: None)


@pytest.fixture
def mona(db: None) -> Member:
    return Member(Role.ADMINISTRATOR)


def approve(who: Member) -> Move:
    move = Move.objects.get(state=State.PROPOSED)
    two_people.approve(move, who.user, who.session, by=who.by, at=clock.now())
    return move


def given(path: Path, key: Path, who: Member) -> None:
    call_command("export_customers", str(key), str(path))
    approve(who)
    call_command("export_customers", str(key), str(path))


@pytest.mark.django_db
def test_given_away_and_brought_in_everybody_signs_in(
    tmp_path: Path, theirs: tuple[Path, Path], mona: Member, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(give, "BATCH", 2)
    ada = factories.customer("ada@example.com", name="Ada Lovelace", phone="+4722855050")
    bob = factories.customer("bob@example.com", proven=False)
    app.carried(ada, SEED).save()
    key = next(each.key for each in purposes.active(clock.now()).values() if each.is_asked)
    by = Actor(ActorKind.CUSTOMER, ada.pk, Channel.WEB)
    records.answer(ada, key, Says.NO, by=by, at=clock.now())
    call_command("import_customers", str(written(tmp_path, person(3))))
    approve(mona)
    call_command("import_customers", str(written(tmp_path, person(3))))
    path = tmp_path / "all.jsonl"
    given(path, theirs[0], mona)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"example.com" not in path.read_bytes()
    assert len(path.read_bytes().splitlines()) == 4  # the first one, ada, bob, p3: no staff
    assert Alert.objects.get(kind="customers_given").numbers == {"customers": 3}
    since = ada.created_at

    Totp.objects.all().delete()
    User.objects.filter(is_staff=False).delete()  # an installation with nobody but its staff
    call_command("import_customers", str(path), "--key", str(theirs[1]))
    approve(mona)
    call_command("import_customers", str(path), "--key", str(theirs[1]))
    found = {each.email: each for each in User.objects.filter(is_staff=False)}
    assert sorted(found) == ["ada@example.com", "bob@example.com", "p3@example.com"]
    ada = found["ada@example.com"]
    assert (ada.name, ada.phone, ada.created_at) == ("Ada Lovelace", "+4722855050", since)
    assert (addresses.is_proven(ada), addresses.is_proven(found["bob@example.com"])) == (True, False)
    assert Totp.objects.get(user=ada).bin_key == SEED
    assert list(ada.choices.values_list("purpose", "state")) == [(key, "refused")]
    for email in found:
        answer = client.post("/sign-in/", {"login": email, "password": PASSWORD})
        assert answer.status_code == 302, email
        client = Client()
    assert bob.pk not in {each.pk for each in found.values()}


@pytest.mark.django_db
def test_one_person_gives_nobody_away(tmp_path: Path, theirs: tuple[Path, Path], mona: Member, customer: User) -> None:
    path = tmp_path / "all.jsonl"
    for _again in range(2):
        call_command("export_customers", str(theirs[0]), str(path))
    assert not path.exists()
    assert Move.objects.get().counts == {"customers": 1}
    with pytest.raises(Refused):
        give.write(Move.objects.get(), path, parcel.public(theirs[0].read_bytes()), by=Actor.system())
    assert not path.exists()
    assert not AuditEntry.objects.filter(name="moving.ended").exists()


@pytest.mark.django_db
def test_stopped_on_its_way_nothing_is_left(
    tmp_path: Path, theirs: tuple[Path, Path], mona: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(give, "BATCH", 1)
    for _each in range(2):
        factories.customer()
    path, sealed, count = tmp_path / "all.jsonl", parcel.sealed, iter(range(9))

    def stopped(plain: bytes, recipient: Any) -> bytes:
        if next(count) == 1:
            two_people.reject(Move.objects.get(), mona.user, mona.session, by=mona.by, at=clock.now())
        return sealed(plain, recipient)

    call_command("export_customers", str(theirs[0]), str(path))
    approve(mona)
    monkeypatch.setattr(parcel, "sealed", stopped)
    with pytest.raises(CommandError):
        call_command("export_customers", str(theirs[0]), str(path))
    assert not path.exists()


@pytest.mark.django_db
def test_a_file_that_is_there_stays(tmp_path: Path, theirs: tuple[Path, Path], mona: Member) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text("somebody's")
    with pytest.raises(CommandError):
        given(path, theirs[0], mona)
    assert path.read_text() == "somebody's"


def test_only_the_recipient_opens_it(tmp_path: Path) -> None:
    one, other = (pem(tmp_path, ec.generate_private_key(ec.SECP384R1()), name) for name in ("one", "other"))
    text = parcel.sealed(b"seed", parcel.public(one[0].read_bytes()))
    opens, opens_not = (parcel.opener(parcel.key(each[1].read_bytes())) for each in (one, other))
    assert opens(text) == b"seed"
    for wrong in (opens_not, lambda _text: opens(text[:-8] + b"AAAAAAAA"), lambda _text: opens(b"{}")):
        with pytest.raises(parcel.Closed):
            wrong(text)


def test_nor_does_it_open_what_is_for_several(tmp_path: Path) -> None:
    public, private = pem(tmp_path, ec.generate_private_key(ec.SECP384R1()), "one")
    line = jwe.JWE(b"seed", protected={"enc": "A256GCM"})
    for _ in range(2):
        line.add_recipient(parcel.public(public.read_bytes()), {"alg": "ECDH-ES+A256KW"})
    with pytest.raises(parcel.Closed):
        parcel.opener(parcel.key(private.read_bytes()))(line.serialize().encode())


def test_no_line_has_a_key_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, private = pem(tmp_path, ec.generate_private_key(ec.SECP384R1()), "one")
    head, *rest = parcel.sealed(b"seed", parcel.public(public.read_bytes())).split(b".")
    said = json.loads(base64url.decode(head.decode())) | {"epk": {"generate": "RSA", "size": 16384}}
    opens = parcel.opener(parcel.key(private.read_bytes()))
    monkeypatch.setattr(jwk.JWK, "generate_key", lambda *_, **__: pytest.fail("it was"))
    with pytest.raises(parcel.Closed):
        opens(b".".join([base64url.encode(json.dumps(said).encode()).encode(), *rest]))


def test_what_is_no_recipients_key_is_refused(tmp_path: Path, theirs: tuple[Path, Path]) -> None:
    short = pem(tmp_path, rsa.generate_private_key(65537, 2048), "short")
    for wrong in (b"x", theirs[1].read_bytes(), short[0].read_bytes()):
        with pytest.raises(parcel.UnusableKey):
            parcel.public(wrong)
    with pytest.raises(CommandError):
        call_command("export_customers", str(theirs[1]), str(tmp_path / "all.jsonl"))

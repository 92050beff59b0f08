"""Whatever a customer says has its receipt: to read, to keep, and to prove it by."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.tree import sealer
from ciam_portal.core.audit.tree import verify as verify_tree
from ciam_portal.core.policy import limits
from ciam_portal.oauth import keys
from ciam_portal.oauth.models import SigningKey
from ciam_portal.oauth.signing import flows as signing
from ciam_portal.oauth.signing.models import Use
from consent.models import Consent, ConsentEvent, Receipt
from consent.purposes import facts as purposes
from consent.receipts import verifier
from consent.records import flows as records
from consent.records.policy import Says
from tests import factories
from tests.oauth.conftest import walk
from tests.oauth.walk import Walk

pytestmark = pytest.mark.django_db
__all__ = ["walk"]  # a fixture
NEWS, RESEARCH, IMPROVE = "product_news", "research", "improve_service"


def say(customer: User, key: str, says: Says, at: datetime | None = None) -> ConsentEvent:
    at = at or clock.now()
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    return records.answer(customer, key, says, purposes.active(at)[key].version, by=by, at=at)


def texts(customer: User) -> list[str]:
    return list(Receipt.objects.of(customer.pk).order_by("number").values_list("text", flat=True))


def events_of(customer: User) -> list[dict[str, Any]]:
    return [verifier.says(text)["events"][0] for text in texts(customer)]


class Command:
    """``manage.py verify_receipt`` on files with these receipts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def __call__(self, *receipts: str, **options: Any) -> str:
        said = StringIO()
        files = [self.file(f"{number}.json", verifier.file_of(text)) for number, text in enumerate(receipts)]
        call_command("verify_receipt", *files, stdout=said, **options)
        return said.getvalue()


@pytest.fixture
def verify(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_each_thing_that_is_said_has_its_receipt_and_they_form_a_chain(customer: User, verify: Command) -> None:
    at = clock.now()
    say(customer, NEWS, Says.YES, at)
    say(customer, NEWS, Says.NO, at + timedelta(minutes=1))
    say(customer, IMPROVE, Says.NO, at + timedelta(minutes=2))
    say(customer, RESEARCH, Says.YES, at + timedelta(minutes=3))
    record = customer.choices.select_related("version").get(purpose=RESEARCH)
    records.expire(record, by=Actor.system(), at=at + timedelta(days=396))
    assert [event["event_state"] for event in events_of(customer)] == [
        "given", "withdrawn", "objected", "given", "expired",
    ]  # fmt: skip
    made = texts(customer)
    person = verifier.says(made[0])["pii_principal_id"]
    assert [event["entity_id"] for event in events_of(customer)] == [person] * 4 + [verifier.says(made[0])["iss"]]
    assert person not in {str(customer.pk), customer.email}
    said = verify(*made)
    assert said.count("genuine") == said.count("as recorded") == 5


def test_an_app_has_one_for_each_purpose_and_for_what_is_taken_back(walk: Walk, customer: User) -> None:
    walk.tokens("openid email profile")
    consent = Consent.objects.get()
    walk.browser.post(f"/connected-apps/{consent.pk}/", {"keep": ["profile"]})
    walk.browser.post(f"/connected-apps/{consent.pk}/withdraw/")
    found = [(said["purposes"][0]["purpose_type"], said["events"][0]["event_state"])
             for said in map(verifier.says, texts(customer))]  # fmt: skip
    assert ("contact_details", "given") in found
    assert found.index(("contact_details", "withdrawn")) > found.index(("contact_details", "given"))
    assert ("sign_in", "withdrawn") in found
    assert ConsentEvent.objects.count() == Receipt.objects.count()
    (party,) = verifier.says(texts(customer)[0])["party_identification"][1:]
    assert party == {"party_id": consent.partner.client_id, "party_type": "third_party", "party_name": "Shop"}
    page = walk.browser.get(f"/receipts/apps/{consent.pk}/")
    assert page.text.count("Receipt ") >= len(found)


def test_nothing_is_said_without_a_receipt(customer: User) -> None:
    SigningKey.objects.filter(use=Use.RECEIPTS).delete()
    keys.forget()
    with pytest.raises(LookupError):
        say(customer, NEWS, Says.YES)
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE consent_receipt SET text = 'x'", "DELETE FROM consent_receipt", "TRUNCATE consent_receipt CASCADE"],
)
def test_the_database_keeps_them(customer: User, statement: str) -> None:
    say(customer, NEWS, Says.YES)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def wrong(verify: Command, *receipts: str, **options: Any) -> str:
    with pytest.raises(CommandError) as error:
        verify(*receipts, **options)
    assert error.value.returncode == 1
    return str(error.value).partition(": ")[2].partition(":")[0]


def test_the_command_says_by_name_what_is_wrong(customer: User, verify: Command, settings: Any) -> None:
    other = factories.customer("eve@example.com")
    for each in (customer, other):
        say(each, NEWS, Says.YES)
        say(each, NEWS, Says.NO)
        say(each, NEWS, Says.YES)
    first, second, third = texts(customer)
    hers = texts(other)
    assert wrong(verify, first, third) == "missing"
    assert wrong(verify, first, hers[1]) == "anothers"
    assert wrong(verify, hers[0], of=verifier.says(first)["pii_principal_id"]) == "anothers"
    assert wrong(verify, first, first) == "swapped"
    text = verify.file("text.json", Client().get(verifier.says(first)["privacy_notice"]["uri"]).content)
    assert "genuine" in verify(first, notice=Path(text))
    assert wrong(verify, first, notice=Path(verify.file("other.json", "{}"))) == "other_text"
    assert verify(second).count("genuine") == 1


def trespass(statement: str) -> None:
    """What only the tables' owner could do."""
    tables = ("consent_receipt", "consent_consentevent", "consent_purposeversion")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM consent_receipt WHERE number = 2", "no_record"),
        ("UPDATE consent_consentevent SET state = 'refused' WHERE number = 2", "other_record"),
        ("UPDATE consent_consentevent SET categories = '{}' WHERE number = 2", "other_record"),
        ("UPDATE consent_receipt SET text = text || 'x' WHERE number = 2", "other_record"),
        ("UPDATE consent_purposeversion SET texts = jsonb_set(texts, '{en,words}', '\"all\"')", "other_text"),
        ("DELETE FROM consent_receipt WHERE number = 1", "broken_record"),
        ("UPDATE consent_receipt SET text = replace(text, '.', 'A.') WHERE number = 1", "broken_record"),
        (
            "UPDATE consent_receipt SET text = (SELECT text FROM consent_receipt WHERE number = 2) WHERE number = 3",
            "broken_record",
        ),
    ],
)
def test_our_record_is_asked_too(customer: User, verify: Command, statement: str, code: str) -> None:
    for says in (Says.YES, Says.NO, Says.YES):
        say(customer, NEWS, says)
    second = texts(customer)[1]
    verify(second)
    trespass(statement)
    assert wrong(verify, second) == code


def test_they_verify_after_the_keys_have_changed_and_after_the_account_is_gone(customer: User, verify: Command) -> None:
    say(customer, NEWS, Says.YES)
    with time_machine.travel(clock.now() + timedelta(days=limits.current().oauth.signing_key_days + 1)):
        signing.make("ES256", clock.now(), Use.RECEIPTS, by=Actor.system(), at=clock.now())
        signing.tend(at=clock.now())
        keys.forget()
        say(customer, NEWS, Says.NO)
    first, second = texts(customer)
    assert len({text.partition(".")[0] for text in (first, second)}) == 2
    assert verify(first, second).count("as recorded") == 2
    customer.delete()
    assert verify(first, second).count("the account is closed") == 2


def test_offline_with_the_published_keys(customer: User, verify: Command, django_assert_num_queries: Any) -> None:
    say(customer, NEWS, Says.YES)
    answer = Client().get("/.well-known/consent-receipt-keys.json")
    assert "public" in answer["Cache-Control"]
    published, made = Path(verify.file("keys.json", answer.content)), texts(customer)
    with django_assert_num_queries(0):
        assert "genuine" in verify(*made, keys=published)
    tokens = Path(verify.file("tokens.json", Client().get("/.well-known/jwks.json").content))
    assert wrong(verify, *made, keys=tokens) == "unknown_key"


@pytest.mark.parametrize("words", [[], ["nowhere.json"], ["x", "--keys", "nowhere.json"], ["x", "--keys", __file__]])
def test_what_cannot_be_read_is_no_verdict(words: list[str]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("verify_receipt", *words)
    assert error.value.returncode == 2


def test_the_program_is_printed(capsys: Any) -> None:
    call_command("verify_receipt", script=True)
    assert "import base64" in capsys.readouterr().out


def test_the_pages(customer: User, sign_in: Callable[..., Client], verify: Command) -> None:
    browser = sign_in(customer)
    assert "No receipt yet" in browser.get("/receipts/").text
    say(customer, NEWS, Says.YES)
    say(customer, RESEARCH, Says.NO)
    first, second = Receipt.objects.of(customer.pk).order_by("number")
    assert "Send you news" in browser.get("/receipts/").text
    of_one = browser.get(f"/receipts/purposes/{RESEARCH}/").text
    assert "Help research" in of_one
    assert "Send you news" not in of_one
    page = browser.get(f"/receipts/{first.pk}/").text
    assert "To write to you about new things that we offer." in page
    assert "Your email addresses" in page
    assert "Allowed" in page
    assert "Researchers outside" in browser.get(f"/receipts/{second.pk}/").text
    answer = browser.get(f"/receipts/{first.pk}/download/")
    assert answer["Content-Disposition"] == 'attachment; filename="consent-receipt-1.json"'
    assert json.loads(answer.content)["content"]["purposes"][0]["purpose"] == "Send you news"
    whole = browser.get("/receipts/download/").content
    assert len(verifier.linked(verifier.read(whole, lambda kid: keys.named(kid, Use.RECEIPTS)))) == 2
    for path in ("/receipts/?before=1", "/receipts/?before=x", f"/receipts/?before={'9' * 40}"):
        assert browser.get(path).status_code == 200


def test_each_stands_in_the_tree(customer: User, sign_in: Callable[..., Client]) -> None:
    say(customer, NEWS, Says.YES)
    row, browser = Receipt.objects.get(), sign_in(customer)
    path = f"/receipts/{row.pk}/proof/"
    assert "not in our log yet" in browser.get(path, follow=True).text
    sealer.seal_all(9, clock.now())
    proof = browser.get(path).text
    assert proof.startswith("c2sp.org/tlog-proof@v1\n")
    entry = base64.b64decode(proof.splitlines()[1].removeprefix("extra "))
    assert json.loads(entry)[1]["text"] == row.text
    trespass("UPDATE consent_receipt SET number = 7")
    assert "Our log does not fit this receipt" in browser.get(path, follow=True).text
    assert [str(fault) for fault in verify_tree.Verification().faults() if str(row.pk) in str(fault)]


def test_receipts_of_somebody_else_are_not_there(customer: User, sign_in: Callable[..., Client]) -> None:
    other = factories.customer("eve@example.com")
    say(other, NEWS, Says.YES)
    hers = Receipt.objects.get()
    browser = sign_in(customer)
    for path in (f"{hers.pk}/", f"{hers.pk}/download/", f"{hers.pk}/proof/", f"purposes/{NEWS}/"):
        assert browser.get(f"/receipts/{path}").status_code == 404
    assert Client().get(f"/receipts/{hers.pk}/").status_code == 302
    assert "Send you news" not in browser.get("/receipts/").text


def test_anybody_may_verify_and_read_the_text_that_was_agreed_to(customer: User) -> None:
    assert Client().get("/receipts/verify/").status_code == 200
    say(customer, NEWS, Says.YES)
    notice = verifier.says(texts(customer)[0])["privacy_notice"]
    assert json.loads(Client().get(notice["uri"]).content)["en"]["title"] == "Send you news"
    assert Client().get("/receipts/texts/00000000-0000-7000-8000-000000000000/").status_code == 404


def test_many_receipts_cost_as_much_as_one(
    customer: User, sign_in: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    browser = sign_in(customer)
    for _ in range(6):
        say(customer, NEWS, Says.YES)
    with django_assert_max_num_queries(3):
        assert browser.get("/receipts/").text.count("Send you news") == 6

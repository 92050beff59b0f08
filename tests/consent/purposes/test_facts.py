"""What data may be used for now: what was approved, and nothing that was edited behind that."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.scopes import SCOPES
from consent.models import Purpose, PurposeVersion
from consent.purposes import facts, policy, shipped
from consent.purposes.models import digest
from consent.purposes.policy import Basis, Reason
from tests.consent.records.world import edit

pytestmark = pytest.mark.django_db


@pytest.fixture
def _in_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "LATE", timedelta(seconds=5))


@pytest.mark.usefixtures("_in_five_seconds")
def test_every_database_has_the_purposes_that_the_portal_comes_with(
    noon: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = facts.active(noon)
        assert facts.active(noon + timedelta(seconds=4)) is found
    assert set(found) == {each.key for each in shipped.SHIPPED}
    assert {(each.number, each.material_number) for each in found.values()} == {(1, 1)}
    with django_assert_num_queries(1):
        facts.active(noon + timedelta(seconds=5))
    assert found["product_news"].is_asked
    assert found["improve_service"].may_be_objected_to
    assert not found["security_notices"].is_asked
    assert not found["security_notices"].may_be_objected_to


@pytest.mark.parametrize("each", shipped.SHIPPED, ids=lambda each: each.key)
def test_what_ships_keeps_the_rules(each: shipped.Shipped) -> None:
    assert policy.wrong(each.terms, CATEGORIES) == ()
    assert set(each.texts) == {"en", "de"}
    assert all(said["title"] and said["words"] for said in each.texts.values())


def test_every_scope_has_a_purpose_and_its_categories_are_part_of_it(noon: datetime) -> None:
    for scope in SCOPES:
        (wanted,) = facts.of_scopes([scope])
        assert set(wanted.categories) <= set(facts.one(wanted.purpose, noon).categories), scope
    assert shipped.OF_SCOPES.keys() == SCOPES.keys() == shipped.CATEGORIES_OF_SCOPES.keys()


def test_scopes_of_one_purpose_are_one_wish() -> None:
    assert facts.of_scopes(["phone", "openid", "offline_access", "email"]) == (
        facts.Wanted("sign_in", ("pseudonym",), ("openid", "offline_access")),
        facts.Wanted("contact_details", ("email", "phone"), ("email", "phone")),
    )


def test_a_scope_without_a_purpose_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        facts.of_scopes(["openid", "shoe_size"])
    assert refused.value.reason is Reason.NO_PURPOSE


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Send you news"), ("de", "Ihnen Neuigkeiten senden"), ("de-at", "Ihnen Neuigkeiten senden"),
     ("fr", "Send you news"), (None, "Send you news")],
)  # fmt: skip
def test_a_text_is_in_the_readers_language_or_in_english(noon: datetime, language: str | None, title: str) -> None:
    with translation.override(language):
        assert facts.one("product_news", noon).title == title


@pytest.mark.parametrize(
    "sql",
    [
        """texts = jsonb_set(texts, '{en,words}', '"To sell it."')""",
        "categories = categories || '{phone,location}'",
        "valid_for_days = 40000",
        "seal = ''",
        "seal = replace(seal, 'v1:', 'v2:')",
    ],
)
def test_what_was_edited_behind_the_approval_is_used_for_nothing(
    noon: datetime, sql: str, caplog: pytest.LogCaptureFixture
) -> None:
    edit(f"{sql} WHERE purpose_id = (SELECT id FROM consent_purpose WHERE key = 'product_news')")  # noqa: S608  (as above)
    assert "product_news" not in facts.active(noon)
    with pytest.raises(Refused) as refused:
        facts.one("product_news", noon)
    assert refused.value.reason is Reason.EDITED
    assert "product_news 1 is not as it was approved" in caplog.text
    assert facts.one("research", noon).basis is Basis.CONSENT


def test_a_consistent_edit_with_a_new_digest_is_found_too(noon: datetime) -> None:
    version = PurposeVersion.objects.get(purpose__key="research")
    texts = version.texts | {"en": {"title": "Help us", "words": "To sell it."}}
    edit(
        "texts = %s, text_sha256 = %s WHERE id = %s",
        connection.ops.adapt_json_value(texts, None),
        digest(texts),
        version.pk,
    )
    with pytest.raises(Refused) as refused:
        facts.one("research", noon)
    assert refused.value.reason is Reason.EDITED


def test_a_draft_an_old_and_an_unknown_purpose_are_refused_by_name(noon: datetime) -> None:
    draft = PurposeVersion(purpose=Purpose.objects.create(key="gifts", made_at=noon), number=1, state="draft")
    draft.write(shipped.SHIPPED[0].texts, shipped.SHIPPED[0].terms, None, noon, is_material=True)
    PurposeVersion.objects.filter(purpose__key="research").update(state="retired")
    for key, reason in (("gifts", Reason.NOT_ACTIVE), ("research", Reason.RETIRED), ("shoes", Reason.UNKNOWN)):
        with pytest.raises(Refused) as refused:
            facts.one(key, noon)
        assert refused.value.reason is reason


@pytest.mark.parametrize(
    "change",
    [{"texts": {}}, {"categories": []}, {"is_material": False}, {"approved_by": "01a219cf-7be1-7681-8315-acfc5da3e7e0"},
     {"state": "draft"}, {"state": "proposed"}, {"state": "approved"}],
    ids=str,
)  # fmt: skip
def test_the_database_keeps_what_was_approved_as_it_was(change: dict[str, object]) -> None:
    with pytest.raises(DatabaseError, match="keeps what was approved"), transaction.atomic():
        PurposeVersion.objects.filter(purpose__key="research").update(**change)


def test_the_database_removes_no_version() -> None:
    with pytest.raises(DatabaseError, match="keeps what was approved"), transaction.atomic():
        PurposeVersion.objects.filter(purpose__key="research").delete()
    PurposeVersion.objects.filter(purpose__key="research").update(state="retired")
    with pytest.raises(DatabaseError, match="keeps what was approved"), transaction.atomic():
        PurposeVersion.objects.filter(purpose__key="research").update(state="active")

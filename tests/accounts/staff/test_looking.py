"""No page shows what is kept about a customer without a trace: a reason, a row of the audit, a line for them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from accounts.activity import lines
from accounts.models import BreakGlass, Dispute, Session, User
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyGlass, WhyLook
from ciam_portal.core import clock, reference
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.lists import newest, sheet
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from consent.models import Consent
from tests import factories
from tests.accounts.staff import world
from tests.accounts.staff.people import Member
from tests.accounts.staff.world import World
from tests.recovery import steps

pytestmark = pytest.mark.django_db
AUDIT, DECISIONS = "/staff/audit/auditentry/", "/staff/audit/decisionentry/"

# Pages that name no customer: of the site itself, about the portal, its policy and partners; forms that show nobody.
ABOUT_NOBODY = {
    "index", "login", "logout", "password_change", "jsi18n", "app_list", "privilege_paths", "risk_model_card",
    "audit_tree",
    "accounts_alert_changelist", "accounts_alert_change", "accounts_move_changelist", "accounts_move_change",
    "accounts_passeddomain_changelist", "accounts_passeddomain_change",
    "accounts_outgoing_changelist", "accounts_outgoing_change",  # to whom it went, nobody reads there
    "accounts_identitytraining_train",  # a form
    "oauth_partner_changelist", "oauth_partner_change",
    "oauth_partner_agents",
    "console_changerequest_changelist", "console_changerequest_change",
    "governance_policyversion_changelist", "governance_policyversion_change", "notifications_notice_changelist",
    "notifications_notice_change", "accounts_user_changelist", "accounts_rolechange_propose",
    "accounts_breakglass_take", "accounts_rolechange_changelist", "accounts_breakglass_changelist",
    "consent_purpose_new", "consent_purpose_draft", "consent_purpose_changelist", "consent_purpose_change",
    "consent_purposeversion_changelist", "consent_purposeversion_change",
}  # fmt: skip


@pytest.fixture
def made(customer: User) -> World:
    return world.make(customer)


@pytest.mark.control("v5.0.0-16.3.2")
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_every_page_that_shows_something_about_a_customer_leaves_a_trace(made: World, role: Role) -> None:
    """And the row of one customer opens with a reason that they read."""
    for name, path in made.addresses():
        if name in ABOUT_NOBODY:
            continue
        who = Member(role)  # another session for each page: nothing is open to it yet
        cache.clear()
        traces = AuditEntry.objects.filter(session=who.session.pk)
        before = traces.count()
        page = who.client.get(path)
        if page.status_code != 200:
            continue
        asks_why = "Why do you look?" in page.text
        assert asks_why or traces.count() > before, path
        if name.endswith("_change") and "role" not in name and "breakglass" not in name:
            opened = [] if asks_why or name == "accounts_user_change" else [made.customer.pk]
            assert [each.about for each in traces.filter(name="staff.record_opened")] == opened, path


def test_a_reason_opens_the_row_and_stands_on_the_customers_own_page(made: World) -> None:
    auditor, entry = Member(Role.AUDITOR), made.rows[AuditEntry]
    path = f"{AUDIT}{entry.pk}/change/"
    assert "account.opened" not in auditor.client.get(path).text
    assert "account.opened" not in auditor.client.post(path, {"reason": "curious"}).text
    assert "account.opened" in auditor.client.post(path, {"reason": "audit"}, follow=True).text
    titles = [line.title for line in lines.page(made.customer).lines]
    assert "Help desk viewed your record: a check of how we work" in titles
    assert auditor.client.post(path, {"name": "x"}).status_code == 403


@pytest.mark.parametrize("since", ["risky", "stale", "another session", "shut"])
def test_an_opened_record_shuts_once_it_could_not_be_opened_any_more(made: World, since: str) -> None:
    """The session became risky or stale, it is another one, or it was opened too long ago: asked at every look."""
    for role, path, shown in (
        (Role.AGENT, f"/staff/accounts/user/{made.customer.pk}/change/", "Sign-in methods"),
        (Role.AUDITOR, f"{AUDIT}{made.rows[AuditEntry].pk}/change/", "account.opened"),
    ):
        who = Member(role)
        staff.open_record(made.customer, WhyLook.AUDIT, who.user, who.session, by=who.by, at=clock.now())
        assert shown in who.client.get(path).text
        rows, before = Session.objects.filter(pk=who.session.pk), clock.now() - timedelta(hours=2)
        if since == "risky":
            rows.update(risk=Risk.HIGH)
        elif since == "stale":
            rows.update(auth_time=before, level_at=before, challenged_at=before)
        elif since == "another session":
            factories.signed_in(who.client, who.user, (Method.PASSWORD, Method.TOTP), clock.now())
        with steps.later(minutes=limits.current().staff.record_minutes if since == "shut" else 0):
            rows.update(last_used_at=clock.now())  # the session itself goes on
            assert shown not in who.client.get(path, follow=True).text


def test_nobody_reads_what_is_kept_about_themselves_here(made: World) -> None:
    auditor = Member(Role.AUDITOR)
    own = AuditEntry.objects.create(
        at=clock.now(), about=auditor.pk, actor_kind="staff", channel="help_desk", name="staff.role_granted"
    )
    page = auditor.client.post(f"{AUDIT}{own.pk}/change/", {"reason": "audit"}, follow=True)
    assert page.status_code == 403
    assert "staff.role_granted" not in page.text


def test_a_dispute_opens_the_record_once_and_not_at_each_look(made: World) -> None:
    agent = Member(Role.AGENT)
    for _ in range(3):
        assert agent.client.get(f"/staff/accounts/dispute/{made.rows[Dispute].pk}/change/").status_code == 200
    assert AuditEntry.objects.filter(name="staff.record_opened", session=agent.session.pk).count() == 1


def test_consents_of_one_customer_are_part_of_their_record(made: World) -> None:
    auditor, path = Member(Role.AUDITOR), f"/staff/consent/consent/?customer={made.customer.pk}"
    link = f"{made.rows[Consent].pk}/change/"
    assert link not in auditor.client.get(path).text
    assert link in auditor.client.post(path, {"reason": "legal_duty"}, follow=True).text


class TestAudit:
    """Narrowed by actor, subject, event and time; page after page; and taken away."""

    @pytest.fixture
    def auditor(self) -> Member:
        return Member(Role.AUDITOR)

    @pytest.fixture
    def rows(self, auditor: Member) -> list[AuditEntry]:
        """What a member of staff did, one row a minute, the oldest first."""
        at = clock.now()
        made = [
            AuditEntry(
                at=at.replace(minute=0, second=0, microsecond=0) if number == 0 else at, about=codes.new_id(),
                actor_kind="staff", actor=auditor.pk, channel="help_desk", name=name, request_id=codes.new_id().hex,
                data={"found": number},
            )
            for number, name in enumerate(("staff.customer_searched", "staff.record_opened", "staff.record_opened"))
        ]  # fmt: skip
        return AuditEntry.objects.bulk_create(made)

    def keys(self, who: Member, query: str) -> set[str]:
        page = who.client.get(f"{AUDIT}?{query}")
        assert page.status_code == 200
        return {part.split("/change/")[0] for part in page.text.split(f"{AUDIT}")[1:] if "/change/" in part}

    @staticmethod
    def older(page: str) -> str:
        found = re.search(r"[?;]older=([\w-]+)", page)
        return found[1] if found else ""

    def test_it_is_narrowed_by_what_investigators_ask(self, auditor: Member, rows: list[AuditEntry]) -> None:
        searched, opened, _third = (str(row.pk) for row in rows)
        by_me = self.keys(auditor, f"actor={auditor.pk}")
        assert {searched, opened} <= by_me
        assert self.keys(auditor, f"actor={auditor.pk}&event=staff.customer_searched") == {searched}
        assert opened in self.keys(auditor, f"subject={rows[1].about}")
        assert searched not in self.keys(auditor, f"subject={rows[1].about}")
        assert self.keys(auditor, f"subject={rows[1].about}&actor={codes.new_id()}") == set()
        assert self.keys(auditor, f"request={rows[1].request_id}") == {opened}
        assert self.keys(auditor, f"request={reference.of_request(rows[1].request_id)}") == {opened}
        assert self.keys(auditor, "request=nothing like it") == set()
        assert self.keys(auditor, f"request={codes.new_id()}") == set()
        assert self.keys(auditor, f"actor={auditor.pk}&kind=partner") == set()
        stamp = f"{rows[0].at:%Y-%m-%dT%H:%M}"
        assert searched not in self.keys(auditor, f"until={stamp}&actor={auditor.pk}")
        assert searched in self.keys(auditor, f"since={stamp}&actor={auditor.pk}")

    def test_what_a_customer_did_takes_their_record_and_what_staff_did_does_not(
        self, auditor: Member, customer: User
    ) -> None:
        assert "Why do you look?" in auditor.client.get(f"{AUDIT}?actor={customer.pk}").text
        assert "Why do you look?" in auditor.client.get(f"{AUDIT}?subject={customer.pk}").text
        assert "Why do you look?" not in auditor.client.get(f"{AUDIT}?actor={Member(Role.AGENT).pk}").text

    def test_pages_follow_one_another_and_miss_nothing(
        self, auditor: Member, rows: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(newest, "LENGTH", 2)
        monkeypatch.setattr(newest.Newest.page, "__defaults__", (2,))
        met, query = [], f"actor={auditor.pk}"
        for _ in range(50):
            page = auditor.client.get(f"{AUDIT}?{query}").text
            met += [part.split("/change/")[0] for part in page.split(AUDIT)[1:] if "/change/" in part]
            if not (older := self.older(page)):
                break
            query = f"actor={auditor.pk}&older={older}"
        assert len(met) == len(set(met))
        assert {str(row.pk) for row in rows} <= set(met)

    def test_what_no_index_answers_is_looked_for_in_so_many_rows_and_goes_on(
        self, auditor: Member, rows: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(newest, "MOST", 1)
        query = f"actor={auditor.pk}&event=staff.customer_searched"
        page = auditor.client.get(f"{AUDIT}?{query}").text
        assert "back to" in page
        assert str(rows[0].pk) not in page
        for _ in range(50):
            page = auditor.client.get(f"{AUDIT}?{query}&older={self.older(page)}").text
            if str(rows[0].pk) in page:
                return
        pytest.fail("It is never reached.")

    def test_no_page_counts_or_tells_apart_the_whole_table(
        self, auditor: Member, rows: list[AuditEntry], django_assert_max_num_queries: Any
    ) -> None:
        for path in (
            AUDIT,
            f"{AUDIT}?actor={auditor.pk}&kind=staff",
            DECISIONS,
            "/staff/notifications/notice/?state=sent",
        ):
            with django_assert_max_num_queries(14) as asked:
                assert auditor.client.get(path).status_code == 200
            said = [query["sql"] for query in asked.captured_queries if "audit_" in query["sql"]]
            assert not [sql for sql in said if "COUNT(" in sql.upper() or "DISTINCT" in sql.upper()], path

    def test_it_is_taken_away_as_csv_and_json_lines_and_that_is_recorded(
        self, auditor: Member, rows: list[AuditEntry]
    ) -> None:
        query = f"actor={auditor.pk}&event=staff.customer_searched"
        text = auditor.client.post(f"{AUDIT}export/?{query}", {"form": "csv"}).getvalue().decode()
        assert text.splitlines()[0].startswith("id,at,name,about")
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == [str(rows[0].pk)]
        lines = auditor.client.post(f"{AUDIT}export/?{query}", {"form": "jsonl"}).getvalue()
        assert b'"data": {"found": 0}' in lines
        taken = AuditEntry.objects.filter(name="staff.exported").latest("at", "pk")
        assert taken.data == {"page": "audit.auditentry", "form": "jsonl", "asked": ["actor", "event"], "most": 100000}
        assert auditor.client.post(f"{AUDIT}export/?{query}", {"form": "xlsx"}).status_code == 404
        assert auditor.client.get(f"{AUDIT}export/?{query}")["Location"] == f"{AUDIT}?{query}"

    def test_an_export_about_one_customer_takes_their_record(self, auditor: Member, customer: User) -> None:
        page = auditor.client.post(f"{AUDIT}export/?subject={customer.pk}", {"form": "csv"})
        assert "Why do you look?" in page.text
        assert not AuditEntry.objects.filter(name="staff.exported").exists()

    @pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER])
    def test_others_take_nothing_away(self, role: Role) -> None:
        for path in (AUDIT, DECISIONS):
            assert Member(role).client.post(f"{path}export/", {"form": "csv"}).status_code == 403
        assert not AuditEntry.objects.filter(name="staff.exported").exists()

    def test_nor_does_who_oversees_for_an_hour_alone(self) -> None:
        agent, at = Member(Role.AGENT), clock.now()
        until = at + timedelta(hours=1)
        BreakGlass.objects.create(
            person=agent.user, role=Role.AUDITOR.value, reason=WhyGlass.ATTACK.value, asked_at=at, expires_at=until
        )
        assert agent.client.get(AUDIT).status_code == 200
        assert agent.client.post(f"{AUDIT}export/", {"form": "csv"}).status_code == 403

    @pytest.mark.control("v5.0.0-1.2.10")
    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_no_cell_is_a_formula(self, start: str) -> None:
        assert sheet.cell(f"{start}1+cmd|' /C calc'!A0").startswith(f"'{start}")

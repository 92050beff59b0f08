"""What each page and job costs when the tables are large: ``python -m tests.bench.growth``.

A database of its own is filled to a hundredth of the asked-for size and measured, filled to all of it and measured
again. No page of the staff site, and no answer to a customer or partner, may cost more than twice as much (``LIMIT``);
nothing may be forgotten more slowly than it is made. Times are the least of ``TIMES`` turns in this process, database
included (others may use the machine); the rows are copies of real ones, spread over ``MONTHS`` months.

What rests on consents and the use ledger is held to more: of 95 in a hundred turns none may cost more than ``TIGHT``
times as much. Whose ledger is read has the same lines in both rounds.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.stack import Stack

LIMIT, TIMES, MONTHS = 2.0, 9, 12
TIGHT, TURNS = 1.2, 200
_READ = 100_000
"""So many uses are of five hundred customers, whose pages are read; there in both rounds."""
LEAST_MS = 1.0
"""Differences below this are the machine's."""

_FUNCTIONS = """
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.made(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
          || '8' || substr(md5(random()::text), 1, 15))::uuid $$;
CREATE FUNCTION pg_temp.number(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT md5(kind || n)::uuid $$;
CREATE FUNCTION pg_temp.lately(n bigint, of bigint, days float) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT now() - days * interval '1 day' * (1 - n / of::float) $$;
"""
# {first}..{last} of {last} rows; {customers} customers are there. What is not named is copied from a real row.
_COPIES: dict[str, tuple[str, dict[str, str]]] = {
    "accounts_user": ("customers", {
        "id": "number('c', n)", "email": "'c' || n || '@example.org'", "phone": "'+4790' || lpad(n::text, 8, '0')",
        "created_at": "lately(n, {last}, 700)", "is_staff": "false",
    }),
    "account_emailaddress": ("customers", {
        "id": "1000000 + n", "user_id": "number('c', n)", "email": "'c' || n || '@example.org'",
    }),
    "accounts_profile": ("customers", {"customer_id": "number('c', n)"}),
    "accounts_device": ("customers", {
        "id": "number('d', n)", "customer_id": "number('c', n)", "cookie_digest": "md5('d' || n)",
    }),
    "accounts_session": ("customers", {
        "id": "number('s', n)", "customer_id": "number('c', n)", "device_id": "number('d', n)",
        "browser_key": "md5('s' || n)", "started_at": "lately(n, {last}, 80)", "last_used_at": "lately(n, {last}, 80)",
        "expires_at": "lately(n, {last}, 80) + interval '12 hours'", "ended_at": "NULL", "decision": "NULL",
    }),
    "django_session": ("customers", {
        "session_key": "md5('s' || n)", "expire_date": "now() + interval '1 hour' * (1 + n % 12)",
    }),
    "consent_consent": ("consents", {
        "id": "number('k', n)", "customer_id": "number('c', n)", "given_at": "lately(n, {last}, 300)",
        "changed_at": "lately(n, {last}, 300)", "ended_at": "NULL", "sub": "md5('k' || n)",
    }),
    "consent_consentrecord": ("consents", {"id": "number('e', n)", "subject_id": "number('c', n)"}),
    "consent_consentevent": ("consents", {"id": "number('e', n)", "subject": "number('c', n)"}),
    "consent_use": ("uses", {
        "id": "number('u', n)", "at": "date_trunc('minute', now() - random() * interval '330 days')",
        "customer": f"number('c', CASE WHEN n <= {_READ} THEN n % 500 ELSE 500 + n % ({{last}} / 200) END + 1)",
    }),
    "oauth_accesstoken": ("some tokens", {
        "id": "number('a', n)", "user_id": "number('c', n % {customers} + 1)", "family": "number('f', n)",
        "session_id": "number('s', n % {customers} + 1)", "consent_id": "number('k', n % {customers} + 1)",
        "token_checksum": "md5('a' || n) || md5('b' || n)", "expires": "now() + interval '1 second' * (60 + n % 240)",
    }),
    "oauth_refreshtoken": ("tokens", {
        "id": "number('r', n)", "user_id": "number('c', n % {customers} + 1)", "token_family": "number('f', n / 20)",
        "session_id": "number('s', n % {customers} + 1)", "consent_id": "number('k', n % {customers} + 1)",
        "token_checksum": "md5('r' || n) || md5('q' || n)", "used_at": "now()", "answer": "''",
        "revoked": "CASE WHEN n % 20 <> 0 THEN now() END", "expires_at": "lately(n, {last}, 0) + interval '20 days'",
    }),
    "notifications_notice": ("audit", {
        "id": "made(lately(n, {last}, 80))", "created_at": "lately(n, {last}, 80)", "state": "'sent'",
        "sealed": "''", "customer_id": "number('c', n % {customers} + 1)",
    }),
    "audit_auditentry": ("audit", {
        "id": "made(lately(n, {last}, 360))", "at": "lately(n, {last}, 360)",
        "about": "number('c', n % {customers} + 1)", "actor": "number('c', n % {customers} + 1)",
        "session": "number('s', n % {customers} + 1)",
    }),
    "audit_decisionentry": ("decisions", {
        "id": "made(lately(n, {last}, 360))", "at": "lately(n, {last}, 360)",
        "about": "number('c', n % {customers} + 1)", "actor": "number('c', n % {customers} + 1)",
        "session": "number('s', n % {customers} + 1)",
    }),
}  # fmt: skip


def main() -> int:
    """Fill, measure, fill, measure, print; 1 if something grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--audit", type=int, default=1_000_000)
    parser.add_argument("--consents", type=int, default=100_000)
    parser.add_argument("--uses", type=int, default=1_000_000)
    parser.add_argument("--state", help="a state folder to use, and to keep; what it holds is not filled again")
    options = parser.parse_args()
    names = "customers", "tokens", "audit", "consents", "uses"
    sizes = {name: getattr(options, name) for name in names}
    if options.state:
        stack = Stack(options.state, durable=False)
        stack.start_services()
        try:
            return run(stack, sizes)
        finally:
            stack.stop()
    with Stack.temporary(services_only=True) as stack:
        return run(stack, sizes)


def run(stack: Stack, sizes: dict[str, int]) -> int:
    """Both rounds, in this process."""
    os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
    stack.manage("migrate", "--no-input")
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    small = {name: max(1000, number // 100) for name, number in sizes.items()} | {"uses": _READ}
    results = []
    _World()  # the rows that are copied
    for asked in (small, sizes):
        began = time.perf_counter()
        fill(asked)
        print(f"{asked}: filled in {time.perf_counter() - began:.0f} s", flush=True)
        world = _World()  # sessions do not outlast the filling
        world.night()
        results.append({name: _least(ask) for name, ask in world.questions()})
        results[-1] |= {f"{name}, p95": _p95(ask) for name, ask in world.consents()}
    return report(*results)


def report(before: dict[str, float], after: dict[str, float]) -> int:
    """The table; 1 if something costs more than it may."""
    grown = 0
    for name, first in before.items():
        ratio = after[name] / max(first, LEAST_MS)
        grows = ratio > (TIGHT if name.endswith("p95") else LIMIT)
        grown += grows
        print(f"{name:<42} {first:8.1f} ms {after[name]:8.1f} ms   x{ratio:.2f}{'  GROWS' if grows else ''}")
    return min(grown, 1)


def fill(asked: dict[str, int]) -> None:
    """So many rows in all of each table."""
    import psycopg
    from django.conf import settings

    numbers = asked | {"decisions": asked["audit"] // 4, "some tokens": asked["tokens"] // 10}
    place = settings.DATABASES["default"]
    with psycopg.connect(host=place["HOST"], dbname=place["NAME"], user="postgres", autocommit=True) as connection:
        connection.execute("SET search_path = public, pg_temp; SET statement_timeout = 0")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(
            "SELECT set_config('role', tableowner, false) FROM pg_tables WHERE tablename = 'accounts_user'"
        )
        connection.execute("SELECT audit_make_months(3)")  # what lay in no month moves to its own
        for table in ("audit_auditentry", "audit_decisionentry", "consent_use"):
            connection.execute(
                "SELECT audit_make_month(%s, date_trunc('month', now(), 'UTC') - n * interval '1 month')"
                f"FROM generate_series(1, {MONTHS}) AS n", [table],
            )  # fmt: skip
        connection.execute("CREATE TABLE IF NOT EXISTS bench_rows (name text PRIMARY KEY, number bigint)")
        connection.execute("RESET ROLE")
        connection.execute(_FUNCTIONS)
        for table, (of, columns) in _COPIES.items():
            row = connection.execute("SELECT number FROM bench_rows WHERE name = %s", [table]).fetchone()
            there, wanted = row[0] if row else 0, numbers[of]
            if there >= wanted:
                continue
            names = [name for (name,) in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                [table])]  # fmt: skip
            words = {"first": there + 1, "last": wanted, "customers": asked["customers"]}
            made = [columns[name].format(**words) if name in columns else f'real."{name}"' for name in names]
            for function in ("number(", "made(", "lately("):
                made = [each.replace(function, f"pg_temp.{function}") for each in made]
            real = f"real_{table}"
            connection.execute(
                f"CREATE TEMP TABLE {real} AS SELECT *, row_number() OVER () - 1 AS place FROM {table} LIMIT 200"  # noqa: S608
            )
            columns_there = ", ".join(f'"{name}"' for name in names)
            # Its indexes are made once, at the end: rows in no order would write each page of each many times.
            connection.execute(
                "UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = %s::regclass "
                "AND NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = indrelid) "
                "OR indrelid IN (SELECT relid FROM pg_partition_tree(%s) WHERE isleaf)", [table, table],
            )  # fmt: skip
            connection.execute(
                f"INSERT INTO {table} ({columns_there}) SELECT {', '.join(made)} "  # noqa: S608
                f"FROM generate_series({there + 1}, {wanted}) AS n JOIN {real} AS real "
                f"ON place = n % (SELECT count(*) FROM {real})"
            )
            connection.execute(f"REINDEX TABLE {table}")
            connection.execute(
                "INSERT INTO bench_rows VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET number = EXCLUDED.number",
                [table, wanted],
            )
        connection.execute("VACUUM ANALYZE")


class _World:
    """Somebody of the staff, a customer whose apps are busy, and one of those who were filled in."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.test import Client

        from accounts.models import User
        from ciam_portal.core.policy import limits
        from ciam_portal.core.policy.assurance import Method
        from ciam_portal.core.roles import Role
        from tests import factories
        from tests.accounts.staff.people import Member
        from tests.oauth.walk import Walk, register

        limits.install(settings.LIMITS)
        self.boss = Member(*Role).client
        self.busy = User.objects.filter(email="busy@example.com").first() or factories.customer("busy@example.com")
        self.browser = Client()
        self.session = factories.signed_in(self.browser, self.busy, (Method.PASSWORD, Method.TOTP))
        self.walk = Walk(*register(f"Shop {self.session.pk}"), self.browser)
        self.tokens = self.walk.tokens("openid profile email offline_access")
        self.refresh()
        self.sign_in()

    def refresh(self) -> None:
        answer = self.walk.refresh(self.tokens["refresh_token"])
        assert answer.status_code == 200, answer.content
        self.tokens = answer.json()

    def sign_in(self) -> None:
        from django.conf import settings
        from django.core.cache import cache
        from django.test import Client

        from tests.factories import FIREFOX, PASSWORD

        cache.clear()
        browser = Client(HTTP_USER_AGENT=FIREFOX)
        browser.cookies[settings.DEVICE_COOKIE_NAME] = self.browser.cookies[settings.DEVICE_COOKIE_NAME].value
        browser.get("/sign-in/")
        answer = browser.post("/sign-in/", {"login": "busy@example.com", "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        cookie = browser.cookies.get(settings.DEVICE_COOKIE_NAME)
        if cookie is not None and cookie.value:
            self.browser.cookies[settings.DEVICE_COOKIE_NAME] = cookie.value

    def questions(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Everything that is measured."""
        from django.contrib import admin
        from django.urls import reverse

        from accounts.models import User

        other = User.objects.get(email="c700@example.org")
        for model in admin.site._registry:
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            yield f"staff: {name}", partial(self.look, reverse(f"admin:{name}_changelist"))
        audit, decisions = "/staff/audit/auditentry/", "/staff/audit/decisionentry/"
        for title, path in {
            "staff: front page": "/staff/", "staff: model card": reverse("admin:risk_model_card"),
            "staff: audit, one event": f"{audit}?event=sign_in.completed",
            "staff: audit, one channel": f"{audit}?channel=web&kind=customer",
            "staff: audit, a rare event": f"{audit}?event=account.opened",
            "staff: audit, last month": f"{audit}?until=2026-06-01T00:00",
            "staff: audit, no such request": f"{audit}?request=019e87a3-0000-7000-8000-000000000000",
            "staff: decisions, one action": f"{decisions}?action=sign_in",
            "staff: decisions, one answer": f"{decisions}?answer=deny",
            "staff: notices, one kind": "/staff/notifications/notice/?kind=nothing",
            "staff: a record": reverse("admin:accounts_user_change", args=[other.pk]),
        }.items():  # fmt: skip
            yield title, partial(self.look, path)
        for what in (other.email, other.phone, other.reference, str(other.pk)):
            yield f"staff: find by {what[:20]}", partial(self.find, what)
        for title, path in {
            "activity": "/activity/",
            "sessions": "/sessions/",
            "apps": "/connected-apps/",
            "home": "/",
        }.items():
            yield f"customer: {title}", partial(self.see, path)
        yield "customer: sign-in", self.sign_in
        yield "partner: refresh", self.refresh
        yield "partner: introspection", lambda: self.walk.introspect(self.tokens["access_token"])
        yield "partner: profile", lambda: self.walk.get("/api/profile", self.tokens["access_token"])

    def consents(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """What rests on consents and on the use ledger."""
        from django.test import Client

        from accounts.models import User
        from ciam_portal.core.policy.assurance import Method
        from tests import factories

        browser = Client()
        factories.signed_in(browser, User.objects.get(email="c100@example.org"), (Method.PASSWORD, Method.TOTP))
        for path in ("/privacy-choices/", "/who-used-my-data/"):
            yield path, partial(self.see, path, browser)
        yield "/api/profile", lambda: self.walk.get("/api/profile", self.tokens["access_token"])

    def night(self) -> None:
        """What every night does."""
        from accounts.watch import tasks

        for job in (tasks.fade_population, tasks.calibrate, tasks.watch_drift):
            began = time.perf_counter()
            job()
            print(f"job: {job.name:<37} {(time.perf_counter() - began) * 1000:8.0f} ms", flush=True)

    def look(self, path: str) -> None:
        answer = self.boss.get(path)
        assert answer.status_code in {200, 302}, (path, answer.status_code)

    def see(self, path: str, browser: Any = None) -> None:
        answer = (browser or self.browser).get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    def find(self, what: str) -> None:
        from django.core.cache import cache

        cache.clear()
        answer = self.boss.post("/staff/accounts/user/", {"wanted": what})
        assert answer.status_code == 200, answer.status_code


def _least(ask: Callable[[], Any]) -> float:
    ask()
    return min(_once(ask) for _ in range(TIMES))


def _p95(ask: Callable[[], Any]) -> float:
    ask()
    return sorted(_once(ask) for _ in range(TURNS))[TURNS * 95 // 100]


def _once(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())

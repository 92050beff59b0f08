"""How fast the running product is, beside the untouched stack in the same minutes: ``make bench``.

Both are served by gunicorn as the product is, over HTTP on this machine, from one PostgreSQL, and asked by turns: one
operation here, then there. What runs is what a release runs. ``REPORT.md`` keeps the last table. Requests a second
depend on what else the machine does; CPU milliseconds (all processes but the one that asks) and their ratio hardly do.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from environ import Env

from tests.bench.speed import load
from tests.stack import Stack
from tests.stack.state import CHECKOUT, new_key
from tests.stack.valkey import free_port

REPORT = CHECKOUT / "tests" / "bench" / "REPORT.md"
GOALS = {
    "introspection": 3000, "API call (consent asked)": 3000, "client_credentials": 1300, "refresh": 500,
    "API call, DPoP-bound": 1500, "gateway check": 2000,
}  # fmt: skip
_ROUTES = """
[apps.shop]
name = "Old shop"
origin = "http://shop.localhost"
routes = [{ path = "/", action = "gateway.page" }]
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """How one connection asks it, and how many statements one request takes."""

    ask: Callable[[int], load.Ask]
    statements: int | None = None


def main() -> int:
    """Start both, measure by turns, print and keep the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4, help="for each operation and side")
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    with ExitStack() as all_of_it:
        folder = Path(all_of_it.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        routes = folder / "routes.toml"
        routes.write_text(_ROUTES, encoding="utf-8")
        more: dict[str, Any] = {"GATEWAY_ROUTES": str(routes), "GATEWAY_KEYS": new_key(), "LOG_LEVEL": "WARNING"}
        stack = all_of_it.enter_context(Stack.temporary(services_only=True, **more))
        os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
        stack.manage("migrate", "--no-input")
        stack._take_ownership()
        stack.launch("web")
        stack.wait_for("web", stack.port, "/healthz")
        port, theirs, pid = all_of_it.enter_context(_untouched(stack, folder))
        ours = _product(stack)
        services = [stack._running[name].pid for name in ("postgres", "valkey")]
        rows = []
        for name, operation in ours.items():
            found = []
            for side, where, root in (
                (operation, stack.port, stack._running["web"].pid),
                (theirs.get(name), port, pid),
            ):
                askers = [side.ask(number) for number in range(options.connections)] if side else []
                if askers:
                    _warm(where, askers)
                pids = lambda root=root: load.below(*services, root)  # noqa: E731  (who is there may change)
                found.append(load.run(where, askers, pids, options.seconds) if askers else None)
            rows.append(_row(name, operation, theirs.get(name), *found))
            print(rows[-1], flush=True)
    table = "\n".join([_HEAD, *rows])
    REPORT.write_text(f"{__doc__}\n{_about(options)}\n\n{table}\n", encoding="utf-8")
    return 0


_SIDE = "p50 ms | p95 ms | CPU ms | SQL"
_HEAD = f"""| operation | goal /s | product /s | {_SIDE} | untouched /s | {_SIDE} | CPU ratio |
{"| --- " * 13}|"""


def _row(name: str, ours: Operation, theirs: Operation | None, *found: load.Measured | None) -> str:
    cells = [name, str(GOALS.get(name, ""))]
    for side, measured in zip((ours, theirs), found, strict=True):
        cells += ["", "", "", "", ""] if measured is None or side is None else [
            f"{measured.rate:.0f}", f"{measured.p50:.2f}", f"{measured.p95:.2f}", f"{measured.cpu:.2f}",
            "" if side.statements is None else str(side.statements),
        ]  # fmt: skip
    mine, other = found
    cells.append(f"{mine.cpu / other.cpu:.2f}" if mine and other else "")
    return f"| {' | '.join(cells)} |"


def _about(options: Any) -> str:
    cores, busy = os.cpu_count(), os.getloadavg()[0]
    return f"{cores} cores, {options.connections} connections, {options.seconds:g} s each; load average {busy:.1f}."


def _warm(port: int, askers: list[load.Ask]) -> None:
    load.run(port, askers, lambda: iter(()), 0.5)


@contextmanager
def _untouched(stack: Stack, folder: Path) -> Iterator[tuple[int, dict[str, Operation], int]]:
    url = stack.env["DATABASE_OWNER_URL"]
    known = Env.db_url_config(url)
    with psycopg.connect(host=known["HOST"], user=known["USER"], dbname=known["NAME"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE untouched")
    key, port = folder / "key.pem", free_port()
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.bench.speed.untouched.settings", "UNTOUCHED_KEY": str(key),
        "UNTOUCHED_DATABASE_URL": url.removesuffix(known["NAME"]) + "untouched",
    }  # fmt: skip
    seeded = subprocess.run(
        [sys.executable, "-m", "tests.bench.speed.untouched.seed"],
        check=True, capture_output=True, text=True, env=environment, cwd=CHECKOUT,
    )  # fmt: skip
    command = [
        *(sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"),
        "tests.bench.speed.untouched.wsgi",
    ]
    server = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    try:
        stack.wait_for("untouched", port, "/o/.well-known/openid-configuration")
        said = json.loads(seeded.stdout.splitlines()[-1])
        yield port, _operations("/o", said, f"localhost:{port}"), server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _operations(root: str, said: dict[str, Any], host: str) -> dict[str, Operation]:
    """What both can do."""
    import base64

    def basic(who: str) -> str:
        return "Basic " + base64.b64encode(":".join(said[who]).encode()).decode()

    def always(request: bytes) -> Callable[[int], load.Ask]:
        return lambda _number: lambda exchange: bool(exchange(request)) or True

    def refreshing(number: int) -> load.Ask:
        def ask(exchange: Callable[[bytes], bytes]) -> bool:
            form = f"grant_type=refresh_token&refresh_token={said['refresh'][number]}"
            answer = json.loads(exchange(_request("POST", f"{root}/token/", host, form, Authorization=basic("shop"))))
            said["refresh"][number] = answer["refresh_token"]
            return True

        return ask

    token, counts = f"Bearer {said['token']}", said.get("statements", {})
    made = {
        "client_credentials": always(_request(
            "POST", f"{root}/token/", host, "grant_type=client_credentials", Authorization=basic("service"),
        )),
        "introspection": always(_request(
            "POST", f"{root}/introspect/", host, f"token={said['token']}", Authorization=basic("shop"),
        )),
        "API call (consent asked)": always(_request("GET", "/api/profile", host, Authorization=token)),
        "userinfo": always(_request("GET", f"{root}/userinfo/", host, Authorization=token)),
        "refresh": refreshing,
    }  # fmt: skip
    return {name: Operation(ask, counts.get(name)) for name, ask in made.items()}


def _request(method: str, path: str, host: str, form: str = "", **headers: str) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if form:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + form).encode()


def _product(stack: Stack) -> dict[str, Operation]:
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS.append("testserver")
    from accounts.models import Session
    from ciam_portal.core import clock
    from ciam_portal.core.policy.assurance import Method
    from ciam_portal.gateway.models import Entry
    from ciam_portal.oauth.profiles import Profile
    from tests import factories
    from tests.bench.speed.statements import counted
    from tests.oauth.walk import Walk, register

    year = timedelta(days=365)  # about a new customer no app may ask so often
    customer, browser = factories.customer("ada@example.com", created_at=clock.now() - year), Client()
    session: Session = factories.signed_in(browser, customer, (Method.PASSWORD,), clock.now())
    shop, service = Walk(*register(), browser), Walk(*register("Service", profile=Profile.SERVICE))
    said = {
        "shop": [shop.partner.client_id, shop.secret], "service": [service.partner.client_id, service.secret],
        "token": shop.tokens("openid profile email")["access_token"],
        "refresh": [_staying(shop, f"customer{number}@example.com") for number in range(5)],
    }  # fmt: skip
    host = urlsplit(stack.url).netloc
    value = Entry.objects.renew(session, "shop", session.expires_at)
    check = _request(
        "GET", "/gateway/check", host, Cookie=f"gateway={value}", User_Agent=factories.FIREFOX, X_Gateway_Uri="/a",
        X_Gateway_Host="shop.localhost", X_Gateway_Method="GET", X_Gateway_Key=stack.env["GATEWAY_KEYS"],
    )  # fmt: skip
    made = _operations("/oauth", said | {"statements": counted("/oauth", said, host)}, host)
    made["API call, each with its own token"] = Operation(_each_its_own(said["token"], host))
    made["API call, DPoP-bound"] = Operation(_bound(browser, host))
    made["gateway check"] = Operation(lambda _number: lambda exchange: exchange(check) == b"")
    made["healthz, through all of Django"] = Operation(
        lambda _number: lambda exchange: bool(exchange(_request("GET", "/healthz", host)))
    )
    return made


def _staying(shop: Any, email: str) -> str:
    """A refresh token of a customer of its own: who refreshes waits for nobody else."""
    from django.test import Client

    from ciam_portal.core import clock
    from ciam_portal.core.policy.assurance import Method
    from tests import factories

    shop.browser = Client()
    factories.signed_in(shop.browser, factories.customer(email), (Method.PASSWORD,), clock.now())
    token: str = shop.tokens("openid profile email offline_access")["refresh_token"]
    return token


def _each_its_own(value: str, host: str) -> Callable[[int], load.Ask]:
    """Nothing of one answer helps with the next."""
    from ciam_portal.core.crypto import codes
    from ciam_portal.oauth.models import AccessToken
    from ciam_portal.oauth.tokens import checksum

    row = AccessToken.objects.get(token_checksum=checksum(value))
    values = [codes.new_token() for _ in range(8000)]
    alike = {field.attname: getattr(row, field.attname) for field in AccessToken._meta.concrete_fields}
    rows = [AccessToken(**alike | {"id": None, "token_checksum": checksum(each)}) for each in values]
    for each, made in zip(values, rows, strict=True):
        made._raw_token = each
    AccessToken.objects.bulk_create(rows)

    def asker(number: int) -> load.Ask:
        mine = iter(values[number::4] * 2)

        def ask(exchange: Callable[[bytes], bytes]) -> bool:
            return bool(exchange(_request("GET", "/api/profile", host, Authorization=f"Bearer {next(mine)}")))

        return ask

    return asker


def _bound(browser: Any, host: str) -> Callable[[int], load.Ask]:
    """Each connection shows proofs that were made before, each of them once."""
    from tests.oauth.keyed import Keyed
    from tests.oauth.walk import answer

    bank = Keyed(browser)
    code = answer(bank.decide(bank.open(bank.push().json()["request_uri"])))["code"]
    token = bank.redeem(code).json()["access_token"]

    def asker(_number: int) -> load.Ask:
        proofs = iter([bank.possession("GET", "/api/profile", token) for _ in range(2000)])

        def ask(exchange: Callable[[bytes], bytes]) -> bool:
            proof = next(proofs, None)
            if proof is None:
                return False
            exchange(_request("GET", "/api/profile", host, Authorization=f"DPoP {token}", DPoP=proof))
            return True

        return ask

    return asker


if __name__ == "__main__":
    sys.exit(main())

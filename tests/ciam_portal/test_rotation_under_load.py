"""Each key that the README names rotates with overlap, as in a rolling deployment, and no request fails meanwhile."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import environ
import httpx
import psycopg
import pytest

from tests.stack import Stack, people
from tests.stack.state import CHECKOUT, new_key, new_signing_key
from tests.stack.valkey import free_port

SIGNING = "OIDC_SIGNING_KEYS"
RINGS = {"SECRET_KEY", "DIGEST_KEYS", "DATA_KEYS", "DEVICE_KEYS", "AUDIT_KEYS", "CHECKPOINT_KEYS", SIGNING}
GRACE = "grace@example.com"
PAUSE = 0.2  # seconds between two requests of one client: bounded, for other tests run too
PREPARED = """
import django, sys
django.setup()
from django.core.management import call_command
from tests.stack.__main__ import make_demo
call_command("policy", "install")
make_demo(sys.argv[1])
from accounts.customer import proofs
from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import partners
from ciam_portal.oauth.profiles import Profile
from recovery.reset.proofs import RESET_PASSWORD
ada, at = User.objects.get(email="ada@example.com"), clock.now()
till = partners.Registration(name="Till", owner=ada.pk, purpose="Counts.", profile=Profile.SERVICE, scopes=())
partner, secret = partners.register(till, by=Actor.system(), at=at)
print(proofs.new_link(ada, RESET_PASSWORD, ada.email, at).url, partner.client_id, secret)
"""
SCORE = "SELECT score FROM audit_decisionentry WHERE action = 'sign_in' ORDER BY at DESC LIMIT 1"


class Deployment:
    """One portal, of which one process after the other is replaced by one with another environment."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.env = stack, stack.env | {"CIAM_AS_OWNER": "0"}
        self.ports: list[int] = []
        self.prepared: list[str] = []
        self._clients: list[httpx.Client] = []
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str, **env: str) -> str:
        done = subprocess.run([sys.executable, *command], env=os.environ | self.env | env, cwd=CHECKOUT,
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    def web(self, port: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", "1",
                   "--bind", f"127.0.0.1:{port}"]  # fmt: skip
        with (self.stack.state.logs / f"web-{port}.log").open("ab") as log:
            return subprocess.Popen(command, env=os.environ | self.env, cwd=CHECKOUT, stdout=log, stderr=log)

    def roll(self, **changes: str) -> None:
        """A process with these changes comes; both answer for a while; the former one ends."""
        self.env |= changes
        port = free_port()
        self._running.append(self.web(port))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", headers={"Host": "localhost"}).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        former, self.ports = self.ports, [*self.ports, port]
        time.sleep(1.5)
        self.ports = [port]
        if former:
            time.sleep(0.5)  # what was on its way arrives
            leaving = self._running.pop(0)
            leaving.terminate()
            assert leaving.wait(30) == 0

    def client(self) -> httpx.Client:
        made = httpx.Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101"})
        self._clients.append(made)
        return made

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        for each in self._running:
            each.kill()
            each.wait(30)


class Browser:
    """Keeps its cookies, whichever process answers."""

    def __init__(self, portal: Deployment) -> None:
        self.portal, self.turn, self.http = portal, 0, portal.client()

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self._ask("POST", path, fields | {"csrfmiddlewaretoken": str(self.http.cookies.get("csrf", ""))})

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        self.turn += 1
        port = self.portal.ports[self.turn % len(self.portal.ports)]
        return self.http.request(method, f"http://localhost:{port}{path}", data=fields, timeout=20)

    def sign_in(self) -> str:
        """Where the right password leads."""
        self.get("/sign-in/")
        return str(self.post("/sign-in/", login=GRACE, password=people.PASSWORD).headers.get("Location"))

    def prove(self, code: str) -> str:
        self.get("/sign-in/prove/")
        return str(self.post("/sign-in/prove/", way="totp", code=code).headers.get("Location"))


@pytest.fixture
def portal() -> Iterator[Deployment]:
    with Stack.temporary(services_only=True) as stack:
        deployed = Deployment(stack)
        stack.migrate()
        deployed.prepared = deployed.run("-c", PREPARED, stack.partner_url).splitlines()[-1].split()
        try:
            deployed.roll()
            yield deployed
        finally:
            deployed.stop()


class Load:
    """What is asked again and again, by a client each; what did not answer as it should."""

    def __init__(self, checks: dict[str, Callable[[], object]]) -> None:
        self.asked: Counter[str] = Counter()
        self.failed: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=each) for each in checks.items()]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _go_on(self, name: str, check: Callable[[], object]) -> None:
        while not self._over.wait(PAUSE):
            self.asked[name] += 1
            try:
                if not check():
                    self.failed.append(name)
            except httpx.HTTPError as error:
                self.failed.append(f"{name}: {error!r}")


def behind(env: dict[str, str], folder: Path) -> dict[str, str]:
    """The first step: a new key behind the others."""
    pem = str(new_signing_key(folder / "oidc-2.pem"))
    added = {ring: f"{env[ring]},{new_key()}" for ring in RINGS - {"SECRET_KEY", SIGNING}}
    added[SIGNING] = f"portal,{pem}"
    return added | {"SECRET_KEY_FALLBACKS": new_key() + new_key()}


def swapped(env: dict[str, str]) -> dict[str, str]:
    """The second: it comes first."""
    lists = {ring: ",".join(reversed(env[ring].split(","))) for ring in RINGS - {"SECRET_KEY"}}
    return lists | {"SECRET_KEY": env["SECRET_KEY_FALLBACKS"], "SECRET_KEY_FALLBACKS": env["SECRET_KEY"]}


def again(portal: Deployment, known: Browser) -> float:
    """How unusual it is that the same browser signs in once more."""
    another = Browser(portal)
    another.http.cookies = httpx.Cookies(known.http.cookies)
    another.http.cookies.delete("session")
    another.sign_in()
    at = environ.Env.db_url_config(portal.env["DATABASE_URL"])
    with psycopg.connect(host=at["HOST"], dbname=at["NAME"], user=at["USER"]) as database:
        (score,) = database.execute(SCORE).fetchone() or (None,)
    return float(score)


@pytest.mark.control("v5.0.0-11.1.1", "v5.0.0-13.3.4")
def test_all_keys_rotate_while_requests_come(portal: Deployment) -> None:
    first = dict(portal.env)
    app = people.seed(first["SECRET_KEY"], GRACE), first["SECRET_KEY"]
    browser, later, machine = Browser(portal), Browser(portal), portal.client()
    assert "/sign-in/prove/" in browser.sign_in()
    assert browser.prove(people.code(app[1], GRACE, time.time())) == "/"
    score = again(portal, browser)
    url, *client = portal.prepared
    link = "/" + url.split("/", 3)[3]

    def token() -> bool:
        form = {"grant_type": "client_credentials"}
        address = f"http://localhost:{portal.ports[-1]}/oauth/token/"
        return machine.post(address, data=form, auth=(client[0], client[1]), timeout=20).status_code == 200

    def session() -> bool:
        return browser.get("/security/").status_code == 200

    def keys() -> bool:
        return bool(httpx.get(f"http://localhost:{portal.ports[0]}/.well-known/jwks.json", timeout=20).json()["keys"])

    with Load({"session": session, "token": token, "keys": keys}) as load:
        portal.roll(**behind(portal.env, portal.stack.state.keys))
        portal.roll(**swapped(portal.env))
        said = portal.run("manage.py", "reseal")
        assert later.get(link).status_code == 302, "a link from before"
        assert again(portal, browser) == pytest.approx(score, abs=0.5), "a known browser stays known"
    assert load.failed == []
    assert all(load.asked[name] > 20 for name in ("session", "token", "keys")), load.asked
    assert said.count("must stay") == len(RINGS)
    assert "otp_totp_totpdevice.key: 0" not in said
    refused = portal.env | {ring: portal.env[ring].split(",")[0] for ring in RINGS} | {"SECRET_KEY_FALLBACKS": ""}
    done = subprocess.run([sys.executable, "-c", "import ciam_portal.wsgi"], env=os.environ | refused, cwd=CHECKOUT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode != 0
    assert all(f"{ring} " in done.stderr.splitlines()[-1] for ring in RINGS)

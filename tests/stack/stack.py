"""Start the services and the portal's processes, wait until they are ready, and stop them again."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Self

from tests.partner_app import identity, upstream
from tests.stack import people, seed
from tests.stack.postgres import Postgres
from tests.stack.state import AS_ROOT, CHECKOUT, Hold, StackError, State, port_of
from tests.stack.valkey import Valkey, free_port, port_is_free

_LEASH = CHECKOUT / "tests" / "stack" / "leash.py"
_SERVICE_SECONDS, _WEB_SECONDS, _GRACE_SECONDS = 30, 60, 8
_SERVER_ERROR = 500
_ENDS, _ENDS_SECONDS = 5, 60  # what ends more often than that has a fault that no new start mends
_SEEN, _BEHIND = ("web", "partner"), ("mail", "worker", "beat")  # what is waited for, and what works beside it
_ACTS = ("shop", "agent")  # the demo of an agent, if it is wanted


class Stack:
    """PostgreSQL and Valkey, and if wanted web, worker, beat and the demo partner, all on one state folder."""

    def __init__(
        self, state_dir: Path | str, *, port: int = 8000, partner_port: int = 8001, durable: bool = True,
        agent: bool = False, **other: str,
    ) -> None:  # fmt: skip
        """``agent``: an agent and its shop too; ``other``: what its environment says instead."""
        self.state = State(Path(state_dir))
        self.port, self.partner_port, self._durable = port, partner_port, durable
        self.url, self.partner_url = (
            other.get("PUBLIC_URL", f"http://localhost:{port}"),
            f"http://localhost:{partner_port}",
        )
        self.shop_port, self.agent_port, self.acts = partner_port + 1, partner_port + 2, _ACTS if agent else ()
        self.agent_url = f"http://localhost:{self.agent_port}"
        self.mail_dir, self.sms_dir = self.state.mail, self.state.sms
        self.env: dict[str, str] = {}
        self._other = other
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ends: dict[str, list[float]] = {}
        self._services_hold: Hold | None = None
        self._owner_hold: Hold | None = None

    @classmethod
    def resume(cls, state_dir: Path | str) -> Self:
        """The stack that was last started on this state, not started again."""
        known = State(Path(state_dir)).load()
        stack = cls(state_dir, port=port_of(known["PUBLIC_URL"]), partner_port=port_of(known["DEMO_PARTNER_URL"]))
        stack.env = known
        return stack

    @classmethod
    @contextlib.contextmanager
    def temporary(
        cls, *, services_only: bool = False, durable: bool = False, agent: bool = False, **other: str
    ) -> Iterator[Self]:
        """A stack of its own on free ports, in a folder that is removed afterwards.

        ``durable``: what it has kept survives that a service is killed; without, it is faster.
        """
        folder = Path(tempfile.mkdtemp(prefix="ciam-"))
        folder.chmod(0o711 if AS_ROOT else 0o700)
        stack = cls(folder, port=free_port(), partner_port=free_port(), durable=durable, agent=agent, **other)
        try:
            if services_only:
                stack.start_services()
            else:
                stack.start()
            yield stack
        finally:
            stack.stop()
            stack.erase()

    def start_services(self) -> None:
        """Start PostgreSQL and Valkey unless they already run on this state, and write the environment."""
        self.state.create()
        with self.state.starting():
            self._services_hold = Hold(self.state.lock_path("services"))
            self._services_hold.share()
            postgres = Postgres(self.state, durable=self._durable)
            valkey = Valkey(self.state, durable=self._durable)
            for service in (postgres, valkey):
                if not service.answers():
                    self._start_service(service)
            for service in (postgres, valkey):
                if not service.wait(_SERVICE_SECONDS):
                    raise self._failure(service.name, "did not answer")
            self.env = self.state.environment(self.port, self.partner_port) | {
                "DATABASE_URL": postgres.url,
                "DATABASE_OWNER_URL": postgres.owner_url,
                "CACHE_URL": valkey.url(0),
                "BROKER_URL": valkey.url(1),
                **identity.prepare(self.state.root / "identity", self.partner_url),
                **self._other,
            }
            self.state.save(self.env)

    def start(self) -> str:
        """Start everything; answers with what the demo command printed (the demo accounts)."""
        self._take_ownership()
        self.start_services()
        self.env |= upstream.prepare(self.state.root / "identity", self.partner_url)
        self.state.save(self.env)
        accounts = self.state.prepared(self.env)
        if not accounts:
            self.migrate()
            self.manage("policy", "install", "--upgrade")
        for name in (*_SEEN, *self.acts):
            self.launch(name)
        if not accounts:
            accounts = self._python("-m", "tests.stack", "demo", self.partner_url)
            self.state.keep_prepared(self.env, accounts)
        self.wait_for("web", self.port, "/readyz")
        for name in _BEHIND:
            self.launch(name)
        if "partner" in self._running:
            self.wait_for("partner", self.partner_port, "/")
        for name, port in zip(self.acts, (self.shop_port, self.agent_port), strict=False):
            self.wait_for(name, port, "/")
        self.check()
        return accounts

    def migrate(self) -> None:
        """Make the tables what this software asks for; in a run of the tests they are copied first."""
        if seed.SEED in os.environ:
            source = seed.named(os.environ["DATABASE_OWNER_URL"], seed.seed())
            Postgres(self.state, durable=self._durable).copy(source)
        self.manage("migrate", "--no-input")

    def launch(self, name: str) -> None:
        """Start one of the portal's processes (again, after it died)."""
        celery = [sys.executable, "-m", "celery", "--app", "ciam_portal"]
        worker = [*celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip"]
        commands = {
            "web": [
                *(sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"),
                *("--bind", f"127.0.0.1:{self.port}", "--graceful-timeout", "2"),
            ],
            "mail": [*worker, "--queues", "mail", "--hostname", "mail@%h"],
            "worker": [*worker, "--queues", "security,nightly,partners", "--hostname", "worker@%h"],
            "beat": [*celery, "beat"],
            "partner": [sys.executable, "-m", "tests.partner_app"],
            **{each: [sys.executable, "-m", "tests.mcp_demo", each] for each in _ACTS},
        }
        if name == "partner" and util.find_spec("tests.partner_app") is None:
            return
        owner = [str(self.state.lock_path("owner")), "shared", str(int(signal.SIGTERM)), ""]
        self._leash(name, owner, commands[name], cwd=str(CHECKOUT))

    def mend(self) -> list[str]:
        """Start again what has ended, the services first; what that was. Raises StackError for what keeps ending."""
        ended = [name for name, leash in self._running.items() if leash.poll() is not None]
        for name in ended:
            now = time.monotonic()
            self._ends[name] = [*(each for each in self._ends.get(name, []) if now - each < _ENDS_SECONDS), now]
            if len(self._ends[name]) > _ENDS:
                raise self._failure(name, f"has ended {_ENDS + 1} times within {_ENDS_SECONDS} seconds")
            if name in {Postgres.name, Valkey.name}:
                is_valkey = name == Valkey.name
                self._start_service((Valkey if is_valkey else Postgres)(self.state, durable=self._durable))
            else:
                self.launch(name)
        return ended

    def kill(self, name: str) -> None:
        """Kill one process without warning, as a crash would."""
        leash = self._running.pop(name)
        leash.send_signal(signal.SIGUSR1)
        leash.wait(_GRACE_SECONDS)

    def manage(self, *arguments: str) -> str:
        """Run a management command on this state; answers with what it printed."""
        return self._python("manage.py", *arguments)

    def code(self, email: str) -> str:
        """What the authenticator app of one of the demonstration's people shows now."""
        return people.code(self.env["SECRET_KEY"], email, time.time())

    def wait_for(self, name: str, port: int, path: str) -> None:
        """Wait until a process answers HTTP without a server error."""
        end, answer = time.monotonic() + _WEB_SECONDS, "no answer"
        while time.monotonic() < end:
            self.check()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", path, headers={"Host": f"localhost:{port}"})
                status = connection.getresponse().status
                if status < _SERVER_ERROR:
                    return
                answer = f"status {status} on {path}"
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.1)
        raise self._failure(name, f"is not ready ({answer})")

    def check(self) -> None:
        """Complain when something that should run has ended."""
        for name, leash in self._running.items():
            if leash.poll() is not None:
                raise self._failure(name, "has ended")

    def _start_service(self, service: Postgres | Valkey) -> None:
        service.prepare()
        leash = [str(self.state.lock_path("services")), "alone", str(int(service.stop_signal)), service.user]
        self._leash(service.name, leash, service.command(), cwd="/")

    def stop(self, *, leave_to_others: bool = False) -> None:
        """Stop what this stack started, the portal first. Services that others use too may be left to the last user."""
        portal = [name for name in self._running if name not in {"postgres", "valkey"}]
        self._end(portal)
        if self._owner_hold:
            self._owner_hold.free()
            self._owner_hold = None
        if self._services_hold:
            if leave_to_others and not self._services_hold.alone():
                self._running.clear()  # their leashes end them when the last user has gone
            self._services_hold.free()
            self._services_hold = None
        self._end(["valkey"])
        self._end(["postgres"])

    def erase(self) -> None:
        """Remove the state."""
        Postgres(self.state, durable=False).erase()
        shutil.rmtree(self.state.root, ignore_errors=True)

    def _python(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        environment = self._environment()
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=CHECKOUT, check=False)
        if done.returncode:
            message = f"`python {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}".rstrip()
            raise StackError(message)
        return done.stdout

    def _take_ownership(self) -> None:
        self.state.create()
        self._owner_hold = Hold(self.state.lock_path("owner"))
        if not self._owner_hold.alone(patience=1):
            self._owner_hold.free()
            self._owner_hold = None
            message = f"The portal already runs on {self.state.root}: stop that one, or choose another CIAM_STATE_DIR."
            raise StackError(message)
        acts = ((each, "PARTNER_PORT") for each in (self.shop_port, self.agent_port)[: len(self.acts)])
        for port, setting in ((self.port, "PORT"), (self.partner_port, "PARTNER_PORT"), *acts):
            if not port_is_free(port):
                message = (
                    f"Port {port} is taken by another program: stop it, or choose another with {setting}={port + 10}."
                )
                raise StackError(message)

    def _leash(self, name: str, owner: list[str], command: list[str], cwd: str) -> None:
        lock, mode, stop_signal, user = owner
        arguments = [sys.executable, "-I", str(_LEASH), lock, mode, stop_signal, str(_GRACE_SECONDS), user, *command]
        with (self.state.logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd=cwd,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the others in order
            )

    def _end(self, names: list[str]) -> None:
        leashes = [self._running.pop(name) for name in names if name in self._running]
        for leash in leashes:
            leash.terminate()
        for leash in leashes:
            leash.wait()

    def _environment(self) -> dict[str, str]:
        partner = {
            "PARTNER_PORT": str(self.partner_port),
            "PARTNER_URL": self.partner_url,
            "PORTAL_URL": self.url,
            "PARTNER_CLIENT_ID": self.env.get("DEMO_CLIENT_ID", ""),
            "PARTNER_CLIENT_SECRET": self.env.get("DEMO_CLIENT_SECRET", ""),
            "SHOP_PORT": str(self.shop_port),
            "AGENT_PORT": str(self.agent_port),
            **{f"{each}_URL": self.env.get(f"DEMO_{each}_URL", "") for each in ("SHOP", "AGENT")},
            "AGENT_CLIENT_ID": self.env.get("DEMO_AGENT_ID", ""),
            "AGENT_KEY": self.env.get("DEMO_AGENT_KEY", ""),
        }
        fixed = {"DJANGO_SETTINGS_MODULE": "ciam_portal.settings", "PYTHONUNBUFFERED": "1"}
        return os.environ | self.env | partner | fixed

    def _failure(self, name: str, what: str) -> StackError:
        log = self.state.logs / f"{name}.log"
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:] if log.exists() else []
        return StackError("\n".join([f"{name} {what}. The end of {log}:", *tail]))

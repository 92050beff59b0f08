"""The stack's command line: ``python -m tests.stack {run|reset|demo|code|exec}``."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from tests.stack import ENVIRONMENT_FILE, Stack, StackError, production_environment
from tests.stack.state import CHECKOUT, Hold


def main() -> int:
    """Read the command line and obey."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything and stay until Ctrl-C")
    commands.add_parser("reset", help="remove the state folder")
    demo = commands.add_parser("demo", help="make the demo people, in the portal that the environment names")
    demo.add_argument("partner_url")
    shown = commands.add_parser("code", help="what a demo person's authenticator app shows now")
    shown.add_argument("email", type=str.lower)
    once = commands.add_parser("exec", help="run one command with a throw-away environment")
    once.add_argument("--production", action="store_true", help="strict settings and no services")
    once.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if chosen.command == "exec":
            return execute([word for word in chosen.words if word != "--"], production=chosen.production)
        if chosen.command == "demo":
            return make_demo(chosen.partner_url)
        state_dir = os.environ.get("CIAM_STATE_DIR") or CHECKOUT / "var"
        if chosen.command == "code":
            return code(Path(state_dir), chosen.email)
        acts = chosen.command == "run" and os.environ.get("AGENT", "") not in {"", "0"}
        port, partner_port = _port("PORT", 8000), _port("PARTNER_PORT", 8001)
        stack = Stack(state_dir, port=port, partner_port=partner_port, agent=acts, **_behind_a_proxy())
        return reset(stack) if chosen.command == "reset" else run(stack)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class Behind(TypedDict, total=False):
    """What is told of a proxy."""

    PUBLIC_URL: str
    TRUSTED_PROXY_COUNT: str


def _behind_a_proxy() -> Behind:
    """With ``PUBLIC_URL``, people come by a proxy of their own on this machine."""
    url = os.environ.get("PUBLIC_URL", "")
    return {"PUBLIC_URL": url, "TRUSTED_PROXY_COUNT": "1"} if url else {}


def run(stack: Stack) -> int:
    """Start, say where everything is, and stay until somebody wants it to end."""
    print("Starting the portal ...", flush=True)
    try:
        accounts = stack.start()
        print(f"\n{accounts.rstrip()}\n")
        print(f"Portal          {stack.url}")
        print(f"Demo partner    {stack.partner_url}")
        if stack.acts:
            print(f"Demo agent      {stack.agent_url}  (grace@example.com can connect it)")
        print(f"Mail            {stack.mail_dir}  (one .eml per message)")
        print(f"Text messages   {stack.sms_dir}")
        print(f"Logs            {stack.state.logs}")
        print("\nCtrl-C stops everything.", flush=True)
        while True:
            time.sleep(1)
            for name in stack.mend():
                print(f"{name} HAS ENDED and is started again: see {stack.state.logs / name}.log", flush=True)
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # stopping takes seconds; a second Ctrl-C must not leave orphans
        stack.stop()


def reset(stack: Stack) -> int:
    """Remove the state, unless somebody uses it."""
    lock = stack.state.lock_path("services")
    if lock.exists() and not Hold(lock).alone():
        message = f"The portal runs on {stack.state.root}: stop it first."
        raise StackError(message)
    stack.erase()
    print(f"Removed {stack.state.root}.")
    return 0


def make_demo(partner_url: str) -> int:
    """Make what is missing of the demonstration, and say who there is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")
    import django

    django.setup()
    from ciam_portal.core.policy import limits
    from tests.stack import demo

    with limits.unit_of_work():
        demo.load(partner_url)
        demo.say()
    return 0


def code(state_dir: Path, email: str) -> int:
    """Show one code of somebody who was made here."""
    if not (state_dir / ENVIRONMENT_FILE).exists():
        message = f"There is no portal in {state_dir} yet: `make run` makes one."
        raise StackError(message)
    print(Stack.resume(state_dir).code(email))
    return 0


def execute(words: list[str], *, production: bool) -> int:
    """Run one command with a throw-away environment, and database and Valkey unless it is production's."""
    if production:
        with tempfile.TemporaryDirectory(prefix="ciam-") as folder:
            return subprocess.run(words, env=os.environ | production_environment(Path(folder)), check=False).returncode
    with Stack.temporary(services_only=True) as stack:
        return subprocess.run(words, env=os.environ | stack.env, check=False).returncode


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65_536:
        message = f"{name} must be a port number from 1 to 65535, not {text!r}."
        raise StackError(message)
    return int(text)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

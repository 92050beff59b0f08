#!/usr/bin/env python
"""Django's command line. On a developer's machine it finds the state of `make run` by itself."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_NEEDS_NO_SERVICES = {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"}


@contextlib.contextmanager
def development_state() -> Iterator[None]:
    """Use what `make run` left, when there is any and the environment names no database. Never so in production."""
    folder = Path(os.environ.get("CIAM_STATE_DIR") or Path(__file__).resolve().parent / "var")
    if "DATABASE_URL" in os.environ or not (folder / "stack.env").exists():
        yield
        return
    from tests.stack import Stack, StackError  # noqa: PLC0415  (production has neither tests nor a need for them)

    command = sys.argv[1:2]
    quick = not command or command[0] in _NEEDS_NO_SERVICES or not {"-h", "--help", "--version"}.isdisjoint(sys.argv)
    stack = Stack.resume(folder)
    try:
        if not quick:
            stack.start_services()
    except StackError as error:
        sys.exit(str(error))
    else:
        os.environ.update(stack.env)
        yield
    finally:
        stack.stop(leave_to_others=True)


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (after the settings are named)

    from ciam_portal.core.away import AWAY, said  # noqa: PLC0415  (as above)
    from ciam_portal.core.policy import limits  # noqa: PLC0415  (light, but not for those who only import this file)
    from ciam_portal.environment import plainly  # noqa: PLC0415  (as above)

    lasting = sys.argv[1:2] in (["shell"], ["runserver"])  # what asks there is a unit of work of its own
    with plainly(), development_state(), contextlib.nullcontext() if lasting else limits.unit_of_work():
        try:
            execute_from_command_line(sys.argv)
        except AWAY as error:
            sys.exit(f"A service does not answer: {said(error)}")


if __name__ == "__main__":
    main()

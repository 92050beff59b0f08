"""Run one program for as long as its owner lives, and never longer. Standard library only: it starts in an instant.

Usage: leash.py LOCK {alone|shared} STOP_SIGNAL GRACE_SECONDS USER COMMAND...   (USER may be empty)

The owner holds LOCK (flock). When the owner is gone, however it went, the kernel frees the lock, the leash can take it
and ends the program: no orphan survives a crash, a closed terminal or a SIGKILL. SIGTERM ends the program at once;
SIGUSR1 kills it without warning, which is how the tests make a worker die. Ctrl-C in a terminal does not reach it.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

_LOOK_AGAIN_SECONDS = 0.3


def main(arguments: list[str]) -> int:
    """Start the program and stay until it has ended."""
    lock_path, mode, stop_signal, grace, user, *command = arguments
    hold = (fcntl.LOCK_EX if mode == "alone" else fcntl.LOCK_SH) | fcntl.LOCK_NB
    wakeup, bell = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    asked: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, lambda received, _frame: asked.add(received))
    identity = {"user": user, "group": user, "extra_groups": [user]} if user else {}
    with Path(lock_path).open("rb") as lock:
        program = subprocess.Popen(  # type: ignore[call-overload]
            command, stdin=subprocess.DEVNULL, start_new_session=True, **identity
        )
        while program.poll() is None:
            if signal.SIGUSR1 in asked:
                break
            if signal.SIGTERM in asked or _taken(lock.fileno(), hold):
                program.send_signal(int(stop_signal))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.wait(float(grace))
                break
            select.select([wakeup], [], [], _LOOK_AGAIN_SECONDS)
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup, 512)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, signal.SIGKILL)  # whatever of its group is left
        code = program.wait()
    return int(code) if code >= 0 else 128 - code


def _taken(lock: int, hold: int) -> bool:
    try:
        fcntl.flock(lock, hold)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

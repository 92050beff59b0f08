"""How far a long job is, on a terminal as a bar and elsewhere as plain lines."""

import time
from dataclasses import dataclass, field
from typing import TextIO

CELLS = 30
EVERY = {True: 0.2, False: 10.0}
"""Seconds between two signs of life, on a terminal or not."""


@dataclass(slots=True)
class Progress:
    """Says how many rows are done, and the share of the file."""

    out: TextIO
    started: float = field(default_factory=time.monotonic)
    said: float = 0.0

    def say(self, rows: int, share: float, *, is_done: bool = False) -> None:
        """Show it, if it is time to."""
        now, is_terminal = time.monotonic(), self.out.isatty()
        if not is_done and now - self.said < EVERY[is_terminal]:
            return
        self.said = now
        share = 1.0 if is_done else min(share, 1.0)
        text = f"{share:4.0%}  {rows:,} rows  {rows / max(now - self.started, 1e-6):,.0f} rows/s"
        if is_terminal:
            done = round(share * CELLS)
            self.out.write(f"\r[{'#' * done}{' ' * (CELLS - done)}] {text}" + ("\n" if is_done else ""))
        else:
            self.out.write(text + "\n")
        self.out.flush()

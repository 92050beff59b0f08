"""What it came to: the figures, the goals, and the report."""

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ciam_portal.core.mailbox import reader
from tests.abuse.door import Answer, Came
from tests.abuse.people import CPU_SECONDS, OPENS, OWN_DOMAINS, SLOW_ADDRESSES, Style


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of one run. ``usable``: addresses whose account can be used; ``mails``: messages to each mailbox."""

    quiet: Sequence[Came]
    came: Sequence[Came]
    usable: frozenset[str]
    mails: Counter[str]
    victims: Sequence[str]
    known: frozenset[str]

    @property
    def people(self) -> list[Came]:
        """Genuine ones, while it was attacked."""
        return [each for each in self.came if each.visitor.is_genuine]

    @property
    def fakes(self) -> list[Came]:
        """Accounts that bots wanted."""
        return [each for each in self.came if each.visitor.style in OPENS]

    @property
    def owned(self) -> list[Came]:
        """Those of them with a mailbox of the bot's own."""
        return [each for each in self.fakes if each.visitor.reads]

    def used(self, among: Sequence[Came]) -> int:
        """How many of these have an account that can be used."""
        return sum(each.visitor.email in self.usable for each in among)

    @property
    def most(self) -> int:
        """Messages to the victim that got most."""
        return max((self.mails[reader(victim)] for victim in self.victims), default=0)

    @property
    def differs(self) -> bool:
        """Whether what an enumerator was told depends on whether there is an account."""
        told = [
            (each.visitor.email in self.known, each.said)
            for each in self.came
            if each.visitor.style is Style.ENUMERATOR
        ]
        answers = [
            {said for known, said in told if known is is_known and "429" not in said} for is_known in (True, False)
        ]
        return all(answers) and answers[0] != answers[1]


def p95(came: Sequence[Came]) -> float:
    """Milliseconds."""
    times = sorted(each.took for each in came if each.took)
    return 1000 * times[int(len(times) * 0.95)] if times else 0.0


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, what is, and whether that will do."""

    what: str
    wanted: str
    found: str
    met: bool


def goals(run: Outcome, *, timed: bool = True) -> list[Goal]:
    """All of them."""
    people, fakes = run.people, run.fakes
    usable = 100 * run.used(fakes) / max(1, len(fakes))
    challenged = 100 * sum(each.challenged for each in people) / max(1, len(people))
    refused = sum(each.answer is Answer.REFUSED for each in people)
    left = len(people) - run.used(people)
    found = [
        Goal(
            "fake accounts that became usable",
            "< 0.1 %",
            f"{usable:.2f} % ({run.used(fakes)} of {len(fakes)})",
            usable < 0.1,
        ),
        Goal("genuine people challenged", "< 2 %", f"{challenged:.2f} % of {len(people)}", challenged < 2),
        Goal("genuine people refused", "0", str(refused), refused == 0),
        Goal("genuine people without a usable account", "0", str(left), left == 0),
        Goal("messages to any victim", "at most 3", str(run.most), run.most <= 3),
        Goal(
            "answers that tell whether there is an account",
            "none",
            "differ" if run.differs else "none",
            not run.differs,
        ),
    ]
    if timed:
        quiet, loud = p95(run.quiet), p95(people)
        ratio = loud / quiet if quiet else 0.0
        found.append(
            Goal(
                "genuine sign-up, p95 in the attack against quiet",
                "<= 1.5x",
                f"{ratio:.2f}x ({loud:.0f} ms, {quiet:.0f} ms)",
                ratio <= 1.5,
            )
        )
    return found


def table(found: Sequence[Goal]) -> str:
    """As Markdown."""
    rows = [f"| {each.what} | {each.wanted} | {each.found} | {'met' if each.met else '**missed**'} |" for each in found]
    return "\n".join(["| goal | wanted | found | |", "| --- | --- | --- | --- |", *rows])


def styles(run: Outcome) -> str:
    """What became of each style, as Markdown."""
    lines = [
        "| style | visits | challenged | answered like everybody | refused | usable |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for style in Style:
        mine = [each for each in run.came if each.visitor.style is style]
        by, asked = Counter(each.answer for each in mine), sum(each.challenged for each in mine)
        figures = (len(mine), asked, by[Answer.TAKEN], by[Answer.REFUSED], run.used(mine))
        lines.append(f"| {style} | {' | '.join(map(str, figures))} |")
    owned, used = len(run.owned), run.used(run.owned)
    others, theirs = len(run.fakes) - owned, run.used(run.fakes) - used
    said = f"Usable: {used} of {owned} fakes with a mailbox at a domain of the bots' own, {theirs} of {others} others."
    return "\n".join([*lines, "", said])


def report(run: Outcome, options: Namespace, left: float, seconds: float) -> str:
    """All of it, for people to read."""
    return f"""# Registration under mass abuse

`make abuse` (seed {options.seed}): {options.people} genuine people among {options.bots} bots in {options.seconds:g} s,
at a portal that really runs, on this machine. What bots can do is assumed in `people.py`: source addresses of their own
(*low and slow*: of {SLOW_ADDRESSES:,}), {CPU_SECONDS:g} s of a core for the work of challenges, all of them together
({left:.0f} s were left), and for every tenth of the residential ones an address at one of {len(OWN_DOMAINS)} domains
of their own, where they read the mail. After the attack, whoever reads their mail follows the link in it. The whole
took {seconds:.0f} s.

{table(goals(run))}

{styles(run)}

Where the first goal is missed, it is by those with a domain of their own: whoever reads the mail there, comes from
clean addresses with fresh browsers and takes the time of a person shows nothing that a person with a domain of their
own would not. The tenth mailbox at such a domain in two hours worries, the fortieth has work to do, and no more than
`mails_per_domain_per_hour` of `[outbound]` get their mail in an hour. Nothing here holds the first ones back.
"""

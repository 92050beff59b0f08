"""What it came to: the figures, the goals, and the report."""

from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from tests.abuse.door import Answer, Came
from tests.abuse.people import CPU_SECONDS, OPENS, OWN_DOMAINS, SLOW_ADDRESSES, Style


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of one run. ``usable``: addresses whose account can be used; ``mails``: messages to each mailbox.

    ``asked``: whose account was asked for evidence first.
    """

    quiet: Sequence[Came]
    came: Sequence[Came]
    usable: frozenset[str]
    mails: Counter[str]
    victims: Sequence[str]
    known: frozenset[str]
    asked: frozenset[str] = frozenset()

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
        return self.among(among, self.usable)

    def among(self, came: Sequence[Came], addresses: frozenset[str]) -> int:
        """How many of these have one of those addresses."""
        return sum(each.visitor.email in addresses for each in came)

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
    worked, asked = (sum(each.challenged for each in people), run.among(people, run.asked))
    challenged = 100 * (worked + asked) / max(1, len(people))
    refused = sum(each.answer is Answer.REFUSED for each in people)
    left = len(people) - run.used(people)
    found = [
        Goal(
            "fake accounts that became usable",
            "< 0.1 %",
            f"{usable:.2f} % ({run.used(fakes)} of {len(fakes)})",
            usable < 0.1,
        ),
        Goal(
            "genuine people challenged, or asked for a phone",
            "< 2 %",
            f"{challenged:.2f} % of {len(people)} ({worked} and {asked})",
            challenged < 2,
        ),
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
        "| style | visits | challenged | answered like everybody | refused | asked for a phone | usable |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for style in Style:
        mine = [each for each in run.came if each.visitor.style is style]
        by, asked = Counter(each.answer for each in mine), sum(each.challenged for each in mine)
        phones, used = run.among(mine, run.asked), run.used(mine)
        figures = (len(mine), asked, by[Answer.TAKEN], by[Answer.REFUSED], phones, used)
        lines.append(f"| {style} | {' | '.join(map(str, figures))} |")
    owned, used = len(run.owned), run.used(run.owned)
    others, theirs = len(run.fakes) - owned, run.used(run.fakes) - used
    said = f"Usable: {used} of {owned} fakes with a mailbox at a domain of the bots' own, {theirs} of {others} others."
    return "\n".join([*lines, "", said])


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of the run: seconds of a core that bots had left, seconds it took, load of the machine before, its cores."""

    left: float
    seconds: float
    load: float
    cores: int


def report(run: Outcome, options: Namespace, facts: Circumstances) -> str:
    """All of it, for people to read."""
    rules = limits.load().trust
    visits = {style: sum(each.visitor.style is style for each in run.came) for style in Style}
    return f"""# Registration under mass abuse

`make abuse` (seed {options.seed}): {options.people} genuine people among {sum(visits.values()) - options.people:,} bots
in {options.seconds:g} s, at a portal that really runs, on this machine ({facts.cores} cores, load {facts.load:.1f}
before it began; bots, people and portal share them). The whole took {facts.seconds:.0f} s.

What bots can do is assumed in `people.py`: source addresses of their own (*low and slow*: {visits[Style.SLOW]:,} visits
over {SLOW_ADDRESSES:,} addresses), {CPU_SECONDS:g} s of a core for the work of challenges, all of them together
({facts.left:.0f} s were left), and for every tenth of the residential ones an address at one of {OWN_DOMAINS} domains
of their own, whose mail goes to one machine and where they read it; no phone numbers. After the attack, whoever reads
their mail follows the link in it. A person who is asked for a phone then signs in and confirms one. *Usable* is an
account that may connect an app, or act for others, as the portal itself answers at the end.

{table(goals(run))}

{styles(run)}

What one more of each would bring the bots, by the policy as it is: a domain of their own whose mail goes to a machine
of its own, or to a host that takes anybody's, {rules.first_at_domain} usable accounts in {rules.domain_days} days; a
domain on a machine that has had its {rules.first_at_host} already, none; a phone number {rules.accounts_per_phone};
and {rules.waiting_days} days of waiting any number, which staff see wait.
"""

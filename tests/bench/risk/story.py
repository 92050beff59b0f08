"""The report of the synthetic evaluation: goals and what came of them, tables, checks, the audit, what is off."""

from collections.abc import Iterator
from pathlib import Path

from ciam_portal.core.risk.parameters import DEFAULT
from tests.bench.evaluation import report
from tests.bench.evaluation.run import TAKEOVER, Evaluation
from tests.bench.evaluation.simulate import KINDS
from tests.bench.evaluation.tally import WIDTH, quantile
from tests.bench.risk import acceptance
from tests.bench.risk.acceptance import Check
from tests.bench.risk.audit import Auditor
from tests.bench.risk.bursts import RELAYED
from tests.bench.risk.trial import KEYED, OURS, Log

WITH_KEY = {"naive": 0.97, "vpn": 0.96, "targeted": 0.90}
VERDICT = {True: "reached", False: "**missed**"}


def goals(evaluation: Evaluation) -> str:
    """Each goal of the issue, what was reached, and the verdict."""
    return report.table(("goal", "wanted", "got", "verdict"), list(_goals(evaluation)))


def _goals(evaluation: Evaluation) -> Iterator[tuple[str, str, str, str]]:
    references = list(evaluation.references)
    for matched, rows in ((False, "all rows"), (True, "matched rows")):
        auc = {
            (name, kind): tally.separation(kind, matched=matched).auc
            for name, tally in evaluation.by_score.items()
            for kind in KINDS
        }
        for kind in KINDS:
            best = max(auc[name, kind] for name in references)
            wanted = best + (0.05 if kind == "targeted" else 0.0)
            got = auc[OURS, kind]
            yield (
                f"AUC {kind}, no key, {rows}",
                f"{wanted:.3f} (best reference {best:.3f})",
                f"{got:.3f}",
                VERDICT[got >= wanted],
            )
        for kind, least in WITH_KEY.items():
            got = auc[KEYED, kind]
            yield f"AUC {kind}, with key, {rows}", f"{least:.2f}", f"{got:.3f}", VERDICT[got >= least]
    caught = {
        name: tally.separation(TAKEOVER, matched=False).recall(0.01) for name, tally in evaluation.by_rank.items()
    }
    best = max(caught[name] for name in references)
    for name in (OURS, KEYED):
        yield (
            f"takeovers caught at 1 % challenged, {name}", f"{best + 0.1:.1%} (best reference {best:.1%})",
            f"{caught[name]:.1%}", VERDICT[caught[name] >= best + 0.1],
        )  # fmt: skip
    for name in (OURS, KEYED):
        tally = evaluation.by_score[name]
        place = tally.separation("targeted", matched=False).place(report.STOPPED)
        counts = tally.challenges((place or 0) * WIDTH)
        median, high = quantile(counts, 0.5), quantile(counts, 0.9)
        wish = "median and p90 at most 2" if name == KEYED else "as few as can be"
        verdict = VERDICT[high <= 2] if name == KEYED else "reported"
        yield f"challenges in the first 12 sign-ins, {name}", wish, f"median {median}, p90 {high}", verdict


Gate = dict[str, dict[str, dict[str, float]]]
KINDS_AT_THE_GATE = (
    "every sign-in of the log", "every sign-in of the log, loyal", "own browser, usual network",
    "own browser, another network at home", "own browser, abroad", "own browser, abroad, loyal",
    "cookies cleared, usual network", "new device, usual network", "new device, another network at home",
    "new device, another network at home, loyal", "new device, abroad", "new device, abroad, loyal", "naive", "vpn",
    "targeted", "takeover", *(f"stolen key, {where}" for where in ("anywhere", "same country", "same network")),
)  # fmt: skip
SHOWN = (
    ("in_at_once", "in at once"), ("asked", "asked: unusual"), ("held", "held"), ("denied", "denied"),
    ("in", "in at last"), ("burst", "part of a burst"),
)  # fmt: skip


def at_the_gate(before: Gate, after: Gate, users: int) -> str:
    """The gate's answers to each kind of customer and attacker, per 100 sign-ins, before and after."""
    text = f"""What `gate.weigh` answers, with facts made by the code that makes them at the door and the policy as
it is shipped, on a log of {users:,} customers (same recipe and seed). Each cell: before → after, per 100 sign-ins.
The loop is closed: whoever is not let in teaches nothing. Beside the log's own sign-ins, each victim also makes the
genuine ones named below; *loyal* means ten sign-ins or more. *Asked: unusual* is the challenge beside what the account
always asks. *In at last*: customers give what they have; attackers know the password and pass on every code that a
relay can (a mailed code, an app's), but no passkey. *Before* is the code of 26 November 2026 before this change.

"""
    for holding, kinds in after.items():
        rows = []
        for kind in KINDS_AT_THE_GATE:
            now, then = kinds.get(kind), before.get(holding, {}).get(kind, {})
            if now is not None:
                cells = (f"{then.get(key, float('nan')):.1f} → {now.get(key, 0.0):.1f}" for key, _words in SHOWN)
                rows.append((kind, f"{now['count']:.0f}", *cells))
        head = ("who", "sign-ins", *(words for _key, words in SHOWN))
        text += f"### Customers with a password and {holding}\n\n{report.table(head, rows)}\n"
    return text


def tell(log: Log, evaluation: Evaluation, auditor: Auditor, users: int, gate: str = "") -> str:
    """The whole report."""
    checks = [*acceptance.of_log(log.rows), *acceptance.of_fakes(evaluation), *acceptance.of_scores(evaluation)]
    plain, addressed = (auditor.aucs(log.seed, with_address=known) for known in (False, True))
    return f"""# Risk model: evaluation on a synthetic log

Synthetic, calibrated to published marginals of the RBA data set (Wiefling et al., ACM TOPS 2022, CC BY 4.0); nothing
here was measured on people, and no production threshold follows from it. Made by `python -m tests.bench.risk --users
{users} --seed {log.seed}`: {len(log.rows):,} rows of {
        users:,} customers in 391 days; attackers and figures from day 210
on. Tuning used seeds 1, 2 and 3 alone. Seed 2026 was evaluated before the last change of a weight and of the generator
(there, VPN attackers missed their goal on matched rows by less than 0.001), so it is not used here; the evaluation seed
is {log.seed}. Model {DEFAULT.version}.

Scores: *Freeman/Wiefling* is the published equation with its weights, its rule of the edge and the user term. *Plain
sum* adds seven attributes' log-likelihood ratios without the user term; how the published one was smoothed is unknown,
so two ways are shown. *Ours* sees the same rows; *ours + device key* sees the 17th column too.

## Goals

{goals(evaluation)}
## Results

{report.tables(evaluation)}
## The whole gate

{gate}
A traveller is one whose country and network are both new. Being asked once in each new country is the price of asking
whoever brings a copied key from there. A copied key in the customer's own country is not asked about; renewal finds it:
each sign-in makes another key, and the first time that both copies have been used one of them shows a former key (only
its holder knows the password as well), both are asked from then on, and the owner is told. The log cannot show that.

## Acceptance checks of the log

{sum(check.holds for check in checks)} of {len(checks)} hold.

{report.table(("check", "published", "here", "allowed", "verdict"), [_line(check) for check in checks])}
## Audit of the fakes

A logistic regression tries to tell fakes from matched real rows by what is no novelty: hour, weekday, type of device,
and how common country, network, browser, system and agent are; trained on one half, tried on the other. 0.5 means that
it cannot (published: 0.48 to 0.56).

{
        report.table(
            ("attacker", "AUC", "AUC with how common the address is"),
            [(kind, f"{auc:.3f}", f"{addressed[kind]:.3f}") for kind, auc in plain.items()],
        )
    }
How common the address is gives targeted fakes away, because the protocol copies an address that somebody used, while a
customer's new home address was used by nobody. Our model does not use it: for a new address, how common it is cancels.

## What to know before believing this

* The log is ours. Habits behind the published marginals (how often an address, a network or a device changes, and how
  these hang together) are guesses, and they decide the figures without a device key. Where the references leave their
  published range, the log is easier or harder than the real one; see the checks.
* Device keys are lost as follows: 6 % of customers never keep one (private windows), 5 % clear cookies at a fifth of
  their sign-ins, the others at 1 %, all with a half-life of 300 days besides; a device is replaced with a half-life of
  500 days. In the tables of the score no attacker has a stolen key; in those of the gate some do.
* Bursts follow the recipe (3 to 10 accounts in 30 minutes, one to three rare networks, nearly always abroad), but in
  {RELAYED:.0%} of them the victim's own user agent is shown. That is our choice: by the recipe alone they are so easy
  that all scores catch nearly all. They are far more frequent here than 1 in 90,000 successes, so that there is
  something to count.
* Victims are chosen at real successes, so that they resemble those who sign in, each customer at most once. What the
  injection sets is matched: time since the last success (2 to 72 h), and the size of the country, because a VPN
  attacker needs a stranger there in the same hour. Unmatched, a known rare country speaks for "genuine" without merit.
* Rows labelled as attack addresses or takeovers teach nobody; a customer's sign-ins from such addresses are left out
  of the genuine rows.
"""


def save(folder: Path, text: str, evaluation: Evaluation) -> None:
    """Write the report and its curves."""
    report.write(folder, text, report.figures(evaluation), name="REPORT.md")


def _line(check: Check) -> tuple[str, ...]:
    allowed = f"±{check.tolerance:.0%}" if check.is_relative else f"±{check.tolerance:g}"
    return check.what, f"{check.published:g}", f"{check.found:.3g}", allowed, VERDICT[check.holds]

"""Who used my data: a year by months, and one month by days, down to the answer that each use rests on."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.sessions.signing import customer_of
from ciam_portal.core import clock
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence, why_not
from consent.ledger import facts, forms
from consent.ledger.chart import chart
from consent.ledger.shapes import Party, Way, is_for_us
from consent.models import Consent
from consent.purposes import facts as purposes
from consent.purposes.policy import Basis


@require_safe
def used(request: HttpRequest) -> HttpResponse:
    """The page."""
    customer, at = customer_of(request), clock.now()
    year = facts.year(customer.pk, at)
    names, titles = facts.names(year.parties), facts.titles(year.purposes, at)
    parties = {str(each): each for each in year.parties}
    months = {facts.name_of(begins): begins for begins in reversed(year.begins)}
    form = forms.Narrow(
        request.GET,
        who=[("", _("Everybody")), *((key, names[each]) for key, each in parties.items())],
        purpose=[("", _("Everything")), *titles.items()],
        month=[(key, date_format(begins, _("F Y"))) for key, begins in months.items()],
    )
    said = form.said()
    asked = facts.Asked(parties.get(said["who"]), said["purpose"])
    opened = months.get(said["month"], year.begins[-1])
    counted, lines = year.of(asked), facts.days(customer.pk, asked, opened)
    connections, actors = (facts.connections(customer.pk), facts.actors(lines)) if lines else ({}, {})
    ours = {key: now.may_be_answered for key, now in purposes.active(at).items() if now.is_ours}
    others = {name: said[name] for name in ("who", "purpose") if said[name]}
    context = {
        "form": form,
        "opened": opened,
        "chart": chart([astuple(each) for each in counted]),
        "months": [(each, urlencode(others | {"month": facts.name_of(each.begins)})) for each in reversed(counted)],
        "lines": [_line(row | _acted(row, actors), names, titles, connections, ours) for row in lines[: facts.MOST]],
        "has_more": len(lines) > facts.MOST,
        "was_used": bool(year.sums),
        "keeps": limits.current().retention.use_months,
    }
    return render(request, "consent/ledger/used.html", context)


def _acted(row: Mapping[str, Any], actors: Mapping[UUID, str]) -> dict[str, str]:
    return {"actor": actors.get(row["actor"], _("somebody who acted for you")) if row["actor"] else ""}


def _line(
    row: dict[str, Any], names: Mapping[Party, str], titles: Mapping[str, str], connections: Mapping[UUID, Consent],
    ours: Mapping[str, bool],
) -> dict[str, Any]:  # fmt: skip
    party = Party(row["partner"], row["application"])
    is_ours = any(is_for_us(party.partner, way) for way in row["ways"])
    return row | {
        "who": names.get(party, ""),
        "title": titles.get(row["purpose"], row["purpose"]),
        "data": [CATEGORIES[code].title for code in row["categories"] if code in CATEGORIES],
        "ways": sorted({sentence(Way(each)) for each in row["ways"]}),
        "because": sentence(Basis(row["basis"])) if row["basis"] else "",
        "why_not": why_not(row["reason"]) if row["reason"] else "",
        "connection": None if is_ours else connections.get(row["partner"]),
        "is_ours": is_ours,
        "is_explained": is_ours and row["purpose"] in ours,
        "has_choice": is_ours and ours.get(row["purpose"], False),
    }

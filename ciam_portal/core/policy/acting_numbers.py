"""The numbers of ``policy.toml`` that are about businesses and successors, with their bounds."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictInt


@dataclass(frozen=True, slots=True)
class Succession:
    """Death and incapacity: how long it waits, how often the customer is told, how long a successor may act."""

    wait_days: Annotated[StrictInt, Field(ge=30, le=180)]
    tell_days: Annotated[StrictInt, Field(ge=1, le=7)]
    rest_days: Annotated[StrictInt, Field(ge=30, le=180)]
    invite_days: Annotated[StrictInt, Field(ge=1, le=14)]
    proposal_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    grant_days: Annotated[StrictInt, Field(ge=30, le=365)]


@dataclass(frozen=True, slots=True)
class Business:
    """Businesses: how many members, and how long the removal of an owner can be objected to."""

    per_customer: Annotated[StrictInt, Field(ge=1, le=50)]
    members: Annotated[StrictInt, Field(ge=2, le=1000)]
    roles: Annotated[StrictInt, Field(ge=1, le=50)]
    invitations_per_day: Annotated[StrictInt, Field(ge=1, le=100)]
    objection_days: Annotated[StrictInt, Field(ge=7, le=60)]
    owner_rest_days: Annotated[StrictInt, Field(ge=7, le=60)]

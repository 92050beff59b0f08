"""What a service asks: types that both read a body and describe it (as JSON Schema, in the OpenAPI document)."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from ciam_portal.core.categories import CATEGORIES

MOST = 10_000
"""Subjects of one question."""
LARGEST = 2**20  # bytes: so many of the longest subjects, and what stands around them
_UNIQUE = {"uniqueItems": True}


def _once(found: list[str]) -> list[str]:
    if len(set(found)) < len(found):
        raise PydanticCustomError("duplicate", "must hold each of them once")
    return found


def _known(code: str) -> str:
    if code not in CATEGORIES:
        raise PydanticCustomError("unknown_category", "is no data category")
    return code


_Purpose = Annotated[str, Field(description="By its code.", max_length=64, pattern="^[a-z][a-z0-9_]*$")]
_Category = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(CATEGORIES)})]
_Subject = Annotated[
    str, Field(description="The customer's sub, as you know it.", max_length=64, pattern="^[-A-Za-z0-9_]+$")
]


@with_config(ConfigDict(strict=True, extra="forbid"))
class DataUse(TypedDict):
    """For what, which data, and whose."""

    purpose: _Purpose
    categories: Annotated[
        list[_Category],
        AfterValidator(_once),
        Field(min_length=1, max_length=len(CATEGORIES), json_schema_extra=_UNIQUE),
    ]
    subjects: Annotated[
        list[_Subject], AfterValidator(_once), Field(min_length=1, max_length=MOST, json_schema_extra=_UNIQUE)
    ]


ASKED: TypeAdapter[DataUse] = TypeAdapter(DataUse)

"""What a service says that it wants to use: a type that both reads a body and describes it (OpenAPI)."""

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

MOST = 10_000
LARGEST = 1_048_576
"""Bytes of a body."""
_CODE = r"^[a-z][a-z0-9_]*$"
_SUBJECT = "A customer's sub, as this service knows it."
_Code = Annotated[str, Field(min_length=1, max_length=64, pattern=_CODE)]
_Subject = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description=_SUBJECT)]


@with_config(ConfigDict(strict=True, extra="forbid"))
class DataUse(TypedDict):
    """For what, which data, and whose."""

    purpose: Annotated[_Code, Field(description="The purpose, by its code; one that this service may name.")]
    categories: Annotated[list[_Code], Field(min_length=1, max_length=32, description="Data categories, by code.")]
    subjects: Annotated[list[_Subject], Field(min_length=1, max_length=MOST)]


DATA_USE: TypeAdapter[DataUse] = TypeAdapter(DataUse)

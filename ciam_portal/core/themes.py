"""What themes declare where they stand: read at start, so that it is known whoever asks first.

A theme's file of the given name declares, by being imported: ``policy`` its questions, ``proofs`` what its links and
codes are for, ``privileges`` what staff can do with it, ``timeline`` how its events read to the customer, ``held`` what
of its tables is in a copy of their data, ``described`` its part of the OpenAPI document. Where a verb must reach what
stands above it (an undo ends consents, a notice goes to recovery addresses), that joins it (``Joined``), in its
``facts`` or ``flows``.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.conf import settings

Part = TypeVar("Part", bound=Callable[..., Any])


class Joined(Generic[Part]):
    """Functions of themes further up, for one below that may not name them. Each joins where it is written."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def join(self, part: Part) -> Part:
        """As a decorator."""
        self._parts.append(part)
        return part

    def __iter__(self) -> Iterator[Part]:
        """In the order of apps and files."""
        return iter(self._parts)


def load(name: str) -> None:
    """Import every ``name.py``, and every file of a package ``name``, of ``settings.OWN_APPS``, in their order."""
    for module in holding(name):
        import_module(module)


def holding(name: str) -> list[str]:
    """The modules that ``load`` imports."""
    folders = {app: Path(apps.get_app_config(app).path) for app in settings.OWN_APPS}
    return [
        ".".join([app, *path.relative_to(folder).with_suffix("").parts]).removesuffix(".__init__")
        for app, folder in folders.items()
        for path in sorted({*folder.rglob(f"{name}.py"), *folder.rglob(f"{name}/*.py")})
    ]

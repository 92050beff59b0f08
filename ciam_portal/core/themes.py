"""What themes declare where they stand: read at start, so that it is known whoever asks first.

A theme's file of the given name declares, by being imported: ``policy`` its questions, ``privileges`` what staff can
do with it, ``timeline`` how its events read to the customer. Data only: who calls whom is read in the code.
"""

from importlib import import_module
from pathlib import Path

from django.apps import apps


def load(name: str) -> None:
    """Import every ``name.py``, and every file of a package ``name``, of the apps that stand in this tree."""
    root = Path(__file__).resolve().parents[2]
    for app in apps.get_app_configs():
        folder = Path(app.path).resolve()
        if folder.is_relative_to(root) and "site-packages" not in folder.parts:
            for path in sorted({*folder.rglob(f"{name}.py"), *folder.rglob(f"{name}/*.py")}):
                import_module(".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))

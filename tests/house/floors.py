"""The import contract of the themes: an arrow points to a lower floor, or on its own floor to a theme further down."""

from collections.abc import Iterator
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FloorsContract(Contract):
    """Every file of a theme stands on one floor, and every import inside an app leans the right way.

    ``floors``: from the roof down, the names of the files and packages of each; ``themes``: from the roof down, the
    folders of each app. A file that no floor names is refused, so that no drawer for everything comes to be.
    """

    type_name = "floors"

    floors = fields.ListField(subfield=fields.StringField())
    themes = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import between two files of one app."""
        floor_names, theme_names = cast("list[str]", self.floors), cast("list[str]", self.themes)
        floors = {name: -rank for rank, names in enumerate(floor_names) for name in names.split()}
        themes = {theme: -rank for rank, theme in enumerate(theme_names)}
        wrong = sorted(_astray(graph, floors, themes))
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which."""
        for line in check.metadata["wrong"]:
            output.print_error(line)


def _astray(graph: ImportGraph, floors: dict[str, int], themes: dict[str, int]) -> Iterator[str]:
    apps = {theme.split(".")[0] for theme in themes}
    places = {}
    for module in graph.modules:
        app, *rest = module.split(".")
        if (
            app not in apps
            or len(rest) < 2
            or rest[0] in {"migrations", "core", "management"}
            or rest[1] in {"migrations", "apps"}
        ):
            continue
        theme = f"{app}.{rest[0]}"
        if theme in themes and rest[1] in floors:
            places[module] = (floors[rest[1]], themes[theme])
        elif theme in themes or app != "ciam_portal":
            yield f"{module} stands on no floor of a known theme"
    for module, place in places.items():
        for target in graph.find_modules_directly_imported_by(module):
            other = places.get(target)
            if other and target.split(".")[0] == module.split(".")[0] and other > place:
                yield f"{module} leans up, on {target}"

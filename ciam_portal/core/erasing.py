"""What erasing a person does to the rows about them: each model says it where it stands.

Rows that hang from the person by foreign keys that cascade, at any remove, go with them; of those nothing need be said.
Any other model that holds something personal or pseudonymous says which of its rows are the person's and that they go
(``goes``) or are emptied (``blanked``), or why they stay (``stays``). A house test finds the model that says nothing,
and another one plants a word in every column and looks for it afterwards (``tests/house/test_erasing.py``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import CASCADE, ForeignObjectRel, Model, Q, QuerySet

BATCH = 200  # rows of one transaction, each with what hangs from it

STAFF = "It says by id who of the staff acted. Of somebody who left and was erased since, the id names nobody."
AGREED = "What was agreed must be shown for as long as that counts, by an id that names nobody once they are gone."
EVIDENCE = "Evidence, by an id that names nobody once the account is gone. It goes with its month."
Theirs = Callable[[UUID], Q]
Row = TypeVar("Row", bound=type[Model])


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a model's rows about a person. ``theirs`` None: they stay, because of ``why``."""

    model: type[Model]
    theirs: Theirs | None = None
    emptied: dict[str, Any] = field(default_factory=dict)
    before: Callable[[list[Any]], None] | None = None
    why: str = ""

    def rows(self, person: UUID) -> QuerySet[Any]:
        """Those that something is to be done with."""
        found = self.model._base_manager.all()  # noqa: SLF001  (as Django deletes)
        return found.none() if self.theirs is None else found.filter(self.theirs(person))


_answers: dict[type[Model], Answer] = {}


def goes(theirs: Theirs, *, before: Callable[[list[Any]], None] | None = None) -> Callable[[Row], Row]:
    """These rows of the model are deleted. ``before``: what else goes with those of these keys, twice if need be."""
    return lambda model: _said(model, Answer(model, theirs, before=before))


def blanked(theirs: Theirs, **emptied: Any) -> Callable[[Row], Row]:  # noqa: ANN401  (columns)
    """These rows belong to somebody else too: they stay, with these columns set so, after which they are not theirs."""
    return lambda model: _said(model, Answer(model, theirs, emptied))


def stays(why: str) -> Callable[[Row], Row]:
    """Nothing of the model goes: what it holds names nobody once the person's own rows are gone."""
    return lambda model: _said(model, Answer(model, why=why))


def _said(model: Row, answer: Answer) -> Row:
    _answers[model] = answer
    return model


def said(model: type[Model]) -> Answer | None:
    """What this model says of itself."""
    return _answers.get(model)


def steps(root: type[Model]) -> Iterator[Answer]:
    """What is done to erase a row of ``root``, in this order: what was said first, then what hangs from it directly."""
    yield from (each for each in _answers.values() if each.theirs is not None)
    for model, column in _hanging(root):
        if model not in _answers:
            yield Answer(model, lambda person, column=column: Q(**{column: person}))  # type: ignore[misc]


def _hanging(root: type[Model]) -> Iterator[tuple[type[Model], str]]:
    for relation in root._meta.get_fields(include_hidden=True):  # noqa: SLF001  (Django's documented way)
        if isinstance(relation, ForeignObjectRel) and getattr(relation, "on_delete", None) is CASCADE:
            yield relation.related_model, relation.field.attname


def some(root: type[Model], person: UUID) -> int:
    """One batch of all that is to be done; how many rows. 0: nothing is left but the row of ``root`` itself."""
    for each in steps(root):
        keys = list(each.rows(person).values_list("pk", flat=True)[:BATCH])
        if not keys:
            continue
        rows = each.model._base_manager.filter(pk__in=keys)  # noqa: SLF001  (as above)
        if each.before is not None:
            each.before(keys)
        if each.emptied:
            rows.update(**each.emptied)
        else:
            rows.delete()
        return len(keys)
    return 0

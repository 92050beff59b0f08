"""The only place that knows the embedded services: everything `make run`, `make test` and the journeys start."""

from tests.stack.stack import Stack
from tests.stack.state import ENVIRONMENT_FILE, StackError, production_environment

__all__ = ["ENVIRONMENT_FILE", "Stack", "StackError", "production_environment"]

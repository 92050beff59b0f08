"""The way to another service and back: whom it says somebody is, once everything it said has been checked."""

from accounts.upstream.verifier.outcome import Cancelled, Failed, Over
from accounts.upstream.verifier.state import Asked, For
from accounts.upstream.verifier.there import begin, complete

__all__ = ["Asked", "Cancelled", "Failed", "For", "Over", "begin", "complete"]

"""The way to the broker, without a fault of kombu's (5.7.0) that ends a worker when Redis or Valkey restarts.

When the connection is lost, the library lets go of what its channels belong to, and closes them after that. A channel
with messages that are not acknowledged then looks for the server's name to give them back, stumbles over the missing
owner, and the worker takes that for a fault that nothing mends. It is what it is: no connection.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as NoConnection


class Channel(redis.Channel):  # type: ignore[misc, unused-ignore]
    """One that says so."""

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002  (the library's signature)
        if self.connection.client is None:
            raise NoConnection("the connection was given up")
        return super()._connparams(asynchronous)  # type: ignore[misc]


class Transport(redis.Transport):  # type: ignore[misc, unused-ignore]
    """What ``CELERY_BROKER_TRANSPORT`` names."""

    Channel = Channel

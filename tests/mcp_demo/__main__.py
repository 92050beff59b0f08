"""``python -m tests.mcp_demo {shop|agent}``: serve one of the two where the environment says."""

import os
import sys

import uvicorn
from starlette.types import ASGIApp

from tests.mcp_demo import agent, shop


def app(name: str) -> tuple[ASGIApp, int]:
    """What is served, and on which port."""
    if name == "shop":
        return shop.create_app(), int(os.environ["SHOP_PORT"])
    return agent.create_app(), int(os.environ["AGENT_PORT"])


if __name__ == "__main__":
    served, port = app(sys.argv[1])
    uvicorn.run(served, host="127.0.0.1", port=port, log_level="warning")

"""The agent's page: what it has done so far, and what it can be told to do."""

from html import escape

_STYLE = (
    "body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:2rem 1rem;color:#1b1b1f}"
    "form{display:inline-block;margin:0 .5rem .5rem 0}button{font:inherit;padding:.6rem 1.1rem}"
    "ol{padding:0;list-style:none}li{padding:.4rem 0;border-top:1px solid #ccc;overflow-wrap:anywhere}"
)
_SECONDS = 2


def of(lines: list[str], *, busy: bool, connected: bool) -> str:
    """It, which reads itself again while the agent is busy."""
    again = f'<meta http-equiv="refresh" content="{_SECONDS}">' if busy else ""
    done = "".join(f"<li>{escape(line)}</li>" for line in lines) or "<li>Nothing yet.</li>"
    buttons = _button("connect", "Connect me again" if connected else "Connect me")
    buttons += _button("run", "Read order 1001 and pay it") if connected and not busy else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kettle, a demo agent</title>{again}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>Kettle, a demo agent</h1><p>It orders tea for you, and asks you before it pays.</p>{buttons}"
        f'<h2>What it has done</h2><ol aria-live="polite">{done}</ol></main></body></html>'
    )


def _button(path: str, words: str) -> str:
    return f'<form method="post" action="/{path}"><button>{words}</button></form>'

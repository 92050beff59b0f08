"""Curves as plain SVG."""

from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#9a6700", "#8250df", "#6e7781", "#0969da", "#116329", "#cf222e")
DASHES = ("6 3", "2 3", "8 3 2 3", "", "", "4 2")
WIDTH, HEIGHT, LEFT, TOP, SIDE = 560, 400, 56, 40, 320
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

Curve = Sequence[tuple[float, float]]


def roc(title: str, curves: Mapping[str, Curve]) -> str:
    """Share of attacks caught against share of genuine sign-ins challenged."""

    def place(point: tuple[float, float]) -> str:
        return f"{LEFT + point[0] * SIDE:.1f},{TOP + (1 - point[1]) * SIDE:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        f'font-family="sans-serif" font-size="11"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in TICKS:
        x, y = LEFT + tick * SIDE, TOP + (1 - tick) * SIDE
        parts += [
            f'<path d="M{x:.1f},{TOP}V{TOP + SIDE}M{LEFT},{y:.1f}H{LEFT + SIDE}" stroke="#d0d7de" fill="none"/>',
            f'<text x="{x:.1f}" y="{TOP + SIDE + 14}" text-anchor="middle">{tick:.0%}</text>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.0%}</text>',
        ]
    parts.append(
        f'<text x="{LEFT + SIDE / 2}" y="{TOP + SIDE + 30}" text-anchor="middle">genuine sign-ins challenged</text>'
        f'<text transform="translate(14 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">attacks caught</text>'
    )
    for number, (name, curve) in enumerate(curves.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        line = " ".join(place(point) for point in curve)
        y = TOP + 12 + number * 18
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<path d="M{LEFT + SIDE + 14},{y - 4}h22" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{LEFT + SIDE + 42}" y="{y}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])

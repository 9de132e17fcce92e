"""Draws a chart as SVG, with nothing but text."""

from html import escape

from benchmarks.results import Chart

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 34
_COLOURS = ("#1f6feb", "#d1570a", "#2da44e")


def svg(chart: Chart) -> str:
    """Return the picture; colours and background suit light and dark pages."""
    points = [point for line in chart.lines.values() for point in line]
    right = max((x for x, _ in points), default=1.0) or 1.0
    top = _round_up(max([y for _, y in points] + [chart.limit or 0.0], default=1.0) or 1.0)

    def place(x: float, y: float) -> tuple[float, float]:
        across = _LEFT + x / right * (_WIDTH - _LEFT - _RIGHT)
        return round(across, 1), round(_HEIGHT - _BOTTOM - y / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="18" font-size="14">{escape(chart.title)}</text>',
    ]
    for share in (0, 0.5, 1):
        x, y = place(0, share * top)
        parts.append(
            f'<path d="M{x} {y}H{_WIDTH - _RIGHT}" stroke="#d0d7de"/>'
            f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">{share * top:g}</text>'
        )
        x, y = place(share * right, 0)
        parts.append(
            f'<text x="{x}" y="{y + 18}" text-anchor="middle">{share * right:.0f} s</text>'
        )
    for (name, line), colour in zip(chart.lines.items(), _COLOURS, strict=False):
        path = "L".join("{} {}".format(*place(x, y)) for x, y in line)
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5">'
            f"<title>{escape(name)}</title></path>"
        )
    if chart.limit is not None:
        x, y = place(0, chart.limit)
        parts.append(
            f'<path d="M{x} {y}H{_WIDTH - _RIGHT}" stroke="#cf222e" stroke-dasharray="6 4"/>'
            f'<text x="{_WIDTH - _RIGHT}" y="{y - 4}" text-anchor="end" fill="#cf222e">'
            f"{chart.limit:g} {escape(chart.unit)}</text>"
        )
    return "\n".join([*parts, "</svg>\n"])


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value)

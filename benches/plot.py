"""Draws target/scale.json, which `make bench-scale` writes, as SVG into docs/: no library, a page of text."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 76, 48, 150, 48
COLOURS = {"sqlite": "#0b6e99", "postgres": "#b3540e"}


class Line(NamedTuple):
    """A line of a chart: its label, its colour, its dashes, and its points."""

    label: str
    colour: str
    dashes: str
    points: list[tuple[float, float]]


def short(number: float) -> str:
    """1500000 as 1.5M."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def chart(title: str, x_label: str, lines: list[Line], xs: list[float]) -> str:
    """One picture: x as steps, y logarithmic."""
    ys = [y for line in lines for _, y in line.points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    high = max(high, low + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + xs.index(x) * (WIDTH - LEFT - RIGHT) / max(1, len(xs) - 1)
        up = HEIGHT - BOTTOM - (math.log10(y) - low) * (HEIGHT - TOP - BOTTOM) / (high - low)
        return across, up

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{title}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{title}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{x_label}</text>',
    ]
    for power in range(low, high + 1):
        _, y = at(xs[0], 10**power)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(10**power)}</text>')
    for x in xs:
        across, _ = at(x, 10**low)
        out.append(
            f'<text x="{across:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{short(x)}</text>'
        )
    labels: list[float] = []
    for line in sorted(lines, key=lambda line: -line.points[-1][1]):
        points = [at(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dashes}/>')
        out.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>' for x, y in points)
        y = points[-1][1] + 4
        # Labels keep off each other.
        y = max(y, labels[-1] + 14) if labels else y
        labels.append(y)
        out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{y:.1f}" fill="{line.colour}">{line.label}</text>')
    return "\n".join([*out, "</svg>", ""])


def main() -> None:
    """Draws rates by users and by processes."""
    rows: list[dict[str, Any]] = json.loads(Path("target/scale.json").read_text())
    sizes = sorted({row["users"] for row in rows})
    stores = [store for store in COLOURS if any(row["store"] == store for row in rows)]
    dashes = {"introspect": "", "refresh": "8 3", "login": "3 3", "register": "1 4"}

    def lines(x: str, fixed: dict[str, int]) -> list[Line]:
        found = []
        for store in stores:
            for what, dash in dashes.items():
                chosen = [row for row in rows if row["store"] == store and row["what"] == what]
                chosen = [row for row in chosen if all(row[key] == value for key, value in fixed.items())]
                points = sorted((row[x], row["rate"]) for row in chosen)
                if points:
                    found.append(Line(f"{what}, {store}", COLOURS[store], dash, points))
        return found

    charts = {
        "scale-users": chart(
            "Calls a second by one process", "users", lines("users", {"processes": 1}), sizes
        ),
        "scale-processes": chart(
            f"Calls a second, {max(sizes):,} users",
            "processes",
            lines("processes", {"users": max(sizes)}),
            [1, 2, 4, 8],
        ),
    }
    for name, svg in charts.items():
        Path(f"docs/{name}.svg").write_text(svg)


if __name__ == "__main__":
    main()

"""Small SVG pictures: curves over epochs, and precision against recall. Hand-made, so that they follow the
page's theme.

Colours are CSS classes: `s0` the first version, `s1` the second; a stroke pattern tells them apart as well.
`standalone`
adds the styles for places that have no style sheet, such as Dagster's metadata.
"""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

WIDTH, HEIGHT = 440, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 30

_MOST_POINTS = 160

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart. `series` 0 or 1 chooses the colour; `dots` marks each point."""

    name: str
    points: tuple[Point, ...]
    series: int
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """How data coordinates become picture coordinates."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: int = HEIGHT

    def at(self, point: Point) -> Point:
        """Return the place of a data point in the picture."""
        (x0, x1), (y0, y1) = self.x, self.y
        across, down = WIDTH - _LEFT - _RIGHT, self.height - _TOP - _BOTTOM
        return (
            _LEFT + across * (point[0] - x0) / ((x1 - x0) or 1),
            _TOP + down * (1 - (point[1] - y0) / ((y1 - y0) or 1)),
        )


def line_chart(title: str, curves: Sequence[Curve], x_label: str, from_zero: bool = True) -> Markup:
    """Return a chart of `curves`; without any point an empty string. Long curves are thinned to 160 points.

    All curves by the same stretch of the axis, so that a longer one is not smoothed more than a shorter one.
    """
    drawn = [curve for curve in curves if curve.points]
    if not drawn:
        return Markup("")
    values = [y for curve in drawn for _, y in curve.points]
    top, bottom = max(values), 0.0 if from_zero else min(values)
    right = max(x for curve in drawn for x, _ in curve.points)
    frame = Frame((0, right), _rounded(bottom, top))
    parts = [grid(frame, x_label)]
    for curve in drawn:
        shown = curve.points if curve.dots else _averaged(curve.points, right / _MOST_POINTS)
        places = [frame.at(point) for point in shown]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            Markup('<polyline class="line s{}{}" points="{}"/>').format(
                curve.series, " eval" if curve.dots else "", path
            )
        )
        if curve.dots:
            parts.extend(Markup('<circle class="dot s{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(
                curve.series, x, y) for x, y in places)  # fmt: skip
    parts.append(_legend([(curve.name, curve.series) for curve in drawn]))
    return svg(title, Markup("").join(parts), HEIGHT)


def precision_recall(title: str, paths: Sequence[Sequence[Point]]) -> Markup:
    """Return precision (up) against recall (across), one path a version from `raw` to `final`, over lines
    of equal F1.

    paths: (recall, precision) fractions, in the order of the versions; empty paths are left out.
    """
    places = [point for path in paths for point in path]
    if not places:
        return Markup("")
    low = max(0.0, math.floor(min(min(point) for point in places) * 10 - 0.5) / 10)
    high = min(1.0, math.ceil(max(max(point) for point in places) * 10 + 0.5) / 10)
    frame = Frame((low, high), (low, high), 300)
    parts = [grid(frame, "recall, %", percent=True)]
    for tenths in range(1, 10):
        curve = [
            frame.at((recall, precision))
            for recall in (low + (high - low) * step / 60 for step in range(61))
            if 2 * recall > tenths / 10
            and low <= (precision := tenths / 10 * recall / (2 * recall - tenths / 10)) <= high
        ]
        if len(curve) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in curve)
            end = curve[-1]
            parts.append(Markup('<polyline class="iso" points="{}"/>').format(points))
            parts.append(
                Markup('<text class="iso-label" x="{:.1f}" y="{:.1f}" text-anchor="end">F1 {}</text>').format(
                    end[0] - 3, end[1] - 4, tenths * 10
                )
            )
    for series, path in enumerate(paths):
        drawn = [frame.at(point) for point in path]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        if len(drawn) > 1:
            parts.append(Markup('<polyline class="line thin s{}" points="{}"/>').format(series, line))
        for place, (x, y) in enumerate(drawn):
            last = place == len(drawn) - 1
            parts.append(
                Markup('<circle class="dot s{}{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(
                    series, "" if last else " hollow", x, y, 6 if last else 3.5
                )
            )
    return svg(title, Markup("").join(parts), 300)


def standalone(picture: Markup) -> str:
    """Return the picture with its own styles and a white ground, for places without the page's style
    sheet."""
    return str(picture).replace(
        ">", f"><style>{_STYLE}</style><rect width='100%' height='100%' fill='#fff'/>", 1
    )


def sparkline(curves: Sequence[Curve]) -> str:
    """Return the curves alone, 150 by 36 pixels and a few hundred characters; each curve needs a point."""
    right = max(x for curve in curves for x, _ in curve.points) or 1.0
    top = max(y for curve in curves for _, y in curve.points) or 1.0
    lines = []
    for curve in curves:
        places = (f"{148 * x / right + 1:.0f} {34 - 32 * y / top:.0f}" for x, y in _thinned(curve.points, 20))
        dash = ' stroke-dasharray="3"' if curve.dots else ""
        lines.append(f'<path d="M{"L".join(places)}" stroke="{_COLOURS[curve.series]}"{dash}/>')
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="150" height="36" fill="none">'
    return f"{head}{''.join(lines)}</svg>"


def markdown_image(picture: str, text: str) -> str:
    """Return a Markdown image that carries the picture in itself; `text` is its alternative, without
    brackets."""
    data = base64.b64encode(picture.encode()).decode()
    return f"![{text}](data:image/svg+xml;base64,{data})"


_COLOURS = ("#8f5b00", "#0a5cbf")
_STYLE = (
    "text{font:12px sans-serif;fill:#4d5560}.grid{stroke:#e3e5e8}.line{fill:none;stroke-width:1.8}"
    "text.s0{fill:#8f5b00}text.s1{fill:#0a5cbf}"
    ".line.eval{stroke-dasharray:5 3}.line.s0{stroke:#8f5b00}.line.s1{stroke:#0a5cbf}"
    ".dot.s0{fill:#8f5b00}.dot.s1{fill:#0a5cbf}.iso{fill:none;stroke:#c9ced4;stroke-dasharray:2 3}"
)


def grid(frame: Frame, x_label: str, percent: bool = False) -> Markup:
    """Return lines and figures of both axes; percent: values are fractions."""
    parts = []
    for value in _ticks(*frame.y):
        _, y = frame.at((frame.x[0], value))
        label = f"{100 * value:.0f}" if percent else f"{value:.3g}"
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(_LEFT, WIDTH - _RIGHT, y, y, _LEFT - 6, y + 4, label)
        )
    for value in _ticks(*frame.x, whole=not percent):
        x, _ = frame.at((value, frame.y[0]))
        label = f"{100 * value:.0f}" if percent else f"{value:g}"
        parts.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x, frame.height - _BOTTOM + 16, label
            )
        )
    parts.append(
        Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(
            WIDTH - _RIGHT, frame.height - 2, x_label
        )
    )
    return Markup("").join(parts)


def _legend(names: Sequence[tuple[str, int]]) -> Markup:
    """Return the names of the lines in their colours; the page hides it, its captions say the same."""
    return Markup('<g class="legend">{}</g>').format(
        Markup("").join(
            Markup('<text class="s{}" x="{}" y="{}" text-anchor="end">{}</text>').format(
                series, WIDTH - _RIGHT, _TOP + 12 + 15 * place, name
            )
            for place, (name, series) in enumerate(names)
        )
    )


def svg(title: str, content: Markup, height: int) -> Markup:
    """Return a picture of this content."""
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{}" '
        'viewBox="0 0 {} {}">{}</svg>'
    ).format(title, WIDTH, height, content)


def _ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Return 2 to 6 round values from `low` to `high`."""
    span = high - low if high - low > 1e-6 else 1.0
    step = 10.0 ** math.floor(math.log10(span))
    for factor in (0.2, 0.5, 1.0):
        if span / (step * factor) <= 5.5:
            step *= factor
            break
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Return the range widened upwards to the next tick; a range of nothing goes to 1."""
    if high - low <= 1e-6:
        return low, low + 1.0
    ticks = _ticks(low, high)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else (high - low) or 1.0
    return low, math.ceil(high / step - 1e-9) * step


def _averaged(points: Sequence[Point], width: float) -> list[Point]:
    """Return the mean of each stretch of `width` of the axis, at its last point."""
    if width <= 0:
        return list(points)
    groups = [
        list(group) for _, group in groupby(points, key=lambda point: math.ceil(point[0] / width - 1e-9))
    ]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` points: the means of equal runs."""
    run = math.ceil(len(points) / most)
    groups = [points[place : place + run] for place in range(0, len(points), run)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]

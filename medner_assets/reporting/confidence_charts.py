"""Two SVG pictures of probabilities: reliability, and risk over coverage, with their intervals."""

from collections.abc import Sequence

from markupsafe import Markup

from medner_assets.reporting.charts import Frame, grid, svg
from medner_assets.reporting.sections.confidence import Points

_HEIGHT = 300


def reliability(title: str, curves: Sequence[tuple[int, Points, Points]]) -> Markup:
    """Return the share that is right (up) against the probability (across), over the diagonal of honesty.

    curves: (series, calibrated, before calibration); a bar is a 95 % interval. No point: an empty text.
    """
    if not any(points or before for _, points, before in curves):
        return Markup("")
    frame = Frame((0, 1), (0, 1), _HEIGHT)
    parts = [grid(frame, "probability, %", percent=True), _line(frame, "iso", [(0, 0), (1, 1)])]
    for series, points, before in curves:
        parts.append(_line(frame, f"line thin eval s{series}", [each[:2] for each in before]))
        parts.append(_line(frame, f"line s{series}", [each[:2] for each in points]))
        for at, value, low, high in points:
            (x, y), (_, bottom), (_, top) = (frame.at((at, each)) for each in (value, low, high))
            parts.append(
                Markup(
                    '<line class="line thin s{}" x1="{x:.1f}" x2="{x:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
                    '<circle class="dot s{}" cx="{x:.1f}" cy="{:.1f}" r="3.5"/>'
                ).format(series, bottom, top, series, y, x=x)
            )
    return svg(title, Markup("").join(parts), _HEIGHT)


def risk_over_coverage(title: str, curves: Sequence[tuple[int, Points]]) -> Markup:
    """Return the share that is wrong (up) against the share that is answered (across), the surest first.

    curves: (series, points); a band is a 95 % interval. No point: an empty text.
    """
    highest = max((high for _, points in curves for _, _, _, high in points), default=None)
    if highest is None:
        return Markup("")
    top = min(1.0, max(0.1, -(-highest * 10 // 1) / 10))
    frame = Frame((0, 1), (0, top), _HEIGHT)
    parts = [grid(frame, "answered, %", percent=True)]
    for series, points in curves:
        edge = [(at, high) for at, _, _, high in points]
        edge += [(at, low) for at, _, low, _ in reversed(points)]
        parts.append(_line(frame, f"band s{series}", edge))
        parts.append(_line(frame, f"line s{series}", [each[:2] for each in points]))
    return svg(title, Markup("").join(parts), _HEIGHT)


def _line(frame: Frame, kind: str, points: Sequence[tuple[float, float]]) -> Markup:
    places = " ".join("{:.1f},{:.1f}".format(*frame.at(point)) for point in points)
    tag = "polygon" if kind.startswith("band") else "polyline"
    return Markup('<{} class="{}" points="{}"/>').format(tag, kind, places) if places else Markup("")

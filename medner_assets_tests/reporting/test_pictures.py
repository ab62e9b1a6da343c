"""Curves, planes and strips: what is drawn where, and that names in them stay names."""

import base64
import re
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.reporting.charts import Curve, line_chart, markdown_image, precision_recall, standalone
from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.report import render_loss, render_small_loss
from medner_assets.reporting.strips import Mark, RangeMark, strip_of
from medner_assets_tests.support.story import NEW, empty, story

NASTY = "<script>&\"'"


def test_a_chart_without_points_is_nothing():
    assert line_chart("loss", [Curve("a", (), 0)], "epochs") == ""
    assert precision_recall("plane", [[], []]) == ""


def test_a_chart_is_well_formed_and_its_names_stay_names():
    chart = line_chart(NASTY, [Curve(NASTY, ((0.0, 1.0), (1.0, 0.5)), 0)], NASTY)
    root = ET.fromstring(chart)
    assert root.attrib["aria-label"] == NASTY
    assert "<script>" not in chart


points = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1000)), min_size=1, max_size=400)


@settings(deadline=None)
@given(points)
def test_every_point_of_a_chart_lies_in_its_picture(drawn: list[tuple[float, float]]):
    root = ET.fromstring(line_chart("t", [Curve("a", tuple(sorted(drawn)), 0)], "epochs"))
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    (line,) = [each for each in root if each.tag.endswith("polyline")]
    places = [tuple(map(float, each.split(","))) for each in line.attrib["points"].split()]
    assert 1 <= len(places) <= 160
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_every_precision_and_recall_lies_in_the_plane(path: list[tuple[float, float]]):
    root = ET.fromstring(precision_recall("t", [path]))
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    circles = [each for each in root if each.tag.endswith("circle")]
    assert len(circles) == len(path)
    assert all(
        0 <= float(each.attrib["cx"]) <= width and 0 <= float(each.attrib["cy"]) <= height for each in circles
    )


def test_a_picture_for_dagster_carries_its_own_styles_in_one_address():
    image = render_loss(NEW, story()["training_log"].filter(model_version=NEW))
    data = re.fullmatch(r"!\[loss of new\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", image)
    assert data is not None
    svg = base64.b64decode(data[1]).decode()
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "<style>" in svg
    assert len(image) < 20_000


def test_the_small_picture_is_shown_by_dagster_without_a_click_and_tells_both_ends():
    log = story()["training_log"].filter(model_version=NEW)
    long = pl.concat([log.with_columns(step=pl.col("step") + 70 * at, epoch=pl.col("epoch") + 7 * at)
                      for at in range(200)])  # fmt: skip
    small = render_small_loss(NEW, long)
    assert len(small) < 1_000
    assert small.endswith(" training 1.150 → 0.189, dev 1.200 → 0.239")
    data = re.search(r"base64,([A-Za-z0-9+/=]+)", small)
    assert data is not None
    paths = [each for each in ET.fromstring(base64.b64decode(data[1])) if each.tag.endswith("path")]
    assert len(paths) == 2
    for path in paths:
        places = [tuple(map(int, each.split())) for each in path.attrib["d"][1:].split("L")]
        assert all(0 <= x <= 150 and 0 <= y <= 36 for x, y in places)


def test_a_version_without_a_log_has_no_picture():
    assert render_loss(NEW, empty()["training_log"]) == ""
    assert render_small_loss(NEW, empty()["training_log"]) == ""
    assert markdown_image("<svg/>", "t").startswith("![t](data:")
    assert standalone(line_chart("t", [Curve("a", ((0.0, 1.0),), 0)], "x")).count("<style>") == 1


def share(value: float | None) -> Number:
    return Number(value, Unit.SHARE)


def test_a_strip_holds_its_marks_spans_and_bands_and_says_them_in_words():
    strip = strip_of(
        [Mark("s1", "new", share(0.63), share(0.60), share(0.66))],
        [RangeMark("conservative", "c", share(0.57), share(0.62))],
    )
    assert strip is not None
    assert (strip.low, strip.high) == (0.5, 0.7)
    assert strip.left(share(0.6)) == "50.00"
    assert strip.width(share(0.57), share(0.62)) == "25.00"
    assert strip.described == "new 63.0 (60.0 to 66.0), c 57.0 to 62.0"
    assert strip.ends == ("50", "70")


def test_a_strip_of_nothing_is_none():
    assert strip_of([Mark("s1", "new", share(None))]) is None


@pytest.mark.parametrize("value", [0.0, 1.0, 0.999, 0.001])
def test_a_strip_reaches_its_ends(value: float):
    strip = strip_of([Mark("s1", "new", share(value))])
    assert strip is not None
    assert 0 <= float(strip.left(share(value))) <= 100
    assert 0 <= strip.low < strip.high <= 1.1


def test_curves_of_one_chart_are_smoothed_over_the_same_stretch_of_the_axis():
    short = Curve("v1", tuple((step / 100, 1.0 + step % 2) for step in range(1, 101)), 0)
    long = Curve("v2", tuple((step / 400, 1.0 + step % 2) for step in range(1, 401)), 1)
    lines = re.findall(r'<polyline[^>]*points="([^"]*)"', str(line_chart("loss", [short, long], "epoch")))
    assert [len(line.split()) for line in lines] == [100, 160]
    assert str(line_chart("loss", [short], "epoch")).count("<polyline") == 1

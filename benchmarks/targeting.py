"""Who is inside a warning's area: a million points against a polygon of forty thousand corners, beside shapely's prepared
geometry on the same points in the same run. The sets must be equal."""

from __future__ import annotations

import statistics
import time

import numpy as np
import shapely

from report import Bar, Table
from tocsin.geo.targeting import PointSet

POINTS, CORNERS = 1_000_000, 40_000


def measure(rounds: int) -> list[Table]:
    """One table: seconds of load and of a query (medians), ours and shapely's."""
    random = np.random.default_rng(7)
    lon, lat = random.uniform(100, 110, POINTS), random.uniform(20, 30, POINTS)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = 3 + 0.3 * np.sin(40 * angle) + random.standard_normal(CORNERS).cumsum() / 1000
    ring = np.column_stack([105 + radius * np.cos(angle), 25 + radius * np.sin(angle)])
    PointSet(lon[:1000], lat[:1000]).inside([[ring[::100]]])  # the kernels are compiled before the watch runs
    ours, theirs, load, held = [], [], [], True
    for _ in range(max(3, rounds)):
        began = time.perf_counter()
        points = PointSet(lon, lat)
        loaded = time.perf_counter()
        found = points.inside([[ring]])
        asked = time.perf_counter()
        shape = shapely.Polygon(ring)
        shapely.prepare(shape)
        expected = shapely.intersects_xy(shape, lon, lat)
        ended = time.perf_counter()
        held = held and np.array_equal(found, expected)
        load.append(loaded - began)
        ours.append(asked - loaded)
        theirs.append(ended - asked)
    query, other = statistics.median(ours), statistics.median(theirs)
    title = f"Geotargeting: {POINTS:,} points, one polygon of {CORNERS:,} corners ({int(found.sum()):,} inside)"
    rows = [
        ("a query after load", round(query * 1e3)),
        ("load, once a set of points", round(statistics.median(load) * 1e3)),
        ("shapely, prepared, the same query", round(other * 1e3)),
        ("shapely / ours", round(other / query, 1)),
    ]
    bar = Bar("geotargeting query", 300, query * 1e3, "ms", at_most=True)
    return [Table(title, ("what", "ms (median)"), rows, [bar], held=held)]

"""Cells, distances, jurisdictions: where things are and what is near what. Pure."""

from tocsin.geo.cell import cell_centroid, cell_of, cell_ring, cells_touching, neighbours
from tocsin.geo.distance import EARTH_RADIUS_KM, centroid, direction, distance_km, distances_km, unit_vector, within_km
from tocsin.geo.jurisdiction import common_path, is_inside, lineage, parent_of
from tocsin.geo.place import Place
from tocsin.geo.point_index import PointIndex

__all__ = [
    "EARTH_RADIUS_KM", "Place", "PointIndex", "cell_centroid", "cell_of", "cell_ring", "cells_touching", "centroid",
    "common_path", "direction", "distance_km", "distances_km", "is_inside", "lineage", "neighbours", "parent_of",
    "unit_vector", "within_km",
]  # fmt: skip

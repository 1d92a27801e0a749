"""Read, check, explain, scaffold and replay packs. One small module a concern; all faults in one list.

>>> from tocsin.packkit import builtin_pack_paths, load_pack
>>> [load_pack(path).name for path in builtin_pack_paths()]
['gas_leak', 'natural_hazards', 'urban_flood']
"""

from tocsin.packkit.check import Examination, check_pack, examine_pack
from tocsin.packkit.explain import explain_transition, plain_sentence
from tocsin.packkit.fault import Fault
from tocsin.packkit.fit import refused_streams, require_fit, unfit_streams
from tocsin.packkit.load import builtin_pack_paths, find_pack, installed_pack_paths, load_pack
from tocsin.packkit.pack import Pack, Property, Provenance

__all__ = [
    "Examination",
    "Fault",
    "Pack",
    "Property",
    "Provenance",
    "builtin_pack_paths",
    "check_pack",
    "examine_pack",
    "explain_transition",
    "find_pack",
    "installed_pack_paths",
    "load_pack",
    "plain_sentence",
    "refused_streams",
    "require_fit",
    "unfit_streams",
]

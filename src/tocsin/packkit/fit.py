"""Do registered streams fit? In the unit in which a pack judges them, and about things rather than people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocsin.engine.language.quantity import converts
from tocsin.packkit.concerns.sealed import sealed_selection
from tocsin.packkit.pack import Pack
from tocsin.terms.boundary import observed_refused
from tocsin.terms.errors import BadUnit, Refused
from tocsin.terms.stream import Stream

__all__ = ["refused_streams", "require_fit", "unfit_streams"]


def unfit_streams(pack: Pack, streams: Iterable[Stream]) -> list[BadUnit]:
    """One error for each stream of a property of the pack that is registered in another unit: 400 cm would be judged
    as 400 m. Observations may arrive in any unit that converts; they are converted to the stream's."""
    return [
        BadUnit(f"stream {stream.id}", f"is in {stream.unit}, pack {pack.name} judges {stream.property} in {known.unit}",
                _unit_remedy(stream.unit, known.unit))
        for stream in streams
        if (known := pack.properties.get(stream.property)) is not None and stream.unit != known.unit
    ]  # fmt: skip


def _unit_remedy(given: str, wanted: str) -> str:
    if converts(given, wanted) is None:
        return f"register it in {wanted}; {given} measures something else, so check the property too"
    return f"register it in {wanted}; observations may still be sent in {given} with their unit"


def refused_streams(streams: Iterable[Stream]) -> list[Refused]:
    """One error for each name of a property, stage or label that speaks of a person or of what people think, and for each
    property of sealed content: not taken in at all, whether a rule would look at it or not."""
    return [
        Refused(f"stream {stream.id}", f"{kind} {name!r} {why}", "leave it out: Tocsin observes things and places")
        for stream in streams
        for kind, name in _names(stream)
        if (why := _reason(kind, name))
    ]


def require_fit(packs: Iterable[Pack], streams: Iterable[Stream]) -> None:
    """Raise the first of all that do not fit (Refused, BadUnit), saying how many more there are."""
    rows = tuple(streams)
    found = [*refused_streams(rows), *(error for pack in packs for error in unfit_streams(pack, rows))]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise type(found[0])(found[0].thing, found[0].rule + more, found[0].remedy)


def _names(stream: Stream) -> Iterator[tuple[str, str]]:
    yield "property", stream.property
    yield from (("stage", name) for name in stream.stages)
    yield from (("label", name) for name in stream.labels)


def _reason(kind: str, name: str) -> str:
    if crossed := observed_refused(name):
        return f"crosses the boundary ({crossed.matched}): {crossed.reason}"
    return sealed_selection({"property": (name,)}) if kind == "property" else ""

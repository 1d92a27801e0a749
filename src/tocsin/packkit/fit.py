"""Do registered streams fit a pack? Conditions are in the unit of the pack's property, so a stream must be in it too."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.packkit.pack import Pack
from tocsin.terms.errors import BadUnit
from tocsin.terms.stream import Stream

__all__ = ["unfit_streams"]


def unfit_streams(pack: Pack, streams: Iterable[Stream]) -> list[BadUnit]:
    """One error for each stream of a property of the pack that is registered in another unit: 400 cm would be judged
    as 400 m. Observations may arrive in any unit that converts; they are converted to the stream's."""
    return [
        BadUnit(f"stream {stream.id}", f"is in {stream.unit}, pack {pack.name} judges {stream.property} in {known.unit}",
                f"register it in {known.unit}; observations may still be sent in {stream.unit} with their unit")
        for stream in streams
        if (known := pack.properties.get(stream.property)) is not None and stream.unit != known.unit
    ]  # fmt: skip

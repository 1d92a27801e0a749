"""What a vault takes: five kinds of items, each read for what it was written down for and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

__all__ = ["BECAUSE", "KINDS", "PURPOSES", "Kind", "rule_words"]

PURPOSES: dict[str, Promise] = {
    "rescue": _("Reach somebody and help"),
    "relief": _("Shelter and relief"),
    "reunite": _("Answer a family that asks"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """``purposes``: for which of PURPOSES its items are opened; for another they stay closed."""

    title: Promise
    purposes: tuple[str, ...]

    @property
    def for_words(self) -> str:
        """The purposes in words."""
        return "; ".join(str(PURPOSES[one]) for one in self.purposes)


KINDS: dict[str, Kind] = {
    "waits": Kind(_("Waits for help"), ("rescue", "relief")),
    "evacuate": Kind(_("To be brought out"), ("rescue", "relief")),
    "taken": Kind(_("Taken to shelter or hospital"), ("relief", "reunite")),
    "sought": Kind(_("Looked for by the family"), ("rescue", "reunite")),
    "reported": Kind(_("Contact of who reported it"), ("rescue",)),
}

# Why one was destroyed, as certificates keep it (in English, under their digest) and as pages say it.
BECAUSE: dict[str, Promise] = {
    "the event was closed": _("The event was closed"),
    "the event that it was merged into was closed": _("The event that it was merged into was closed"),
    "the event or its assessment ended": _("The event, or the assessment that kept it, had ended"),
    "destroyed before; came back out of a backup": _("It had been destroyed before and came back out of a backup"),
}


def rule_words(rule: str) -> str:
    """Why something was destroyed, in the present language where it is one of BECAUSE."""
    return str(BECAUSE.get(rule, rule))

"""The single keys of the console and what they do, as the list under ``?`` names them (interface.md, section 5). The keys
themselves are the browser's business (static/keys.js): each may be given another, all may be switched off."""

from __future__ import annotations

from django.utils.translation import gettext as _

__all__ = ["DUTY", "EVENT", "key_actions"]

DUTY = (
    "next",
    "previous",
    "acknowledge",
    "verify",
    "warn",
    "dispatch",
    "arrivals",
    "filter",
    "map",
    "search",
    "list",
    "help",
)
EVENT = ("earlier", "later", "acknowledge", "verify", "warn", "dispatch", "comment", "arrivals", "map", "list", "help")


def key_actions(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(action, words) in the reader's language."""
    said = {
        "next": _("Next event"),
        "previous": _("Previous event"),
        "acknowledge": _("Acknowledge event"),
        "verify": _("Send to verify"),
        "warn": _("Compose warning"),
        "dispatch": _("Response"),
        "comment": _("Add a note"),
        "arrivals": _("Show new arrivals"),
        "filter": _("Go to the filter"),
        "map": _("Go to the map"),
        "search": _("Find a place in the list"),
        "earlier": _("Previous event of the list"),
        "later": _("Next event of the list"),
        "list": _("Go to the list of events"),
        "export": _("Export what is shown"),
        "help": _("Show this list"),
    }
    return [(name, said[name]) for name in names]

"""The in-memory twin of each channel: what was sent lies in lists. It passes the same contract test as the real ones, by the
name of the channel that it stands for: it takes that channel's addresses, and is down as that channel is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.records.audience.contacts import require_contact
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadValue, Unavailable

__all__ = ["Inbox"]

_JUDGED = frozenset({"mail", "sms", "voice", "webhook", "chat", "web_push", "mqtt"})  # whose addresses have a form
_ALONE = frozenset(
    {"webhook", "chat", "web_push", "websub"}
)  # each address is a server of its own: its silence is its own too


class Inbox:
    """A channel whose letters can be read. It does as it is told: ``refuses`` an address for good, is ``busy`` at one (try
    again later), is ``down`` as a whole, or ``breaks_after`` so many letters of one call. It never sleeps: what is too slow
    for a real channel is, for the sender, down or busy.

    ``letters`` holds every letter that was accepted, in order; repeats too.
    """

    def __init__(self, name: str = "mail") -> None:
        self.name = name
        self.letters: list[Letter] = []
        self.refuses: dict[str, str] = {}
        self.busy: dict[str, str] = {}
        self.down = ""
        self.breaks_after: int | None = None
        self.calls = 0
        self.when_asked: Callable[[Sequence[Letter]], None] = lambda letters: None

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says; ``when_asked`` is called first."""
        self.calls += 1
        self.when_asked(letters)
        if self.down and letters and self.name not in _ALONE:
            raise Unavailable(f"channel {self.name}", self.down, "wait until it answers again")
        return [self._take(number, letter) for number, letter in enumerate(letters)]

    def to(self, address: str) -> list[Letter]:
        """What an address got."""
        return [letter for letter in self.letters if letter.address == address]

    def repeats(self) -> int:
        """How many letters came more than once."""
        return len(self.letters) - len({letter.key for letter in self.letters})

    def _take(self, number: int, letter: Letter) -> Outcome:
        if not self._is_ours(letter.address):
            return Outcome(letter.key, False, f"not an address of {self.name}", final=True)
        if self.down:
            return Outcome(letter.key, False, self.down)
        if self.breaks_after is not None and number >= self.breaks_after:
            return Outcome(letter.key, False, "the connection broke")
        if letter.address in self.refuses:
            return Outcome(letter.key, False, self.refuses[letter.address], final=True)
        if letter.address in self.busy:
            return Outcome(letter.key, False, self.busy[letter.address])
        self.letters.append(letter)
        return Outcome(letter.key, True, "taken")

    def _is_ours(self, address: str) -> bool:
        if self.name == "websub":
            return address.startswith(("https://", "http://", "{"))
        try:
            if self.name in _JUDGED:
                require_contact(self.name, address)
        except BadValue:
            return False
        return True

"""The only writer of bulletins and their feeds."""

from tocsin.loop.observe.bulletins.services.feeds import put_feeds, sweep
from tocsin.loop.observe.bulletins.services.judging import judge_repeat
from tocsin.loop.observe.bulletins.services.keeping import Came, Refusal, keep
from tocsin.loop.observe.bulletins.services.logged import note_attempt, note_logged
from tocsin.loop.observe.bulletins.services.polls import Heard, Listed, hear, note_failure
from tocsin.loop.observe.bulletins.services.settling import settle

__all__ = [
    "Came", "Heard", "Listed", "Refusal", "hear", "judge_repeat", "keep", "note_attempt", "note_failure", "note_logged",
    "put_feeds", "settle", "sweep",
]  # fmt: skip

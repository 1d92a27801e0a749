"""Joint consultation on an event or a case: who was asked, who said what, what was decided by whom, and what came of it."""

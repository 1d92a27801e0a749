"""The third room: is it true? Field tasks, verdicts, and what people did about an event (its dossier)."""

"""The inspector's telephone: my tasks, go and look, answer. Works without script; with script also without network."""

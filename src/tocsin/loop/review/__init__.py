"""The seventh room: who knew what when, from the ledger; the review that closes an event."""

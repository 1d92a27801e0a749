"""The eighth room: indicators computed from the ledger, with numbers of cases and definitions."""

"""Ground floor of the rooms: places, org, ledger, outbox."""

"""SQLite with one writer at a time across processes (architecture.md section 4)."""

"""The tamper-evident journal of decisions: a chain of hashes for each subject, and roots over all of them."""

"""Workload W1 on other engines: what they are, how they are set up, and one table of how they did."""

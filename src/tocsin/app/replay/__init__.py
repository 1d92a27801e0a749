"""`tocsin replay`: recorded data through the same path as live data, judged against what is known to have happened."""

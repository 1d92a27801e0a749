"""Warning skill, satisfaction statistics, timeliness: pure figures on plain numbers (engine.md section 9)."""

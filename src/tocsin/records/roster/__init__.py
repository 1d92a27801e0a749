"""The roster: who holds which post when, made from declared rotations and overrides; what is empty; how duty is handed over."""

"""audience: who outside the offices is told of warnings: targets (displays, other systems, chat rooms) and subscribers."""

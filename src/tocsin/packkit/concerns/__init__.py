"""One small module for each thing that must be right in a pack. Each adds to one list of faults."""

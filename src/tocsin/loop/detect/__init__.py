"""The second room: signals and events, as the engine found them, with their evidence."""

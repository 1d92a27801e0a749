"""Feeds: other authorities' feeds, asked in turn by a guarded client. What came is handed to ``loop.observe.bulletins``."""

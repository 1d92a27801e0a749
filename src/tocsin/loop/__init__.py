"""The rooms of the loop, in order: observe, detect. A room owns its tables and is the only writer of them."""

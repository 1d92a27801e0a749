"""Where things are: the tree of jurisdictions, and facilities. Never a dwelling, never a person."""

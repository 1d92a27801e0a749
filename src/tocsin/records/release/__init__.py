"""Release: signed messages handed to the official release platform of the authority above, each with its receipt number."""

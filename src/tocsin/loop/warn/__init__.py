"""The fourth room: warnings, drafted, signed by a second person, issued as CAP and told to posts."""

"""Who is who: for now only the scope with which queries read. Posts, rosters and accounts will live here."""

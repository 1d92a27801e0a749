"""Who is responsible: departments, posts, the duty roster, staff accounts; roles, scopes and actors."""

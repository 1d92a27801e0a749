"""The fifth room: incidents under command, response levels, first actions, statements."""

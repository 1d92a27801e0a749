"""Tasks: one assignee, one due time, one outcome. The rooms ask for them; their deadlines never pass unseen."""

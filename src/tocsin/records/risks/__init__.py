"""The risk register: risks of places, facilities, processes and projects, never of people; and inspections planned by it."""

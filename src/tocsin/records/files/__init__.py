"""Documents of cases that are no pictures: kept as they were given, looked at before, handed out only to be stored."""

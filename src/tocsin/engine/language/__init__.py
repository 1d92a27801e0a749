"""The rule language: text -> typed tree -> plan."""

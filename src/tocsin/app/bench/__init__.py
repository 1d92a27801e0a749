"""`tocsin bench`: the engine on standard workloads, in the form other engines' runners use."""

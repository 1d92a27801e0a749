"""Simhaven 汐港: an invented city with rain, rivers, gas and calls, played from a seed. Everything in it is
synthetic."""

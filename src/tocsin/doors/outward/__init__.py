"""Outward: the one way in which Tocsin calls other servers (webhooks, gateways, feeds). Nothing else may open a connection
to an address that came from outside."""

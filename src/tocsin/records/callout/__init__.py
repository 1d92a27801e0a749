"""Call-out: a post of each village is called until a human answers. An attempt is not an arrival."""

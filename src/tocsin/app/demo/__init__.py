"""``tocsin demo``: the whole product on a fresh home, playing an invented day or recorded data."""

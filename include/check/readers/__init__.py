"""One module per layout: bytes of a capture to a tidy table; named by a source's ``reader``."""

"""One module per source: what must hold of its figures; named by a source's ``suite``."""

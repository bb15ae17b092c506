"""raw bytes ► a tidy table, or a stop that says why."""

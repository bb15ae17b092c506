"""source ► raw bytes: fetched, content-addressed, never rewritten."""

"""indicator values ► a release: built, audited, compared, approved, made current."""

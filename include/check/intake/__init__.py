"""The gate that a delivered file passes before anything of it is kept: kind ► container ► parse ► personal data."""

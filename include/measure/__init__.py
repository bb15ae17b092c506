"""observations ► indicator values with numerator, denominator, interval and status."""

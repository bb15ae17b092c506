"""To how many digits figures are kept, so that the last bit of a processor's arithmetic never looks like a revision."""


def rounded(number: float) -> float:
    """Return a figure to ten significant digits, far below what any figure means."""
    return float(f"{number:.10g}")

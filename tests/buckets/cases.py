"""The list of what is tried."""

CASES = []


def case(*schemes):
    """Is tried with stores of these kinds; with `s3` alone if none is named."""
    def take(function):
        CASES.extend((scheme, function) for scheme in schemes or ("s3",))
        return function
    return take

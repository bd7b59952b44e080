"""The numbers of pictures: short, and without the sign of a zero, which says nothing there."""


def written(number: float, digits: int = 4) -> str:
    """A number with so many significant digits.

    >>> written(1 / 3), written(-0.0), written(-1e-20, 3)
    ('0.3333', '0', '-1e-20')
    """
    return f"{number + 0.0:.{digits}g}"


def written_range(numbers: list[float]) -> str:
    """The least and the largest number, or the one number that they all are.

    >>> written_range([3.0, -1.0, 2.0]), written_range([0.0, -0.0])
    ('-1 to 3', '0')
    """
    least, largest = written(min(numbers)), written(max(numbers))
    return least if least == largest else f"{least} to {largest}"

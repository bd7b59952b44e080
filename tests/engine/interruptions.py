"""An op whose derivative raises an error of our own, or whatever it is told to."""

# (A partial takes all that the op took, whatever it ignores.)

from engine import Op


def failing(error):
    """An identity op whose partial raises `error` while `armed` is true."""

    def slope(z, x):
        if op.armed:
            raise error
        return 1.0

    op = Op("failing", "failing", lambda x: x, slope)
    op.armed = True
    return op


class OwnError(Exception):
    pass

"""Data to learn from: inputs and the target of each."""


def xor() -> tuple[list[list[float]], list[float]]:
    """Exclusive or: the target is 1 where exactly one of the two inputs is 1.

    inputs: [4][2], targets: [4]. No line separates the ones from the zeros, so no network
    without a hidden layer learns it (Minsky & Papert 1969).
    """
    inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    return inputs, [0.0, 1.0, 1.0, 0.0]

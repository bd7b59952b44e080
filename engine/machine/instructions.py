"""What a machine is told: the instructions of a plan, read and checked before anything runs.

C takes for granted what is checked here: a row is computed once and before it is used, operands
exist, and each op has as many operands as it takes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any


class Checked:
    """An instruction that was checked.

    kind: "elementwise" for an op of one or two inputs, and `loop` is its number in the machine.
    Otherwise "layer", or the name of the op. rows: how many rows it computes, from row `out` on.
    live: whether it passes gradients on. count: how many operands it has. A layer has `count`
    inputs; its operands are these inputs, and then the weights and the bias of each neuron.
    """

    def __init__(
        self,
        kind: str,
        loop: int,
        out: int,
        live: bool,
        operands: list[int],
        count: int,
        rows: int = 1,
        biased: bool = False,
    ) -> None:
        self.kind, self.loop, self.out, self.live = kind, loop, out, live
        self.operands, self.count, self.rows, self.biased = operands, count, rows, biased

    def join(self, c: Checked) -> bool:
        """Take c into this instruction, as its next row, if one loop can do both.

        Both must be the same op of one input. The row of c must follow the rows of this
        instruction, and the input of c must follow its inputs. For example, tanh of rows 3 and 4
        into rows 7 and 8 is one loop. No input may be computed by the loop itself. Returns whether
        c was taken.
        """
        x, y = self.operands[-1], c.operands[0]
        same = (self.kind, self.loop, self.live, self.count) == (c.kind, c.loop, c.live, 1)
        if not same or self.kind != "elementwise" or c.out != self.out + self.rows:
            return False
        if y != x + 1 or x < 0 or self.out <= y:
            return False
        self.operands.append(y)
        self.rows += 1
        return True


class Reader:
    """Reads the instructions of the body or of the tail. Each may use the rows known before it.

    known: a bytearray with a 1 for every row that has a number by now. scalars: how many there
    are. loops: for each op of one or two inputs, its number in the machine and how many inputs.
    others: the names of the ops of any number of inputs. columns: how many numbers of a sample may
    choose: ("choose", out, (column, candidates...)) is the candidate whose number is there.
    """

    def __init__(
        self,
        part: str,
        known: bytearray,
        scalars: int,
        loops: Mapping[str, tuple[int, int]] | None = None,
        others: Collection[str] = (),
        columns: int = 0,
    ) -> None:
        self.part, self.known, self.scalars = part, known, scalars
        self.loops, self.others, self.columns = loops or {}, others, columns

    def read(self, instructions: Any) -> list[Checked]:
        """The instructions, checked. Raises TypeError or ValueError that numbers the wrong one."""
        given = items_of(self.part, instructions)
        return [self.instruction(f"{self.part} {i}", c) for i, c in enumerate(given)]

    def instruction(self, at: str, given: Any) -> Checked:
        if not isinstance(given, tuple) or len(given) < 3:
            raise TypeError(f"{at}: an instruction is (name, out, ...), got {given!r:.60}")
        name, out = given[:2]
        if name == "layer":
            return self.layer(at, out, given[2:])
        known = isinstance(name, str) and (name in self.loops or name in self.others)
        if not known and not (name == "choose" and self.columns):
            raise ValueError(f"{at}: the machine has no op {name!r:.60}")
        if len(given) > 4:
            raise ValueError(f"{at}: {name} has 3 or 4 parts, got {len(given)}")
        live = len(given) == 3 or bool(given[3])
        taken = items_of(f"{at}: its operands", given[2])
        if name == "choose":
            return self.choice(at, out, live, taken)
        operands = self.operands(at, taken)
        kind, loop = name, 0
        if name in self.loops:
            kind, (loop, inputs) = "elementwise", self.loops[name]
            if len(operands) != inputs:
                raise ValueError(f"{at}: {name} takes {inputs} operands, got {len(operands)}")
        elif not operands:
            raise ValueError(f"{at}: {name} takes at least 1 operand, got 0")
        return Checked(kind, loop, self.computes(at, out, 1), live, operands, len(operands))

    def choice(self, at: str, out: Any, live: bool, taken: list[Any]) -> Checked:
        if len(taken) < 2:
            raise ValueError(f"{at}: choose takes a column and candidates, got {taken!r:.60}")
        column = index(f"{at}: a column", taken[0], 0, self.columns)
        operands = [column, *self.operands(at, taken[1:])]
        return Checked("choose", 0, self.computes(at, out, 1), live, operands, len(taken))

    def layer(self, at: str, out: Any, parts: tuple[Any, ...]) -> Checked:
        if len(parts) not in (3, 4):
            raise ValueError(f"{at}: a layer has 5 or 6 parts, got {len(parts) + 2}")
        inputs, weights, biases = [items_of(f"{at}: a part of it", part) for part in parts[:3]]
        live = len(parts) == 3 or bool(parts[3])
        operands = self.operands(at, inputs)
        k, m = len(inputs), len(weights)
        if m == 0 or k == 0:
            raise ValueError(f"{at}: a layer has inputs and neurons, got {k} and {m}")
        if min(operands) < 0:
            raise ValueError(f"{at}: the inputs of a layer are rows, got {min(operands)}")
        if len(biases) not in (0, m):
            raise ValueError(f"{at}: a layer of {m} neurons has {m} biases or 0, got {len(biases)}")
        for j, taken in enumerate(weights):
            own = items_of(f"{at}: weights", taken)
            if len(own) != k:
                raise ValueError(f"{at}: neuron {j} has {k} weights, got {len(own)}")
            for x in (*own, *biases[j : j + 1]):
                operands.append(index(f"{at}: a weight", x, -self.scalars, 0))
        out = self.computes(at, out, m)
        return Checked("layer", 0, out, live, operands, k, m, bool(biases))

    def operands(self, at: str, given: list[Any]) -> list[int]:
        """Rows that are known, and scalars."""
        low, high = -self.scalars, len(self.known)
        for x in given:
            if type(x) is not int or not low <= x < high:
                index(f"{at}: an operand", x, low, high)
            if x >= 0 and not self.known[x]:
                raise ValueError(f"{at}: row {x} is used before it is computed")
        return [int(x) for x in given]  # of a subclass that might compare otherwise

    def computes(self, at: str, out: Any, rows: int) -> int:
        """The first of the rows that are known from now on."""
        first = index(f"{at}: its row", out, 0, len(self.known) - rows + 1)
        for row in range(first, first + rows):
            if self.known[row]:
                raise ValueError(f"{at}: row {row} is computed twice")
        self.known[first : first + rows] = b"\1" * rows
        return first


def read_sums(sums: Any, body: Reader, tail: Reader) -> list[tuple[int, list[int]]]:
    """The sums over lanes as (out, rows). The tail knows the row `out` of each from now on.

    body: a reader of rows that has no scalars.
    """
    pairs = []
    for i, part in enumerate(items_of("sums", sums)):
        at = f"sums {i}"
        if not isinstance(part, tuple) or len(part) != 3 or part[0] != "sum":
            raise TypeError(f"{at}: a sum is ('sum', out, rows), got {part!r:.60}")
        rows = body.operands(at, items_of(f"{at}: rows", part[2]))
        if not rows:
            raise ValueError(f"{at}: a sum has at least 1 row, got 0")
        pairs.append((tail.computes(at, part[1], 1), rows))
    return pairs


def index(name: str, x: Any, low: int, high: int) -> int:
    """x, if it is an int of at least low and below high. Raises ValueError or TypeError."""
    if not isinstance(x, int):
        raise TypeError(f"{name} is an int, got {x!r:.60}")
    number = int(x)  # of a subclass that might compare otherwise
    if not low <= number < high:
        raise ValueError(f"{name} is from {low} to {high - 1}, got {number}")
    return number


def items_of(name: str, xs: Any) -> list[Any]:
    """What a list or tuple holds, as a list. Raises TypeError for anything else."""
    if not isinstance(xs, (list, tuple)):
        raise TypeError(f"{name} is a list, got {xs!r:.60}")
    return [*xs]

"""Programs that the machine runs have the bits of the graph, or leave it to the graph."""

import pytest
from hypothesis import given, settings

import engine
from engine import Value, dot, ops, relu, softmax, trace
from tests.engine.programs.random_graphs import bits, eager, numbers, seeds


@settings(deadline=None, max_examples=200)
@given(seeds, numbers)
def test_the_machine_has_the_bits_of_the_graph(seed, numbers):
    if not engine.compiled:
        pytest.skip("needs the compiled build")
    output, leaves = eager(seed, numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.programs.machines.LONG", 1)
        program = trace(output, leaves[:2], leaves[2:])
    used = {op.name for op in program.tape.ops}
    assert program._machine is not None or "hypot" in used
    value, grads = program.value_and_grad(numbers[:2])

    assert bits([value, *program.input_grad(numbers[:2]), *grads]) == (
        bits([output.data, *[leaf.grad for leaf in leaves]])
    )


def test_a_gpt_trained_by_its_program_has_the_bits_of_an_eager_one():
    from benchmarks import gpt

    class Ours:
        dot, relu, log = staticmethod(dot), staticmethod(relu), staticmethod(ops.log)
        softmax = staticmethod(softmax)  # whose shift is in the graph: a plain number is frozen

    def descend(parameters, gradient):
        for _ in range(3):
            for p, g in zip(parameters, gradient(), strict=True):
                p.data -= 0.1 * g
        return bits([p.data for p in parameters])

    eagerly = [Value(x) for x in gpt.initial()]
    replayed = [Value(x) for x in gpt.initial()]
    program = trace(gpt.gpt_loss(Ours(), replayed), [], replayed)

    def gradient():
        for p in eagerly:
            p.grad = 0.0
        gpt.gpt_loss(Ours(), eagerly).backward()
        return [p.grad for p in eagerly]

    assert descend(replayed, lambda: program.value_and_grad([])[1]) == descend(eagerly, gradient)


def test_the_machine_leaves_errors_to_the_graph():
    x = Value(1.0)
    y = x
    for _ in range(150):
        y = y + ops.log(x)
    program = trace(y, [x])

    with pytest.raises(ValueError, match=r"^log\(-1.0\): math domain error$"):
        program.value_and_grad([-1.0])

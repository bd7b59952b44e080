"""Source: a tape as a whole text in a language, and as functions of Python."""

from __future__ import annotations

from engine.languages.by_name import LANGUAGES
from engine.programs.lines import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from engine.languages.python import Language
    from engine.programs.tape import Tape


def source_of(tape: Tape, language: str) -> str:
    """The tape as source in a language. Raises ValueError for a language that is not known."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r:.60}: take one of {', '.join(LANGUAGES)}")
    with_gradient = len(tape.outputs) == 1 and language != "torch"
    lines = Lines(tape, LANGUAGES[language]())
    if language == "c":
        return in_c(lines, with_gradient)
    if language == "javascript":
        return in_javascript(lines, with_gradient)
    return in_python(lines, with_gradient)


def functions_of(tape: Tape) -> dict[str, Callable[..., Any]]:
    """The functions of the Python source; an op of one's own is called as it is."""
    lines = Lines(tape, LANGUAGES["python"](), own=True)
    source = in_python(lines, len(tape.outputs) == 1)
    namespace: dict[str, Any] = {f"own_{i}": op for i, op in enumerate(lines.own_ops)}
    exec(compile(source, "<chainrule program>", "exec"), namespace)
    return {name: namespace[name] for name in ("program", "gradient") if name in namespace}


def in_python(lines: Lines, with_gradient: bool) -> str:
    """Python, NumPy or PyTorch."""
    tape, language = lines.tape, lines.language
    leaves = len(tape.parameters)
    parameters = lines.names[:leaves]
    inputs = lines.names[leaves : leaves + len(tape.inputs)]
    unpack = []
    for name, group in (("inputs", inputs), ("parameters", parameters)):
        for i in range(0, len(group), 8):
            part = group[i : i + 8]
            source = name if len(group) <= 8 else f"{name}[{i}:{i + len(part)}]"
            unpack.append(f"[{', '.join(part)}] = {source}")
    outputs = ", ".join([lines.names[slot] for slot in tape.outputs])
    body = [*unpack, *lines.values]
    functions = [function("program", [*body, f"return [{outputs}]"])]
    if with_gradient:
        grads = [f"d_{name}" for name in (*inputs, *parameters)]
        zeros = [f"{' = '.join(grads[i : i + 8])} = 0.0" for i in range(0, len(grads), 8)]
        summed = [f"np.sum({g})" for g in grads] if language.name == "numpy" else grads
        listed = [f"    {', '.join(summed[i : i + 8])}," for i in range(0, len(summed), 8)]
        result = ["return " + lines.names[tape.outputs[0]] + ", [", *listed, "]"]
        functions.append(function("gradient", [*body, *zeros, *lines.backward(), *result]))
    return header(language) + "\n\n".join(functions)


def function(name: str, body: list[str]) -> str:
    return f"def {name}(inputs, parameters):\n" + "".join([f"    {line}\n" for line in body])


def header(language: Language) -> str:
    """The imports, and the functions that the language does not have."""
    lines = []
    if language.name == "numpy":
        lines.append("import numpy as np\n")
    if language.name == "torch":
        lines.append("import torch\n")
    names = sorted(language.imports - {"math"})
    if "math" in language.imports:
        lines.append("import math\n")
    if names:
        lines.append(f"from math import {', '.join(names)}\n")
    text = "".join(lines) + ("\n\n" if lines else "")
    return text + "".join([f"{definition}\n\n" for definition in language.definitions.values()])


def assignments(lines: Lines, kind: str) -> tuple[list[str], list[str]]:
    """The lines that take inputs and parameters from arrays, as variables of that kind.

    And the names of their gradients, in the same order.
    """
    first = len(lines.tape.parameters)
    parameters = lines.names[:first]
    inputs = lines.names[first : first + len(lines.tape.inputs)]
    unpack = [f"{kind} {name} = inputs[{i}];" for i, name in enumerate(inputs)]
    unpack += [f"{kind} {name} = parameters[{i}];" for i, name in enumerate(parameters)]
    return unpack, [f"d_{name}" for name in (*inputs, *parameters)]


def in_c(lines: Lines, with_gradient: bool) -> str:
    """Functions of the inputs and the parameters; the gradient is with respect to both."""
    tape = lines.tape
    unpack, grads = assignments(lines, "double")
    outputs = [f"outputs[{i}] = {lines.names[slot]};" for i, slot in enumerate(tape.outputs)]
    taken = "const double *inputs, const double *parameters, double *outputs"
    texts = [f"void program({taken}) {{\n" + indented([*unpack, *lines.values, *outputs]) + "}\n"]
    if with_gradient:
        zeros = [f"double {g} = 0.0;" for g in grads]
        given = [f"grads[{i}] = {g};" for i, g in enumerate(grads)]
        body = [*unpack, *lines.values, *zeros, *lines.backward(), *outputs, *given]
        texts.append(
            "// grads: of the inputs, then of the parameters\n"
            f"void gradient({taken}, double *grads) {{\n{indented(body)}}}\n"
        )
    definitions = [f"{text}\n" for text in lines.language.definitions.values()]
    note = "// The bits of the graph need -ffp-contract=off -fno-builtin.\n"
    return note + "#include <math.h>\n\n" + "".join(definitions) + "\n".join(texts)


def in_javascript(lines: Lines, with_gradient: bool) -> str:
    """Functions of the inputs and the parameters, which are arrays."""
    tape = lines.tape
    unpack, grads = assignments(lines, "let")
    outputs = ", ".join([lines.names[slot] for slot in tape.outputs])
    taken = "(inputs, parameters)"
    body = [*unpack, *lines.values, f"return [{outputs}];"]
    texts = [f"function program{taken} {{\n{indented(body)}}}\n"]
    if with_gradient:
        zeros = [f"let {g} = 0.0;" for g in grads]
        result = f"return [{outputs}, [{', '.join(grads)}]];"
        body = [*unpack, *lines.values, *zeros, *lines.backward(), result]
        note = "// The value, and its gradient: of the inputs, then of the parameters.\n"
        texts.append(f"{note}function gradient{taken} {{\n{indented(body)}}}\n")
    definitions = [f"{text}\n" for text in lines.language.definitions.values()]
    return "".join(definitions) + "\n".join(texts)


def indented(lines: list[str]) -> str:
    return "".join([f"    {line}\n" for line in lines])

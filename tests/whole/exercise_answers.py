"""Answers to the exercises of the lessons: the body of a function each, by the exercise's number."""

# ruff: noqa: E501

WRONG = {
    # dy/dx for y = (x**2 + 1)**3
    "01.1": [
        "return 3 * (x**2 + 1) ** 2",
        "return 3 * (x**2 + 1) ** 2 * x",
        "return 3 * (x**2 + 1) * 2 * x",
        "return (x**2 + 1) ** 2 * 2 * x",
        "return -3 * (x**2 + 1) ** 2 * 2 * x",
        "return 3 * (x**2 + 1) ** 2 + 2 * x",
        "return 3 * (2 * x) ** 2",
        "return 6 * x**5",
        "return (x**2 + 1) ** 3",
        "h = 1e-5\nreturn (((x + h) ** 2 + 1) ** 3 - (x**2 + 1) ** 3) / h",
        "3 * (x**2 + 1) ** 2 * 2 * x",
        "return [3 * (x**2 + 1) ** 2 * 2 * x]",
        "return str(6 * x * (x**2 + 1) ** 2)",
        "import numpy\nreturn numpy.array([6 * x * (x**2 + 1) ** 2])",
    ],
    # [dy/dz, dy/da, dy/db] for z = a * b, y = z * z + 3 * z
    "01.2": [
        "z = a * b\ndz = z + 3\nreturn [dz, dz * b, dz * a]",
        "z = a * b\ndz = 2 * z\nreturn [dz, dz * b, dz * a]",
        "z = a * b\ndz = 2 * z + 3\nreturn [dz, dz * a, dz * b]",
        "z = a * b\ndz = 2 * z + 3\nreturn [dz * b, dz * a, dz]",
        "z = a * b\ndz = 2 * z + 3\nreturn [dz, b, a]",
        "z = a * b\ndz = 2 * z + 3\nreturn [dz, dz + b, dz + a]",
        "z = a * b\ndz = 2 * z + 3\nreturn dz",
        "z = a * b\ndz = 2 * z + 3\nreturn [dz * b, dz * a]",
        "z = a * b\ndz = 2 * z + 3 * z\nreturn [dz, dz * b, dz * a]",
        "z = a * b\nreturn {'dz': 2 * z + 3}",
        "z = a * b\nreturn [z.grad, a.grad, b.grad]",
    ],
    # the slopes of (target - prediction)**2
    "01.3": [
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [2 * e * x[0], 2 * e * x[1], 2 * e]",
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [-2 * e * x[0], -2 * e * x[1], 2 * e]",
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [-e * x[0], -e * x[1], -e]",
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [-2 * e * weights[0], -2 * e * weights[1], -2 * e]",
        "e = target - weights[0] * x[0] - weights[1] * x[1]\n"
        "return [-2 * e * x[0], -2 * e * x[1], -2 * e]",
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [-2 * e, -2 * e * x[0], -2 * e * x[1]]",
        "e = target - weights[0] * x[0] - weights[1] * x[1] - bias\n"
        "return [-2 * e * x[0], -2 * e * x[1]]",
        "e = target - dot(weights, x, bias)\nreturn -2 * e * x",
        "e = target - dot(weights, x, bias)\nreturn [[-2 * e * v for v in x], -2 * e]",
    ],
    # one prediction for each of the rows
    "01.4": [
        "return [dot(weights, x) for x in rows]",
        "return [dot(weights, x, bias[i]) for i, x in enumerate(rows)]",
        "return [dot(weights, x, [0.0, 0.0, 0.0, 0.0]) for x in rows]",
        "return [weights[0].data * x[0] + weights[1].data * x[1] + bias.data for x in rows]",
        "return [weights[0].data * x[0] + weights[1].data * x[1] + bias for x in rows]",
        "return [Value(dot(weights, x, bias).data) for x in rows]",
        "return [dot(weights, x, Value(bias.data)) for x in rows]",
        "return [dot(weights, x, bias).tanh() for x in rows]",
        "return [dot(weights, rows[0], bias) for x in rows]",
        "for x in rows:\n    return [dot(weights, x, bias)]",
        "return dot(weights, rows, bias)",
        "return (dot(weights, x, bias) for x in rows)",
        "return sum(dot(weights, x, bias) for x in rows)",
        "return [str(dot(weights, x, bias).data) for x in rows]",
        "import numpy\nreturn numpy.array(rows) @ numpy.array([w.data for w in weights]) + bias.data",
        "import numpy\nreturn numpy.array(rows) @ numpy.array(weights)",
        "import numpy\nreturn numpy.array(weights) @ numpy.array(rows) + bias",
        "bias.data = 0.0\nreturn [dot(weights, x, bias) for x in rows]",
    ],
    # [w0, w1, b] with the smallest mean squared error
    "01.5": [
        "return [0.0, 0.0, 0.5]",
        "return ['0.0', '0.0', '0.5']",
        "return '0.0 0.0 0.5'",
        "return [0.5, 0.0, 0.0]",
        "b = (t00 + t01 + t10 + t11) / 4\nreturn [0.0, 0.0, b]",
        "return [t10 - t00, t01 - t00, t00]",
        "return [0.0, 0.0]",
        "return {'w0': 0.0, 'w1': 0.0, 'b': 0.5}",
        "e = (t00 - t01 - t10 + t11) / 4\nb = t00 + e\nreturn [t10 - e - b, t01 - e - b, b]",
        "e = -(t00 - t01 - t10 + t11) / 4\nb = t00 + e\nreturn [t01 - e - b, t10 - e - b, b]",
        "e = -(t00 - t01 - t10 + t11) / 2\nb = t00 + e\nreturn [t10 - e - b, t01 - e - b, b]",
        "return 0.0, 0.0, None",
    ],
    # [w0, w1, b] of a single neuron
    "01.6": [
        "b = model([0.0, 0.0]).data\nreturn [model([1.0, 0.0]).data, model([0.0, 1.0]).data, b]",
        "b = model([0.0, 0.0]).data\n"
        "return [model([0.0, 1.0]).data - b, model([1.0, 0.0]).data - b, b]",
        "return [0.0, 0.0, 0.5]",
        "last = model.layers[1].neurons[0].weights\n"
        "rows = [neuron.weights for neuron in model.layers[0].neurons]\n"
        "return [sum(v.data * row[i].data for v, row in zip(last, rows)) for i in (0, 1)] + [0.0]",
        "last = model.layers[1].neurons[0]\n"
        "first = model.layers[0].neurons\n"
        "w = [sum(v.data * n.weights[i].data for v, n in zip(last.weights, first)) for i in (0, 1)]\n"
        "return [*w, sum(v.data * n.bias.data for v, n in zip(last.weights, first))]",
        "last = model.layers[1].neurons[0]\n"
        "first = model.layers[0].neurons\n"
        "w = [sum(v.data * n.weights[i].data for v, n in zip(last.weights, first)) for i in (0, 1)]\n"
        "return [*w, last.bias.data]",
        "for p in model.parameters():\n    p.data = 0.0\nreturn [0.0, 0.0, 0.0]",
        "return model",
        "return [model([1.0, 0.0]), model([0.0, 1.0])]",
        "return [str(model([0.0, 0.0]).data)] * 3",
        "return model([1.0])",
    ],
    # the op z = e**(-x*x)
    "01.7": [
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: -2 * x)",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: z)",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: 2 * x * z)",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: -x * z)",
        "return Op('bump', 'bump', lambda x: math.exp(x * x), lambda z, x: 2 * x * z)",
        "return Op('bump', 'bump', lambda x: math.exp(-x), lambda z, x: -z)",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x))",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda x: -2 * x)",
        "return Op('bump', lambda x: math.exp(-x * x), lambda z, x: -2 * x * z)",
        "return Op('bump', 'bump', lambda x: exp(-x * x), lambda z, x: -2 * x * z)",
        "return lambda x: math.exp(-x * x)",
        "return math.exp",
        "return Op",
        "return Op('bump', 'bump', lambda x: str(math.exp(-x * x)), lambda z, x: -2 * x * z)",
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: None)",
    ],
    # an MLP(2, [2, 1], activation="tanh") that has learned XOR
    "01.8": [
        "return MLP",
        "return MLP(2, [2, 1], activation='tanh')",
        "return MLP(2, [4, 1], activation='tanh')",
        "return MLP(8, [1])",
        "return MLP(2, [2, 1], activation='relu')",
        "return MLP(2, [2, 1], activation='tanh').load_state_dict({'weights': [1, 2]})",
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "model.load_state_dict({'w': [1, 2]})\nreturn model",
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "model.layers[0].neurons[0].load_state_dict({'weights': [10, 10, 10], 'bias': -5})\n"
        "return model",
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "model.layers[0].neurons[0].load_state_dict({'weights': [10, 10]})\nreturn model",
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "one, both = model.layers[0].neurons\n"
        "one.load_state_dict({'weights': [10, 10], 'bias': -5})\n"
        "both.load_state_dict({'weights': [10, 10], 'bias': -5})\n"
        "model.layers[1].neurons[0].load_state_dict({'weights': [0.5, -0.5], 'bias': 0})\n"
        "return model",
        "model = MLP(2, [2, 1], activation='relu')\n"
        "one, both = model.layers[0].neurons\n"
        "one.load_state_dict({'weights': [1, 1], 'bias': 0})\n"
        "both.load_state_dict({'weights': [1, 1], 'bias': -1})\n"
        "model.layers[1].neurons[0].load_state_dict({'weights': [1, -2], 'bias': 0})\n"
        "return model",
        "model = MLP(2, [2, 1], activation='tanh')\nmodel.parameters()[0].data = float('nan')\n"
        "return model",
        "return lambda x: float(x[0] != x[1])",
    ],
    # [factor of a step, the rate from which on no step shrinks the distance]
    "02.1": [
        "return [1 - c * lr, 1 / c]",
        "return [abs(1 - c * lr), 2 / c]",
        "return [1 + c * lr, 2 / c]",
        "return [c * lr, 2 / c]",
        "return [1 - 2 * lr, 1.0]",
        "return [2 / c, 1 - c * lr]",
        "return [1 - c * lr, c / 2]",
        "return 1 - c * lr",
        "return [1 - c * lr, '2 / c']",
        "return {'factor': 1 - c * lr, 'rate': 2 / c}",
    ],
    # [dL/dw, dL/db] for the mean of (w*x + b - y)**2
    "02.2": [
        "e = [w * x + b - y for x, y in zip(xs, ys)]\n"
        "return [sum(v * x for v, x in zip(e, xs)) / len(xs), sum(e) / len(xs)]",
        "e = [w * x + b - y for x, y in zip(xs, ys)]\n"
        "return [sum(2 * v * x for v, x in zip(e, xs)), sum(2 * v for v in e)]",
        "e = [y - w * x - b for x, y in zip(xs, ys)]\n"
        "return [sum(2 * v * x for v, x in zip(e, xs)) / len(xs), sum(2 * v for v in e) / len(xs)]",
        "e = [w * x + b - y for x, y in zip(xs, ys)]\n"
        "return [sum(2 * v for v in e) / len(xs), sum(2 * v for v in e) / len(xs)]",
        "e = [w * x + b - y for x, y in zip(xs, ys)]\n"
        "return [sum(2 * v for v in e) / len(xs), sum(2 * v * x for v, x in zip(e, xs)) / len(xs)]",
        "e = [w * x + b - y for x, y in zip(xs, ys)]\n"
        "return [sum(2 * v * x for v, x in zip(e, xs)) / 64, sum(2 * v for v in e) / 64]",
        "for x, y in zip(xs, ys):\n    e = w * x + b - y\n    return [2 * e * x, 2 * e]",
        "e = w * xs + b - ys\nreturn [2 * e * xs, 2 * e]",
        "import numpy\ne = w * numpy.array(xs) + b - numpy.array(ys)\n"
        "return [2 * e * numpy.array(xs), 2 * e]",
    ],
    # [new p, new v] after a step of RMSprop
    "02.3": [
        "return [p - lr * g / (math.sqrt(v) + 1e-8), alpha * v + (1 - alpha) * g * g]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn [p - lr * g / (v + 1e-8), v]",
        "v = alpha * v + (1 - alpha) * g\nreturn [p - lr * g / (math.sqrt(abs(v)) + 1e-8), v]",
        "v = (1 - alpha) * v + alpha * g * g\nreturn [p - lr * g / (math.sqrt(v) + 1e-8), v]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn [p + lr * g / (math.sqrt(v) + 1e-8), v]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn [p - lr * g / math.sqrt(v), v]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn [p - lr * g / math.sqrt(v + 1e-8), v]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn [v, p - lr * g / (math.sqrt(v) + 1e-8)]",
        "v = alpha * v + (1 - alpha) * g * g\nreturn p - lr * g / (math.sqrt(v) + 1e-8)",
        "v = v + g * g\nreturn [p - lr * g / (math.sqrt(v) + 1e-8), v]",
    ],
    # the learning rate of an epoch
    "02.4": [
        "return start * (1 + math.cos(math.pi * epoch / epochs)) / 2",
        "return end + (start - end) * (1 + math.cos(2 * math.pi * epoch / epochs)) / 2",
        "return end + (start - end) * math.cos(math.pi * epoch / epochs)",
        "return end + (start - end) * (1 - math.cos(math.pi * epoch / epochs)) / 2",
        "return end + (start - end) * (1 + math.cos(180 * epoch / epochs)) / 2",
        "return end + (start - end) * (1 + math.cos(math.pi * (epoch + 1) / epochs)) / 2",
        "return start + (end - start) * epoch / epochs",
        "return end + start * (1 + math.cos(math.pi * epoch / epochs)) / 2",
        "return [end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2]",
    ],
    # the derivatives of the cross-entropy
    "02.5": [
        "e = [math.exp(x) for x in logits]\nreturn [x / sum(e) for x in e]",
        "e = [math.exp(x) for x in logits]\nreturn [(k == target) - x / sum(e) for k, x in enumerate(e)]",
        "e = [math.exp(x) for x in logits]\nreturn [x / sum(e) - 1 for x in e]",
        "e = [math.exp(x) for x in logits]\nreturn e[target] / sum(e) - 1",
        "e = [math.exp(x) for x in logits]\nreturn [-math.log(x / sum(e)) for x in e]",
        "return [x / sum(logits) - (k == target) for k, x in enumerate(logits)]",
        "e = [math.exp(x) for x in logits]\nreturn [x / sum(e) - target for x in e]",
        "e = [math.exp(-x) for x in logits]\nreturn [x / sum(e) - (k == target) for k, x in enumerate(e)]",
        "logits[target] -= 1\nreturn logits",
        "e = math.exp(logits)\nreturn e / sum(e)",
    ],
    # [epoch at which it stops, best epoch until then]
    "02.6": [
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best]:\n"
        "        best = epoch\n    if epoch - best > patience:\n        break\nreturn [epoch, best]",
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss <= losses[best]:\n"
        "        best = epoch\n    if epoch - best >= patience:\n        break\nreturn [epoch, best]",
        "rises = 0\nfor epoch in range(1, len(losses)):\n"
        "    rises = rises + 1 if losses[epoch] > losses[epoch - 1] else 0\n"
        "    if rises >= patience:\n        break\nreturn [epoch, losses.index(min(losses))]",
        "return [len(losses) - 1, losses.index(min(losses))]",
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best]:\n"
        "        best = epoch\n    if epoch - best >= patience:\n        return [epoch, best]",
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best]:\n"
        "        best = epoch\n    if epoch - best >= patience:\n        break\n"
        "return [epoch, losses[best]]",
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best]:\n"
        "        best = epoch\n    if epoch - best >= patience:\n        break\n"
        "return [epoch + 1, best + 1]",
        "best, bad = losses[0], 0\nfor epoch, loss in enumerate(losses):\n    if loss < best:\n"
        "        best = loss\n    else:\n        bad += 1\n    if bad >= patience:\n        break\n"
        "return [epoch, losses.index(best)]",
        "best = 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best]:\n"
        "        best = epoch\n    if epoch - best >= patience:\n        break\nreturn epoch",
    ],
    # [y, dy/dw, dy/dx] for y = w * x * x
    "03.1": [
        "return [w * x * x, x * x, w * x]",
        "v3 = w * x\nd_x = v3\nd_w = x * x\nd_x = x * w\nreturn [v3 * x, d_w, d_x]",
        "return [w * x * x, 2 * w * x, x * x]",
        "return [w * x * x, x, 2 * w * x]",
        "return [x * x, 2 * w * x]",
        "return [w * x * x, x * x, 2 * x]",
        "return w * x * x, x * x, x * x + w",
        "return {'y': w * x * x, 'w': x * x, 'x': 2 * w * x}",
    ],
    # [y, dy/dw0, dy/dw1, dy/db]
    "03.2": [
        "y = 1 / (1 + math.exp(-(b + w0 * x0 + w1 * x1)))\nd = 1 - y * y\nreturn [y, d * x0, d * x1, d]",
        "y = 1 / (1 + math.exp(b + w0 * x0 + w1 * x1))\nd = y * (1 - y)\nreturn [y, d * x0, d * x1, d]",
        "y = 1 / (1 + math.exp(-(b + w0 * x0 + w1 * x1)))\nd = y * (1 - y)\nreturn [y, d * w0, d * w1, d]",
        "y = 1 / (1 + math.exp(-(w0 * x0 + w1 * x1)))\nd = y * (1 - y)\nreturn [y, d * x0, d * x1, d]",
        "y = 1 / (1 + math.exp(-(b + w0 * x0 + w1 * x1)))\nd = y * (1 - y)\nreturn [y, d * x0, d * x1, 1.0]",
        "y = 1 / (1 + math.exp(-(b + w0 * x0 + w1 * x1)))\nd = y * (1 - y)\nreturn [d * x0, d * x1, d]",
        "y = 1 / (1 + math.exp(-(b + w0 * x0 + w1 * x1)))\nreturn [y, x0, x1, 1.0]",
        "z = b + w0 * x0 + w1 * x1\nd = z * (1 - z)\nreturn [1 / (1 + math.exp(-z)), d * x0, d * x1, d]",
    ],
    # {name of an operation: how often the program has it}
    "03.3": [
        "return {op.name: 1 for op in program.tape.ops}",
        "return {op: program.tape.ops.count(op) for op in program.tape.ops}",
        "return {op.symbol: [o.symbol for o in program.tape.ops].count(op.symbol) for op in program.tape.ops}",
        "return len(program)",
        "return [op.name for op in program.tape.ops]",
        "counts = {}\nfor op in program.tape.ops:\n    counts[op.name] += 1\nreturn counts",
        "counts = {}\nfor op in program.tape.ops:\n    counts[op.name] = counts.get(op.name, 1) + 1\n"
        "return counts",
        "from collections import Counter\nreturn Counter(op.name for op in program.tape.ops).items()",
        "return {op.name: str(1) for op in program.tape.ops}",
        "return {op.name: len(args) for op, args in zip(program.tape.ops, program.tape.args)}",
        "import numpy\nreturn numpy.array([1, 2])",
    ],
    # the numbers k of the operations that depend on no parameter
    "03.4": [
        "n = len(program.tape.parameters)\n"
        "return [k for k, args in enumerate(program.tape.args) if all(a >= n for a in args)]",
        "tape = program.tape\ndepends, found = {*range(len(tape.parameters))}, []\n"
        "for k, args in enumerate(tape.args):\n    if depends.isdisjoint(args):\n"
        "        found.append(k)\n    else:\n        depends.add(k)\nreturn found",
        "tape = program.tape\ndepends, found = {*range(len(tape.parameters))}, []\n"
        "for k, args in enumerate(tape.args):\n    if depends.isdisjoint(args):\n"
        "        found.append(tape.first + k)\n    else:\n        depends.add(tape.first + k)\n"
        "return found",
        "tape = program.tape\ndepends, found = {*range(tape.first)}, []\n"
        "for k, args in enumerate(tape.args):\n    if depends.isdisjoint(args):\n"
        "        found.append(k)\n    else:\n        depends.add(tape.first + k)\nreturn found",
        "tape = program.tape\ndepends, found = {*range(len(tape.parameters))}, []\n"
        "for k, args in enumerate(tape.args):\n    if depends.isdisjoint(args):\n"
        "        found.append(tape.ops[k].name)\n    else:\n        depends.add(tape.first + k)\n"
        "return found",
        "tape = program.tape\ndepends, found = {*range(len(tape.parameters))}, []\n"
        "for k, args in enumerate(tape.args):\n    if not depends.isdisjoint(args):\n"
        "        found.append(k)\n        depends.add(tape.first + k)\nreturn found",
        "tape = program.tape\nfound = []\n"
        "for k, args in enumerate(tape.args):\n    if 0 in args or 1 in args:\n        break\n"
        "    found.append(k)\nreturn found",
        "return []",
        "return 0",
        "return {0}",
    ],
    # True if the program of f, recorded at here, gives another number than f at there
    "03.5": [
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([here]) != f(Value(here)).data",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([there]) == f(Value(there)).data",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([there]) != f(Value(there))",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([there]) != f(Value(here)).data",
        "x = Value(there)\nprogram = trace(f(x), inputs=[x])\nreturn program([here]) != f(Value(here)).data",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program(there) != f(Value(there)).data",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([there]) != f(there).data",
        "return here * there < 0",
        "x = Value(here)\nprogram = trace(f(x), inputs=[])\nreturn program([]) != f(Value(there)).data",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\n"
        "return str(program([there]) != f(Value(there)).data)",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nreturn program([there]) - f(Value(there)).data",
    ],
    # dL/dw for L = the sum of (w * x - t)**2, with the bits of backward
    "03.6": [
        "total = 0.0\nfor x, t in zip(xs, ts):\n    total += 2 * (w * x - t) * x\nreturn total",
        "return math.fsum(2 * (w * x - t) * x for x, t in zip(xs, ts))",
        "total = 0.0\nfor x, t in reversed(list(zip(xs, ts))):\n    total += (w * x - t) * x\nreturn total",
        "total = 0.0\nfor x, t in reversed(list(zip(xs, ts))):\n    total += 2 * (w * x - t)\nreturn total",
        "total = 0.0\nfor x, t in reversed(list(zip(xs, ts))):\n    total += 2 * (t - w * x) * x\nreturn total",
        "total = 0.0\nfor x, t in reversed(list(zip(xs, ts))):\n    total = 2 * (w * x - t) * x\nreturn total",
        "total = 0.0\nfor x, t in reversed(list(zip(xs, ts))):\n    total += 2 * (w * x - t) * x\n"
        "    return total",
        "for x, t in reversed(zip(xs, ts)):\n    pass",
        "import numpy\nx, t = numpy.array(xs), numpy.array(ts)\nreturn (2 * (w * x - t) * x)[::-1].sum()",
        "total = 0.0\nfor x, t in zip(reversed(xs), ts):\n    total += 2 * (w * x - t) * x\nreturn total",
    ],
    # [contribution to dL/da, contribution to dL/db], for z = a * b
    "04.1": [
        "return [dz * a, dz * b]",
        "return [b, a]",
        "return [dz + b, dz + a]",
        "return [dz, dz]",
        "return [dz * a * b, dz * a * b]",
        "return dz * b",
        "return [dz * b, -dz * a]",
        "print([dz * b, dz * a])",
        "return f'{dz * b}, {dz * a}'",
        "return [[dz * b], [dz * a]]",
    ],
    # the gradient, from a list of the local derivatives on each path
    "04.2": [
        "total = 0.0\nfor path in paths:\n    product = 1.0\n    for d in path:\n        product += d\n"
        "    total += product\nreturn total",
        "total, product = 0.0, 1.0\nfor path in paths:\n    for d in path:\n        product *= d\n"
        "    total += product\nreturn total",
        "total = 0.0\nfor path in paths:\n    product = 1.0\n    for d in path:\n        product *= d\n"
        "    total = product\nreturn total",
        "for path in paths:\n    product = 1.0\n    for d in path:\n        product *= d\n    return product",
        "total = 1.0\nfor path in paths:\n    product = 1.0\n    for d in path:\n        product *= d\n"
        "    total *= product\nreturn total",
        "total = 0.0\nfor path in paths:\n    product = 0.0\n    for d in path:\n        product *= d\n"
        "    total += product\nreturn total",
        "return sum(sum(path) for path in paths)",
        "return math.prod(sum(path) for path in paths)",
        "return sum(math.prod(path[1:]) for path in paths)",
        "return [math.prod(path) for path in paths]",
        "return sum(math.prod(path) for path in {tuple(path) for path in paths})",
        "return sum(paths)",
        "import numpy\nreturn numpy.prod(paths)",
    ],
    # the number of paths from leaf to output
    "04.3": [
        "paths = {output: 1}\nfor v in reversed(topological_order(output)):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value):\n            paths[x] = paths[v]\nreturn paths.get(leaf, 0)",
        "paths = {output: 1}\nfor v in reversed(topological_order(output)):\n    for x in set(v.inputs):\n"
        "        if isinstance(x, Value):\n            paths[x] = paths.get(x, 0) + paths[v]\n"
        "return paths.get(leaf, 0)",
        "paths = {output: 1}\nfor v in reversed(topological_order(output)):\n    for x in v.inputs:\n"
        "        paths[x] += paths[v]\nreturn paths[leaf]",
        "paths = {output: 1}\nfor v in reversed(topological_order(output)):\n    for x in v.inputs:\n"
        "        paths[x] = paths.get(x, 0) + paths[v]\nreturn paths[leaf]",
        "paths = {output: 1}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        paths[x] = paths.get(x, 0) + paths.get(v, 0)\nreturn paths.get(leaf, 0)",
        "paths = {}\nfor v in reversed(topological_order(output)):\n    for x in v.inputs:\n"
        "        paths[x] = paths.get(x, 0) + paths.get(v, 1)\nreturn paths.get(leaf, 0)",
        "paths = {output: 1}\nfor v in reversed(topological_order(output)):\n    for x in v.inputs:\n"
        "        paths[x] = paths.get(x, 0) + 1\nreturn paths.get(leaf, 0)",
        "return sum(leaf in v.inputs for v in topological_order(output))",
        "return len(topological_order(output))",
        "if output is leaf:\n    return 1\n"
        "return sum(count_paths(x, leaf) for x in output.inputs if isinstance(x, Value))",
        "if output is leaf:\n    return 1\nreturn sum(count_paths(x, leaf) for x in output.inputs)",
    ],
    # how many of the values behind output are used by more than one edge
    "04.4": [
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        uses[x] = uses.get(x, 0) + 1\nreturn sum(n > 1 for n in uses.values())",
        "uses = {}\nfor v in topological_order(output):\n    for x in set(v.inputs):\n"
        "        if isinstance(x, Value):\n            uses[x] = uses.get(x, 0) + 1\n"
        "return sum(n > 1 for n in uses.values())",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value):\n            uses[x] = uses.get(x, 0) + 1\nreturn len(uses)",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value):\n            uses[x] = uses.get(x, 0) + 1\n"
        "return sum(n for n in uses.values() if n > 1)",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value) and x.op is None:\n            uses[x] = uses.get(x, 0) + 1\n"
        "return sum(n > 1 for n in uses.values())",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value):\n            uses[x] = uses.get(x, 0) + 1\n"
        "return [v for v, n in uses.items() if n > 1]",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        uses[x] += 1\nreturn sum(n > 1 for n in uses.values())",
        "uses = {}\nfor v in topological_order(output):\n    for x in v.inputs:\n"
        "        if isinstance(x, Value):\n            uses[x.data] = uses.get(x.data, 0) + 1\n"
        "return sum(n > 1 for n in uses.values())",
        "return sum(len(v.inputs) > 1 for v in topological_order(output))",
        "x, y = output.inputs\nreturn int(x is y)",
    ],
    # True if every value in the list comes after those that it was computed from
    "04.5": [
        "return values == topological_order(values[-1])",
        "seen = set()\nfor v in values:\n    if any(x not in seen for x in v.inputs):\n"
        "        return False\n    seen.add(v)\nreturn True",
        "seen = set()\nfor v in values:\n    if any(isinstance(x, Value) and x not in values for x in v.inputs):\n"
        "        return False\n    seen.add(v)\nreturn True",
        "seen = set()\nfor v in values:\n    if any(isinstance(x, Value) and x in seen for x in v.inputs):\n"
        "        return False\n    seen.add(v)\nreturn True",
        "return all(values.index(x) < values.index(v) for v in values for x in v.inputs)",
        "return all(isinstance(x, float) or x is values[-2] for x in values[-1].inputs)",
        "ops = [v.op is not None for v in values]\nreturn ops == sorted(ops)",
        "return set(values) == set(topological_order(values[-1]))",
        "return values[-1].op is not None and values[0].op is None",
        "seen = set()\nfor v in values:\n    seen.add(v)\n"
        "    for x in v.inputs:\n        if isinstance(x, Value):\n            return x in seen\n"
        "return True",
        "seen = set()\nfor v in values:\n    seen.add(v)\n"
        "    if any(isinstance(x, Value) and x not in seen for x in v.inputs):\n        print('no')\n"
        "return True",
        "return str(values == topological_order(values[-1]))",
        "return topological_order(values[-1])",
    ],
    # w after steps in which gradients are never set to 0
    "04.6": [
        "for _ in range(steps):\n    w -= lr * slope(w)\nreturn w",
        "grad = 0.0\nfor _ in range(steps):\n    grad = slope(w)\n    w -= lr * grad\nreturn w",
        "grad = 0.0\nfor _ in range(steps):\n    grad += slope(w)\n    w += lr * grad\nreturn w",
        "grad = 0.0\nfor _ in range(steps + 1):\n    grad += slope(w)\n    w -= lr * grad\nreturn w",
        "grad = 0.0\nfor _ in range(steps):\n    w -= lr * grad\n    grad += slope(w)\nreturn w",
        "grad = 0.0\nfor _ in range(steps):\n    grad += slope(w)\nreturn w - lr * grad",
        "grad = 0.0\nfor _ in range(steps):\n    grad += slope\n    w -= lr * grad\nreturn w",
        "grad = 0.0\nfor _ in range(steps):\n    grad += slope(w)\n    w -= lr * grad\n    return w",
        "grad = 0.0\nfor _ in steps:\n    grad += slope(w)\n    w -= lr * grad\nreturn w",
        "path = []\ngrad = 0.0\nfor _ in range(steps):\n    grad += slope(w)\n    w -= lr * grad\n"
        "    path.append(w)\nreturn path",
    ],
}

RIGHT = {
    "01.1": [
        "return 6 * x * (x * x + 1) ** 2",
        "return 6 * x**5 + 12 * x**3 + 6 * x",
        "v = Value(x)\n((v * v + 1) ** 3).backward()\nreturn v.grad",
        "v = Value(x)\nreturn 6 * v * (v * v + 1) ** 2",
        "import numpy\nreturn numpy.float64(x) * 6 * numpy.square(x * x + 1)",
        "from fractions import Fraction\nx = Fraction(x)\nreturn 6 * x * (x * x + 1) ** 2",
    ],
    "01.2": [
        "z = a * b\nreturn 2 * z + 3, (2 * z + 3) * b, (2 * z + 3) * a",
        "return [2 * a * b + 3, 2 * a * b * b + 3 * b, 2 * a * a * b + 3 * a]",
        "import numpy\nreturn (2 * a * b + 3) * numpy.array([1.0, b, a])",
        "a, b = Value(a), Value(b)\nz = a * b\n(z * z + 3 * z).backward()\nreturn [z.grad, a.grad, b.grad]",
    ],
    "01.3": [
        "e = weights[0] * x[0] + weights[1] * x[1] + bias - target\n"
        "return [2 * e * x[0], 2 * e * x[1], 2 * e]",
        "e = target - dot(weights, x, bias)\nreturn tuple(-2 * e * v for v in [*x, 1.0])",
        "import numpy\ne = target - numpy.dot(weights, x) - bias\nreturn -2 * e * numpy.array([*x, 1])",
        "e = target - sum(w * v for w, v in zip(weights, x)) - bias\nx.append(1)\n"
        "return [-2 * e * v for v in x]",
    ],
    "01.4": [
        "return [dot(weights, x, bias) for x in rows]",
        "return [weights[0] * x[0] + weights[1] * x[1] + bias for x in rows]",
        "return tuple(sum(w * v for w, v in zip(weights, x)) + bias for x in rows)",
        "return list(map(lambda x: bias + dot(x, weights), rows))",
        "import numpy\nreturn numpy.array(rows) @ numpy.array(weights) + bias",
        "out = []\nwhile rows:\n    out.append(dot(weights, rows.pop(0), bias))\nreturn out",
    ],
    "01.5": [
        "return [(t10 + t11 - t00 - t01) / 2, (t01 + t11 - t00 - t10) / 2, (3 * t00 + t01 + t10 - t11) / 4]",
        "w0, w1 = (t10 + t11 - t00 - t01) / 2, (t01 + t11 - t00 - t10) / 2\n"
        "return w0, w1, (t00 + t01 + t10 + t11) / 4 - w0 / 2 - w1 / 2",
        "import numpy\nrows = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]\n"
        "return numpy.linalg.lstsq(numpy.array(rows), numpy.array([t00, t01, t10, t11]), rcond=None)[0]",
        "w0, w1 = Value((t10 + t11 - t00 - t01) / 2), Value((t01 + t11 - t00 - t10) / 2)\n"
        "return [w0, w1, (t00 + t01 + t10 + t11) / 4 - w0 / 2 - w1 / 2]",
    ],
    "01.6": [
        "b = model([0.0, 0.0])\nreturn [model([1.0, 0.0]) - b, model([0.0, 1.0]) - b, b]",
        "b = float(model([0.0, 0.0]))\nreturn float(model([1.0, 0.0])) - b, float(model([0.0, 1.0])) - b, b",
        "last = model.layers[1].neurons[0]\nfirst = model.layers[0].neurons\n"
        "w = [sum(v.data * n.weights[i].data for v, n in zip(last.weights, first)) for i in (0, 1)]\n"
        "return [*w, sum(v.data * n.bias.data for v, n in zip(last.weights, first)) + last.bias.data]",
        "x0, x1 = Value(0.0), Value(0.0)\ny = model([x0, x1])\ny.backward()\nreturn [x0.grad, x1.grad, y.data]",
    ],
    "01.7": [
        "return Op('bump', 'bump', lambda x: math.exp(-x * x), lambda z, x: -2 * x * z)",
        "return Op('b', '^', lambda x: math.exp(-(x**2)), lambda z, x: -2 * x * math.exp(-(x**2)))",
        "from engine import exp\nreturn Op('bump', 'b', lambda x: exp(-x * x), lambda z, x: z * (-x - x))",
        "def f(x):\n    return math.e ** (-x * x)\ndef df(z, x):\n    return -2.0 * z * x\n"
        "return Op('bump', 'bump', f, df)",
    ],
    "01.8": [
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "one, both = model.layers[0].neurons\n"
        "one.load_state_dict({'weights': [10, 10], 'bias': -5})\n"
        "both.load_state_dict({'weights': [10, 10], 'bias': -15})\n"
        "model.layers[1].neurons[0].load_state_dict({'weights': [0.5, -0.5], 'bias': 0})\n"
        "return model",
        "model = MLP(2, [2, 1], activation='tanh')\n"
        "for p, number in zip(model.parameters(), [10, 10, -15, 10, 10, -5, -0.5, 0.5, 0]):\n"
        "    p.data = number\nreturn model",
        "for seed in range(20):\n    model = MLP(2, [2, 1], activation='tanh', rng=random.Random(seed))\n"
        "    for step in range(400):\n        loss = mse_loss([model(x) for x in inputs], targets)\n"
        "        model.zero_grad()\n        loss.backward()\n        for p in model.parameters():\n"
        "            p.data -= 0.3 * p.grad\n    if loss.data < 0.005:\n        return model",
    ],
    "02.1": [
        "return 1 - c * lr, 2 / c",
        "return [1 - lr * c, 2.0 * c**-1]",
        "import numpy\nreturn numpy.array([1 - c * lr, 2 / c])",
        "return [Value(1.0) - c * lr, 2 / Value(c)]",
    ],
    "02.2": [
        "n = len(xs)\ndw = db = 0.0\nfor x, y in zip(xs, ys):\n    e = w * x + b - y\n"
        "    dw += 2 * e * x / n\n    db += 2 * e / n\nreturn [dw, db]",
        "import numpy\nx, y = numpy.array(xs), numpy.array(ys)\ne = w * x + b - y\n"
        "return 2 * (e * x).mean(), 2 * e.mean()",
        "w, b = Value(w), Value(b)\nmse_loss([w * x + b for x in xs], ys).backward()\nreturn [w.grad, b.grad]",
        "dw = db = 0.0\nn = len(xs)\nwhile xs:\n    x, e = xs[-1], w * xs.pop() + b - ys.pop()\n"
        "    dw, db = dw + 2 * e * x, db + 2 * e\nreturn [dw / n, db / n]",
    ],
    "02.3": [
        "v = alpha * v + (1 - alpha) * g**2\nreturn p - lr * g / (v**0.5 + 1e-8), v",
        "v += (1 - alpha) * (g * g - v)\np -= lr * g / (math.sqrt(v) + 1e-8)\nreturn [p, v]",
        "import numpy\nv = alpha * v + (1 - alpha) * g * g\n"
        "return numpy.array([p - lr * g / (numpy.sqrt(v) + 1e-8), v])",
    ],
    "02.4": [
        "return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2",
        "return (start + end) / 2 + (start - end) / 2 * math.cos(math.pi * epoch / epochs)",
        "return end + (start - end) * math.cos(math.pi * epoch / epochs / 2) ** 2",
        "import numpy\nreturn end + 0.5 * (start - end) * (1 + numpy.cos(numpy.pi * epoch / epochs))",
    ],
    "02.5": [
        "largest = max(logits)\ne = [math.exp(x - largest) for x in logits]\n"
        "p = [x / sum(e) for x in e]\np[target] -= 1\nreturn p",
        "total = sum(math.exp(x) for x in logits)\n"
        "return [math.exp(x) / total - (1 if k == target else 0) for k, x in enumerate(logits)]",
        "import numpy\np = numpy.exp(logits) / numpy.exp(logits).sum()\np[target] -= 1\nreturn p",
        "xs = [Value(x) for x in logits]\n(logsumexp(*xs) - xs[target]).backward()\nreturn [x.grad for x in xs]",
    ],
    "02.6": [
        "best, bad = 0, 0\nfor epoch, loss in enumerate(losses):\n    if loss < losses[best] or epoch == 0:\n"
        "        best, bad = epoch, 0\n    else:\n        bad += 1\n    if bad == patience:\n        break\n"
        "return epoch, best",
        "for epoch in range(len(losses)):\n    so_far = losses[: epoch + 1]\n"
        "    best = so_far.index(min(so_far))\n    if epoch - best >= patience:\n"
        "        return [epoch, best]\nreturn [len(losses) - 1, best]",
        "import numpy\nfor epoch in range(len(losses)):\n    best = numpy.argmin(losses[: epoch + 1])\n"
        "    if epoch - best >= patience:\n        break\nreturn numpy.array([epoch, best])",
    ],
    "03.1": [
        "return [w * x * x, x * x, 2 * w * x]",
        "return w * x**2, x**2, w * x + w * x",
        "import numpy\nreturn numpy.array([w * x * x, x * x, 2 * w * x])",
        "x, w = Value(x), Value(w)\ny = w * x * x\ny.backward()\nreturn [y.data, w.grad, x.grad]",
    ],
    "03.2": [
        "z = b + w0 * x0 + w1 * x1\ny = 1 / (1 + math.exp(-z))\nd = math.exp(-z) * y * y\n"
        "return y, d * x0, d * x1, d",
        "y = 0.5 + 0.5 * math.tanh((w0 * x0 + w1 * x1 + b) / 2)\nd = y - y * y\nreturn [y, d * x0, d * x1, d]",
        "import numpy\ny = 1 / (1 + numpy.exp(-(b + w0 * x0 + w1 * x1)))\n"
        "return numpy.array([y, *(y * (1 - y) * numpy.array([x0, x1, 1]))])",
    ],
    "03.3": [
        "from collections import Counter\nreturn Counter(op.name for op in program.tape.ops)",
        "from collections import defaultdict\ncounts = defaultdict(int)\nfor op in program.tape.ops:\n"
        "    counts[op.name] += 1\nreturn counts",
        "names = [op.name for op in program.tape.ops]\nreturn {name: names.count(name) for name in sorted(names)}",
    ],
    "03.4": [
        "tape = program.tape\nfree, found = {*range(len(tape.parameters), tape.first)}, []\n"
        "for k, args in enumerate(tape.args):\n    if free.issuperset(args):\n"
        "        found.append(k)\n        free.add(tape.first + k)\nreturn found",
        "tape = program.tape\ndef depends(slot):\n    if slot < tape.first:\n"
        "        return slot < len(tape.parameters)\n"
        "    return any(depends(a) for a in tape.args[slot - tape.first])\n"
        "return tuple(k for k in range(len(tape.ops)) if not depends(tape.first + k))",
        "import numpy\ntape = program.tape\nd = [i < len(tape.parameters) for i in range(tape.first)]\n"
        "for args in tape.args:\n    d.append(any(d[a] for a in args))\n"
        "return numpy.flatnonzero(~numpy.array(d[tape.first :]))",
    ],
    "03.5": [
        "x = Value(here)\nreturn trace(f(x), [x])([there]) != f(Value(there)).data",
        "x = Value(here)\nreturn bool(abs(trace(f(x), [x])([there]) - float(f(Value(there)))) > 1e-12)",
        "import numpy\nx = Value(here)\n"
        "return numpy.abs(numpy.float64(trace(f(x), [x])([there])) - f(Value(there)).data) > 0",
        "x = Value(here)\nprogram = trace(f(x), inputs=[x])\nif program([there]) == f(Value(there)).data:\n"
        "    return False\nreturn True",
    ],
    "03.6": [
        "total = 0.0\nfor i in range(len(xs) - 1, -1, -1):\n    total += 2 * (w * xs[i] - ts[i]) * xs[i]\nreturn total",
        "total = 0.0\nfor x, t in zip(reversed(xs), reversed(ts)):\n    e = w * x - t\n    total += (e + e) * x\n"
        "return total",
        "total = 0.0\nwhile xs:\n    x, t = xs.pop(), ts.pop()\n    total = total + 2 * (w * x - t) * x\nreturn total",
        "import numpy\ntotal = numpy.float64(0)\nfor x, t in zip(xs[::-1], ts[::-1]):\n"
        "    total += 2 * (w * x - t) * x\nreturn total",
    ],
    "04.1": [
        "return b * dz, a * dz",
        "da = dz * b\ndb = dz * a\nreturn [da, db]",
        "import numpy\nreturn dz * numpy.array([b, a])",
        "return [Value(dz) * b, Value(dz) * a]",
    ],
    "04.2": [
        "return sum(math.prod(path) for path in paths)",
        "from functools import reduce\nreturn sum(reduce(lambda p, d: p * d, path, 1.0) for path in paths)",
        "import numpy\nreturn sum(numpy.prod(path) for path in paths)",
        "total = 0\nwhile paths:\n    path, product = paths.pop(), 1\n    while path:\n"
        "        product *= path.pop()\n    total += product\nreturn total",
    ],
    "04.3": [
        "paths = {v: 0 for v in topological_order(output)}\npaths[output] = 1\n"
        "for v in reversed(list(paths)):\n    for x in v.inputs:\n        if x in paths:\n"
        "            paths[x] += paths[v]\nreturn paths.get(leaf, 0)",
        "paths = {leaf: 1}\nfor v in topological_order(output):\n    if v is not leaf:\n"
        "        paths[v] = sum(paths.get(x, 0) for x in v.inputs)\nreturn paths[output]",
        "from collections import Counter\npaths = Counter({output: 1})\n"
        "for v in topological_order(output)[::-1]:\n    for x in v.inputs:\n        paths[x] += paths[v]\n"
        "return paths[leaf]",
        "paths = {}\ndef count(v):\n    if v is leaf:\n        return 1\n    if v not in paths:\n"
        "        paths[v] = sum(count(x) for x in v.inputs if isinstance(x, Value))\n    return paths[v]\n"
        "return count(output)",
    ],
    "04.4": [
        "edges = [x for v in topological_order(output) for x in v.inputs if isinstance(x, Value)]\n"
        "return len({x for x in edges if edges.count(x) > 1})",
        "from collections import Counter\nuses = Counter(x for v in topological_order(output) for x in v.inputs)\n"
        "return sum(n > 1 for v, n in uses.items() if isinstance(v, Value))",
        "order = topological_order(output)\nuses = dict.fromkeys(order, 0)\nfor v in order:\n"
        "    for x in v.inputs:\n        if x in uses:\n            uses[x] += 1\n"
        "return len([v for v in uses if uses[v] >= 2])",
    ],
    "04.5": [
        "place = {v: i for i, v in enumerate(values)}\n"
        "return all(place[x] < place[v] for v in values for x in v.inputs if isinstance(x, Value))",
        "seen = []\nfor v in values:\n    for x in v.inputs:\n"
        "        if not isinstance(x, float) and x not in seen:\n            return False\n"
        "    seen.append(v)\nreturn True",
        "return not any(x in values[i:] for i, v in enumerate(values) for x in v.inputs)",
        "import numpy\nreturn numpy.all([x not in values[i:] for i, v in enumerate(values) for x in v.inputs])",
        "while values:\n    v = values.pop()\n"
        "    if not {x for x in v.inputs if isinstance(x, Value)} <= {*values}:\n        return False\n"
        "return True",
    ],
    "04.6": [
        "grad = 0.0\nfor _ in range(steps):\n    grad = grad + slope(w)\n    w = w - lr * grad\nreturn w",
        "slopes = []\nfor _ in range(steps):\n    slopes.append(slope(w))\n    w -= lr * sum(slopes)\nreturn w",
        "v = Value(w)\nfor _ in range(steps):\n    v.grad += slope(v.data)\n    v.data -= lr * v.grad\nreturn v",
        "import numpy\nw, grad = numpy.float64(w), numpy.float64(0)\nfor _ in range(steps):\n"
        "    grad += slope(w)\n    w -= lr * grad\nreturn w",
    ],
}

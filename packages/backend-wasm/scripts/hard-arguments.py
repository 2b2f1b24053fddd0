"""Arguments at which scalar functions are hard to compute, with their values to 32 digits, for test/wasm-accuracy.test.ts:
`pip install mpmath`, then `python3 packages/backend-wasm/scripts/hard-arguments.py > test/support/generated/hard-arguments.json`.
A line of the result is [argument, ..., high, low, exponent], for the value (high + low)·2^exponent."""
import json
import math
import random

import mpmath as mp

mp.mp.dps = 400  # as many digits as π needs beside the largest float64
draw = random.Random(1)


def near(*points):
    """Points and the float64 around them, of both signs."""
    around = [point for x in points for point in (x, math.nextafter(x, 0), math.nextafter(x, math.inf))]
    return around + [-x for x in around]


def spread(low, high, count=24):
    """Both signs of numbers of all sizes."""
    return [draw.choice([-1, 1]) * math.exp(draw.uniform(math.log(low), math.log(high))) for _ in range(count)]


def functions():
    """Each function with its arguments, which are numbers or pairs."""
    turns = [float(k * mp.pi / 4) for k in (1, 2, 3, 4, 5, 6, 8, 22, 44, 355, 710, 52174, 104348, 1018590)]
    angles = near(*turns) + near(8e5, 1e7, 1e22, 2.0**60, 2.0**1000, 6381956970095103 * 2.0**797) + spread(1e-8, 8e5, 40)
    unit = near(0.5, math.sqrt(0.5), 1 - 2.0**-53, 1 - 2.0**-40, 0.25, 2.0**-7, 2.0**-27) + spread(1e-8, 1, 30)
    small = near(0.5, 0.625, 0.75, 1.0, 2.0**-7, 2.0**-27, 2.0**-54, 1e-300) + spread(1e-6, 20, 30)
    above = lambda x, least: [v for v in x if v > least]
    return {
        'exp': (mp.exp, near(math.log(2) / 2, 709.782712893384, 708.4, 745.1, 1.0) + spread(1e-17, 700)),
        'expm1': (mp.expm1, [x for x in near(math.log(2) / 2, 2.0**-54, 709.7, 37.0, 0.3855) if x < 709.78] + spread(1e-17, 40)),
        'log': (mp.log, [abs(x) for x in near(math.sqrt(0.5), math.sqrt(2), 1 + 2.0**-52, 1 - 2.0**-53, 0.999, 1e-310, 5e-324, 1.7e308) + spread(1e-300, 1e300)]),
        'log1p': (mp.log1p, above(near(0.4142, 0.2929, 2.0**-53, 2.0**-30, 0.999999, 1 - 2.0**-53) + spread(1e-17, 1e30), -1)),
        'sin': (mp.sin, angles),
        'cos': (mp.cos, angles),
        'tan': (mp.tan, angles),
        'asin': (mp.asin, unit),
        'acos': (mp.acos, unit),
        'atan': (mp.atan, near(math.sqrt(2) - 1, math.sqrt(2) + 1, 1.0, 2.0**-27, 2.0**60, 1e300) + spread(1e-8, 1e8)),
        'sinh': (mp.sinh, small + near(710.4758600739439, 100.0)),
        'cosh': (mp.cosh, small + near(710.4758600739439, 100.0)),
        'tanh': (mp.tanh, small + near(0.21, 19.0)),
        'asinh': (mp.asinh, small + near(2.0**60, 1e300, 2.0**28)),
        'acosh': (mp.acosh, [abs(x) for x in near(1 + 2.0**-52, 1 + 2.0**-40, 1.0077, 1.5, 2.0, 2.0**60, 1e300) + spread(1.001, 1e9) if abs(x) > 1]),
        'atanh': (mp.atanh, unit),
        'erf': (mp.erf, small + near(5.9, 3.9)),
        'erfc': (mp.erfc, near(0.5, 0.75, 1.0, 1.754, 3.58, 5.8) + [x for x in near(10.0, 26.5, 27.2, 7.5089) if x > 0] + spread(1e-8, 27)),
        'sigmoid': (lambda x: 1 / (1 + mp.exp(-x)), small + near(36.0, 708.4, 744.0)),
        'softplus': (lambda x: mp.log1p(mp.exp(x)), small + near(36.0, 0.8814) + [-708.4, -744.0]),
        'pow': (mp.power, powers()),
        'atan2': (lambda y, x: mp.atan2(y, x), pairs()),
    }


def powers():
    """Near 1 with large exponents, near the ends of the range, and in between; negative bases with whole exponents."""
    found = [(1 + 2.0**-52, 2.0**58), (1 - 2.0**-53, 2.0**60), (2.0, 1023.999), (2.0, -1073.5), (10.0, -320.0), (10.0, 308.0)]
    found += [(-1.5, 3.0), (-2.5, -7.0), (-0.999999, 100001.0), (-3.0, 400.0), (5e-324, 0.5), (5e-324, -0.75), (1.7e308, 0.5)]
    for _ in range(60):
        base = math.exp(draw.uniform(-3, 3) * 10 ** draw.uniform(-6, 2))
        found.append((base, draw.uniform(-1000, 1000) / math.log2(base) if base != 1 else 2.0))
    return [(a, b) for a, b in found if abs(b * mp.log(abs(a), 2)) < 1023.9999 or b * mp.log(abs(a), 2) < 0]


def pairs():
    sizes = spread(1e-3, 1e3, 30)
    found = [(y, x) for y in sizes[:10] for x in sizes[10:15]]
    for x in near(1.0, 1e-200, 3.0):
        found += [(x, 1.0), (1.0, x), (x * 0.41421356, x), (x * 2.4142135, -x), (x, -abs(x))]
    return found + [(1e-310, 1e-305), (1e308, 1.5e308), (1e308, -1.7e308), (5e-324, 1e-323)]


def line(f, arguments):
    value = f(*map(mp.mpf, arguments))
    if not mp.isnormal(value) or abs(value) > mp.mpf(2) ** 1024 * (1 - mp.mpf(2) ** -54):
        return None  # 0 or infinite
    exponent = int(mp.floor(mp.log(abs(value), 2)))
    scaled = value * mp.mpf(2) ** -exponent
    return [*arguments, float(scaled), float(scaled - float(scaled)), exponent]


table = {}
for name, (f, arguments) in functions().items():
    listed = [a if isinstance(a, tuple) else (a,) for a in arguments]
    table[name] = [known for known in (line(f, a) for a in dict.fromkeys(listed)) if known]
rows = lambda lines: ',\n'.join(json.dumps(each, separators=(',', ':')) for each in lines)
print('{\n' + ',\n'.join(f'"{name}":[\n{rows(lines)}]' for name, lines in table.items()) + '\n}')

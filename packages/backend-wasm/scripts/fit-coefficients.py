"""Fits the polynomials of src/emit/coefficients.ts that are not from a Remez exchange: near-best ones, from interpolation
at Chebyshev points. `pip install mpmath`, then `python3 packages/backend-wasm/scripts/fit-coefficients.py` prints each
with the logarithm of its largest error, relative to the function that it serves."""
import mpmath as mp

mp.mp.dps = 60
half_log2 = mp.mpf('0.34662')  # a little more than log(2)/2
eighth = mp.tan(mp.pi / 8) ** 2
quarter = (mp.pi / 4 * (1 + mp.mpf('1e-6'))) ** 2
largest_s = mp.mpf('0.02945')  # of s² = (f/(2 + f))² where √½ ≤ 1 + f < √2
tiny = mp.mpf('1e-20')


def in_square(f, terms):
    """(f(x) less its first terms)/(x to their next power) as a function of z = x²."""
    def g(z):
        x = mp.sqrt(max(mp.mpf(z), tiny))
        return terms(f, x)
    return g


odd = lambda f: in_square(f, lambda f, x: (f(x) - x) / x**3)
relative_odd = lambda f: lambda z: z * mp.sqrt(z) / f(mp.sqrt(z))


def scaled_erfc(k, factor):
    """factor(a)·e^{a²}·erfc a as a function of t = (a - k)/(a + k)."""
    def g(t):
        a = k * (1 + t) / (1 - t)
        return factor(a) * mp.exp(a * a) * mp.erfc(a)
    return g


place = lambda a, k: (mp.mpf(a) - k) / (mp.mpf(a) + k)
fits = [
    # name, function, interval, coefficients, weight of an error
    ('f64 sinh', odd(mp.sinh), 0, 1, 7, relative_odd(mp.sinh)),
    ('f64 asin', odd(mp.asin), 0, mp.mpf(1) / 4, 13, relative_odd(mp.asin)),
    ('f64 atan', odd(mp.atan), 0, eighth, 11, relative_odd(mp.atan)),
    ('f64 erfc', scaled_erfc(2, lambda a: a), place('0.75', 2), place('27.5', 2), 22, lambda t: 2),
    ('f64 longLog', in_square(mp.atanh, lambda f, s: 3 * (f(s) / s - 1 - s * s / 3) / s**4), 0, largest_s, 8, lambda z: z * z),
    ('short exp', lambda r: (mp.expm1(r) - r) / r**2 if abs(r) > mp.mpf('1e-15') else mp.mpf(1) / 2, -half_log2, half_log2, 6, lambda r: r * r),
    ('short log', in_square(mp.atanh, lambda f, s: 2 * (f(s) / s - 1) / s**2), 0, largest_s, 4, lambda z: z / 2),
    ('short sin', odd(mp.sin), 0, quarter, 4, relative_odd(mp.sin)),
    ('short cos', in_square(mp.cos, lambda f, x: (f(x) - 1 + x * x / 2) / x**4), 0, quarter, 3, lambda z: z * z),
    ('short atan', odd(mp.atan), 0, eighth, 6, relative_odd(mp.atan)),
    ('short erfc', scaled_erfc(mp.mpf('3.75'), lambda a: 1 + 2 * a), place(0, mp.mpf('3.75')), place('10.3', mp.mpf('3.75')), 12, lambda t: 1),
]

for name, g, low, high, count, weight in fits:
    low, high = mp.mpf(low), mp.mpf(high)
    coefficients = [float(c) for c in mp.chebyfit(g, [low, high], count)[::-1]]
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / 400) for i in range(400)]
    worst = max(abs((mp.polyval([mp.mpf(c) for c in coefficients[::-1]], z) - g(z)) * weight(z)) for z in points)
    print(f'{name}, 2^{mp.nstr(mp.log(worst, 2), 4)}: {coefficients}')

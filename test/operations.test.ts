/**
 * Every operation keeps what its definition promises. The tests are generated from the definitions: an operation or
 * a scalar function that is added to them is tested without a line here.
 */
import * as core from '@sensigrad/core'
import {
  type DType,
  expressions,
  grad,
  jvp,
  type ScalarFunction,
  specifications,
  type Tensor,
  vjp,
} from '@sensigrad/core'
import { gradcheck, promises, scalarReference } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { draw, f64, gap, numbers, read } from './support/backend.ts'
import { type Complex, complexStep } from './support/complex.ts'
import { evaluateComplex, isAnalytic } from './support/complex-expression.ts'

const { input, scalarRules } = expressions

const scalarNames = Object.keys(scalarRules) as ScalarFunction[]
const isDifferentiable = (name: ScalarFunction) =>
  Boolean(scalarRules[name].partials ?? scalarRules[name].slope)

/** The public function of each scalar function: `core.tanh`, `core.where`, … */
const publicFunctions: Readonly<Record<ScalarFunction, (...args: never[]) => Tensor>> = core
const call = (name: ScalarFunction, args: readonly Tensor[]) =>
  (publicFunctions[name] as (...args: readonly Tensor[]) => Tensor)(...args)

/** Arguments for a scalar function from its domain. */
function argumentsFor(name: ScalarFunction, dtype: DType = 'float64', shape = [3, 4]): Tensor[] {
  const { takes, arity, domain } = scalarRules[name]
  return Array.from({ length: arity }, (_, i) => {
    const isBoolean = takes === 'booleans' || (takes === 'choice' && i === 0)
    return draw(i, shape, domain, isBoolean ? 'bool' : dtype)
  })
}

/** f with its bool arguments held fixed, and the others. */
function overNumbers(
  args: readonly Tensor[],
  f: (args: readonly Tensor[]) => Tensor,
): [of: (...numbers: Tensor[]) => Tensor, numbers: Tensor[]] {
  return [
    (...given) => {
      let next = 0
      return f(args.map(arg => (arg.dtype === 'bool' ? arg : given[next++]!)))
    },
    args.filter(arg => arg.dtype !== 'bool'),
  ]
}

describe.each(scalarNames)('the scalar function %s', name => {
  const rule = scalarRules[name]
  const accepted: DType[] =
    rule.takes === 'booleans'
      ? ['bool']
      : rule.takes === 'floats'
        ? ['float64', 'float32']
        : ['float64', 'float32', 'int32']

  test.each(accepted)('has the values of its definition in %s', dtype => {
    const args = argumentsFor(name, dtype)
    const values = args.map(read)
    const expected = Array.from(values[0]!, (_, i) =>
      Number(scalarReference[name](values[0]![i]!, values[1]?.[i] ?? 0, values[2]?.[i] ?? 0)),
    )
    const precision = dtype === 'float32' ? 2 ** -23 : 2 ** -52
    expect(gap(read(call(name, args)), expected)).toBeLessThanOrEqual(4 * precision)
  })

  test('keeps the shape and gives the type that its rule says', () => {
    for (const dtype of accepted) {
      for (const shape of [[], [0], [2, 1, 3]]) {
        const result = call(name, argumentsFor(name, dtype, shape))
        expect(String(result)).toBe(`${rule.gives === 'boolean' ? 'bool' : dtype}[${shape.join(', ')}]`)
      }
    }
  })

  const refused = (['float32', 'int32', 'bool'] as const).filter(dtype => !accepted.includes(dtype))
  test.each(refused)('refuses %s by its own name', dtype => {
    const args = argumentsFor(name).map((_, i) => draw(i, [2], [1, 2], dtype))
    expect(() => call(name, args)).toThrow(core.DTypeError)
    expect(() => call(name, args)).toThrow(`${name}: `)
  })

  if (rule.gives === 'number') {
    const [f, args] = overNumbers(argumentsFor(name), all => call(name, all))

    test('has right derivatives of order 1 and 2 in both modes', () => {
      gradcheck(f, args)
    })

    if (args.length > 1) {
      test('has right derivatives by each argument alone', () => {
        args.forEach((x, i) => {
          gradcheck(x => f(...args.map((other, k) => (k === i ? x! : other))), [x])
        })
      })
    }

    test('has right derivatives as a factor of its own arguments', () => {
      gradcheck((...xs) => xs.reduce((product, x) => product.mul(x), f(...xs)), args)
    })
  }

  if (!isDifferentiable(name) && rule.takes === 'numbers') {
    test('is flat: a constant to gradients', () => {
      const slopes = grad((xs: Tensor[]) => call(name, xs).cast('float64').sum())(argumentsFor(name))
      expect(numbers(...slopes).every(slope => slope === 0)).toBe(true)
    })
  }

  if (isAnalytic(name)) {
    const expression = expressions.call(name, ...argumentsFor(name).map((_, i) => input(i)))
    const args = argumentsFor(name)
    const at = (element: number) => args.map(arg => read(arg)[element]!)
    const elements = Array.from({ length: 12 }, (_, i) => i)

    test('has the slopes of the complex step to the last digits', () => {
      const stepped = elements.map(i => complexStep(z => evaluateComplex(expression, z), at(i)))
      const [, pull] = vjp((...xs: Tensor[]) => call(name, xs), ...args)
      const slopes = pull(core.ones([3, 4], { dtype: 'float64' }))
      slopes.forEach((slope, k) => {
        expect(
          gap(
            read(slope),
            stepped.map(all => all[k]!),
          ),
        ).toBeLessThan(1e-14)
      })
    })

    test('has the curvatures of the complex step to the last digits', () => {
      args.forEach((_, k) => {
        const slope = expressions.differentiate(expression, k)
        const along = (z: readonly Complex[]) => evaluateComplex(slope, z, evaluateComplex(expression, z))
        const stepped = elements.map(i => complexStep(along, at(i)))
        const gradients = grad((xs: Tensor[]) => grad((xs: Tensor[]) => call(name, xs).sum())(xs)[k]!.sum())(
          args,
        )
        gradients.forEach((gradient, j) => {
          expect(
            gap(
              read(gradient),
              stepped.map(all => all[j]!),
            ),
          ).toBeLessThan(1e-13)
        })
      })
    })
  }
})

/** Functions whose samples are not in their specification, and why. */
const samplesElsewhere: Record<string, string> = {
  map: 'its samples are the scalar functions, above, and random expressions in laws.test.ts',
}
/** Functions that refuse nothing, and why. */
const withoutErrors: Record<string, string> = {
  alias: 'only transforms call it, with tensors that they have checked',
}

test('every specification has samples and error cases', () => {
  expect(specifications.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual(
    Object.keys(samplesElsewhere),
  )
  expect(specifications.filter(({ errors }) => errors.length === 0).map(({ name }) => name)).toEqual(
    Object.keys(withoutErrors),
  )
})

test('no two specifications share a name', () => {
  const names = specifications.map(({ name }) => name)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

for (const specification of specifications) {
  describe(specification.name, () => {
    for (const { name, holds } of promises(specification)) test(name, holds)
  })
}

test.each(['sum', 'mean', 'max', 'min', 'norm', 'logSumExp'] as const)(
  '%s keeps its axes as axes of one element when told to, with the same values',
  name => {
    const x = draw(8, [2, 3, 2])
    const axesOf = [undefined, 0, [0, 2], -1, []]
    for (const axes of axesOf) {
      const [dropped, kept] = [x[name](axes), x[name](axes, { keepDims: true })]
      const reduced = axes === undefined ? [0, 1, 2] : [axes].flat().map(axis => (axis + 3) % 3)
      expect(kept.shape).toEqual([2, 3, 2].map((length, axis) => (reduced.includes(axis) ? 1 : length)))
      expect(numbers(kept)).toEqual(numbers(dropped))
    }
  },
)

test('stack lays tensors along a new axis wherever that is', () => {
  const [a, b] = [f64([1, 2]), f64([3, 4])]
  expect(numbers(core.stack([a, b]), core.stack([a, b], -1))).toEqual([1, 2, 3, 4, 1, 3, 2, 4])
})

test('squeeze refuses an axis that is longer', () => {
  expect(() => f64([[1, 2]]).squeeze(1)).toThrow(
    'squeeze: axis 1 of [1, 2] has the size 2. Only axes of size 1 can go',
  )
})

describe('conventions where there is no derivative', () => {
  const slopesOf = (f: (...xs: Tensor[]) => Tensor, ...xs: number[]) => {
    const inputs = xs.map(x => f64(x))
    const reverse = numbers(...vjp(f, ...inputs)[1](f64(1)))
    const forward = inputs.flatMap((_, i) =>
      numbers(
        jvp(
          f,
          inputs,
          inputs.map((_, k) => f64(Number(k === i))),
        )[1],
      ),
    )
    expect(forward).toEqual(reverse)
    return reverse
  }

  test('abs has slope 0 at 0', () => {
    expect(slopesOf(core.abs, 0)).toEqual([0])
  })
  test('relu has slope 0 at 0', () => {
    expect(slopesOf(core.relu, 0)).toEqual([0])
  })
  test('maximum and minimum share the slope evenly at a tie', () => {
    expect(slopesOf(core.maximum, 2, 2)).toEqual([0.5, 0.5])
    expect(slopesOf(core.minimum, 2, 2)).toEqual([0.5, 0.5])
  })
  test('0 and -0 tie', () => {
    expect(slopesOf(core.maximum, 0, -0)).toEqual([0.5, 0.5])
  })
  test('the elements that tie for an extremum share the slope evenly', () => {
    const x = f64([3, 1, 3, 3, 1])
    expect(numbers(grad((x: Tensor) => x.max())(x))).toEqual([1 / 3, 0, 1 / 3, 1 / 3, 0])
    expect(numbers(grad((x: Tensor) => x.min())(x))).toEqual([0, 1 / 2, 0, 0, 1 / 2])
  })
  test('x⁰ has slope 0 and curvature 0 at 0', () => {
    expect(slopesOf(x => core.pow(x!, 0), 0)).toEqual([0])
    expect(slopesOf(x => grad((x: Tensor) => x.pow(0).sum())(x!), 0)).toEqual([0])
  })
  test('x¹ and x² have their polynomial derivatives at 0', () => {
    expect(slopesOf(x => core.pow(x!, 1), 0)).toEqual([1])
    expect(slopesOf(x => grad((x: Tensor) => x.pow(2).sum())(x!), 0)).toEqual([2])
  })
  test('a⁰ has slope 0 in a, which grows with b: ∂²aᵇ/∂a∂b = 1/a at b = 0', () => {
    const slope = (b: Tensor) => grad((a: Tensor) => core.pow(a, b))(f64(2))
    expect(numbers(slope(f64(0)))).toEqual([0])
    expect(slopesOf(b => slope(b!), 0)).toEqual([1 / 2])
  })
  test('0ᵇ does not move with b, to any order', () => {
    expect(slopesOf((a, b) => core.pow(a!, b!), 0, 2)).toEqual([0, 0])
    expect(slopesOf(b => grad((b: Tensor) => core.pow(f64(0), b))(b!), 2)).toEqual([0])
  })
  test('whole powers of negative numbers have slopes', () => {
    expect(slopesOf(x => x!.pow(3), -2)).toEqual([12])
  })
  test('the branch of a fused choice that is not taken cannot spoil the gradient', () => {
    const safeLog = core.elementwise('safeLog', (e, x: core.Expression) => e.where(e.less(0, x), e.log(x), 0))
    expect(slopesOf(x => safeLog(x!), 0)).toEqual([0])
  })
  test('the norm of zeros has slope 0', () => {
    expect(numbers(grad((x: Tensor) => x.norm())(f64([0, 0])))).toEqual([0, 0])
  })
  test('sqrt has an infinite slope at 0', () => {
    expect(slopesOf(core.sqrt, 0)).toEqual([Number.POSITIVE_INFINITY])
  })
})

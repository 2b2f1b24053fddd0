/**
 * What makes something a backend. Each claim draws random views (strided, flipped, repeated, with an offset, empty)
 * and compares a kernel with nested loops over indices, written here and nowhere else. A third party can run it:
 *
 *     for (const { name, holds } of conformance) test(name, () => holds(myBackend))
 */
import {
  type Backend,
  type DType,
  type Expression,
  epsilon,
  expressions,
  isFloat,
  type Kernels,
  type Reduction,
  type ScalarFunction,
  type Storage,
  sizeOf,
  type View,
} from '@sensigrad/core'
import fc from 'fast-check'
import { elements, type HostView, put, shapes, tameNumbers, views } from './support/arbitraries.ts'
import { indicesOf } from './support/layouts.ts'
import { scalarReference } from './support/reference.ts'

const { e, input, scalarRules } = expressions

/** A promise that every backend keeps. */
export interface Claim {
  readonly kernel: keyof Kernels | 'read'
  readonly name: string
  /** Resolves when the backend keeps it, and rejects with the smallest counterexample when not. */
  holds(backend: Backend): Promise<void>
}

const types: readonly DType[] = ['float32', 'float64', 'int32', 'bool']
const numberTypes = types.filter(dtype => dtype !== 'bool')
const floatTypes = types.filter(isFloat)

/** What a kernel must give: the elements, and how far each may be off (not at all, unless said). */
interface Expected {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly values: readonly number[]
  readonly tolerance?: readonly number[]
}

interface Case {
  readonly inputs: readonly HostView[]
  readonly run: (backend: Backend, inputs: readonly View[]) => Storage
  readonly expected: () => Expected
}

/** A claim for each type, about cases that are drawn for it. */
function claims(
  kernel: Claim['kernel'],
  name: string,
  dtypes: readonly DType[],
  draw: (dtype: DType) => fc.Arbitrary<Case>,
): Claim[] {
  return dtypes.map(dtype => ({
    kernel,
    name: `${kernel}: ${name} (${dtype})`,
    async holds(backend) {
      if (!backend.capabilities.dtypes.includes(dtype)) return
      const property = fc.asyncProperty(draw(dtype), async ({ inputs, run, expected }) => {
        const given = inputs.map(view => put(backend, view))
        const wanted = expected()
        await sameElements(backend, run(backend, given), wanted)
        for (const [i, view] of inputs.entries())
          await sameElements(backend, given[i]!.storage, memoryOf(view))
      })
      await fc.assert(property, { numRuns: 60, seed: 7 })
    },
  }))
}

function memoryOf({ dtype, memory }: HostView): Expected {
  return { dtype, shape: [memory.length], values: [...memory] }
}

async function sameElements(backend: Backend, storage: Storage, expected: Expected): Promise<void> {
  const { dtype, shape, values, tolerance } = expected
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const found = await backend.read({ storage, dtype, shape, strides, offset: 0 })
  const names = { float32: 'Float32Array', float64: 'Float64Array', int32: 'Int32Array', bool: 'Uint8Array' }
  if (found.constructor.name !== names[dtype])
    throw new Error(`${dtype} was read as a ${found.constructor.name}`)
  if (found.length !== values.length) throw new Error(`${found.length} elements, not ${values.length}`)
  for (const [i, value] of values.entries()) {
    const wanted = dtype === 'float32' ? Math.fround(value) : value
    const allowed = tolerance?.[i] ?? 0
    // Where rounding is allowed, so is the other sign of zero.
    if (Object.is(found[i], wanted) || (tolerance && Math.abs(found[i]! - wanted) <= allowed)) continue
    if (tolerance && found[i] === wanted) continue
    throw new Error(`element ${i} is ${found[i]}, not ${wanted} (± ${allowed})`)
  }
}

function at({ memory, offset, strides }: HostView, index: readonly number[]): number {
  return memory[index.reduce((place, i, axis) => place + i * strides[axis]!, offset)]!
}

function valuesOf(view: HostView): number[] {
  return indicesOf(view.shape).map(index => at(view, index))
}

function replaced(list: readonly number[], at: number, value: number): number[] {
  return list.map((old, i) => (i === at ? value : old))
}

const precisionOf = (dtype: DType) => (isFloat(dtype) ? epsilon(dtype) : 0)

// Moving elements ------------------------------------------------------------------------------------------------

const anyView = (dtype: DType) => shapes().chain(shape => views(dtype, shape))

const copies = claims('copy', 'lays the elements of any view side by side', types, dtype =>
  anyView(dtype).map(view => ({
    inputs: [view],
    run: (backend, [x]) => backend.copy(x!),
    expected: () => ({ dtype, shape: view.shape, values: valuesOf(view) }),
  })),
)

const reads: Claim[] = [
  {
    kernel: 'read',
    name: 'read: gives the elements of any view, in an array that is the reader’s own',
    holds: backend =>
      fc.assert(
        fc.asyncProperty(anyView('float32'), async host => {
          const view = put(backend, host)
          const first = await backend.read(view)
          const values = valuesOf(host)
          if (!values.every((value, i) => Object.is(first[i], value))) throw new Error('other elements')
          first.fill(7)
          const second = await backend.read(view)
          if (!values.every((value, i) => Object.is(second[i], value)))
            throw new Error('the reader wrote to it')
        }),
        { numRuns: 60, seed: 7 },
      ),
  },
]

/** A shape, and a region of it with steps of either sign. */
const regions = shapes({ maxRank: 3 }).chain(shape =>
  fc
    .tuple(
      ...shape.map(length =>
        fc.record({
          step: fc.constantFrom(1, 2, 3, -1, -2),
          before: fc.integer({ min: 0, max: 2 }),
          after: fc.integer({ min: 0, max: 2 }),
          length: fc.constant(length),
        }),
      ),
    )
    .map(axes => ({
      shape,
      outer: axes.map(({ step, before, after, length }) => {
        return before + Math.max(length - 1, 0) * Math.abs(step) + Math.min(length, 1) + after
      }),
      step: axes.map(({ step }) => step),
      start: axes.map(({ step, before, length }) =>
        step > 0 ? before : before + Math.max(length - 1, 0) * -step,
      ),
    })),
)

const places = claims('place', 'puts the elements at a region of zeros', types, dtype =>
  regions.chain(({ shape, outer, start, step }) =>
    views(dtype, shape).map(view => ({
      inputs: [view],
      run: (backend, [x]) => backend.place(x!, outer, { start, step }),
      expected: () => {
        const values = indicesOf(outer).map(index => {
          const inner = index.map((i, axis) => (i - start[axis]!) / step[axis]!)
          const inside = inner.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]!)
          return inside ? at(view, inner) : 0
        })
        return { dtype, shape: outer, values }
      },
    })),
  ),
)

const concats = claims('concat', 'lays views one after the other along an axis', types, dtype =>
  shapes({ maxRank: 3 })
    .filter(shape => shape.length > 0)
    .chain(shape =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.integer({ min: 0, max: shape.length - 1 }),
        lengths: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      }),
    )
    .chain(({ shape, axis, lengths }) =>
      fc.tuple(...lengths.map(length => views(dtype, replaced(shape, axis, length)))).map(inputs => ({
        inputs,
        axis,
        shape: replaced(
          shape,
          axis,
          lengths.reduce((a, b) => a + b, 0),
        ),
      })),
    )
    .map(({ inputs, axis, shape }) => ({
      inputs,
      run: (backend, given) => backend.concat(given, axis),
      expected: () => {
        const values = indicesOf(shape).map(index => {
          let along = index[axis]!
          for (const view of inputs) {
            if (along < view.shape[axis]!) return at(view, replaced(index, axis, along))
            along -= view.shape[axis]!
          }
          throw new Error('unreachable')
        })
        return { dtype, shape, values }
      },
    })),
)

const casts = types.flatMap(to =>
  claims('cast', `gives the nearest value as ${to}`, types, dtype => {
    // What lies outside of int32 or is no number has no nearest int32.
    const element = to === 'int32' && isFloat(dtype) ? tameNumbers(2 ** 18) : elements(dtype)
    return shapes()
      .chain(shape => views(dtype, shape, element))
      .map(view => ({
        inputs: [view],
        run: (backend, [x]) => backend.cast(x!, to),
        expected: () => ({
          dtype: to,
          shape: view.shape,
          values: valuesOf(view).map(value =>
            to === 'bool' ? Number(value !== 0) : to === 'int32' ? Math.trunc(value) + 0 : value,
          ),
        }),
      }))
  }),
)

// Elementwise expressions ----------------------------------------------------------------------------------------

/** The value of an expression at one element, by the plain definitions; int32 wraps after each step. */
function evaluate(expression: Expression, inputs: readonly number[], integers: boolean): number {
  const visit = (node: Expression): number => {
    if (node.kind === 'input') return inputs[node.index]!
    if (node.kind === 'constant') return node.value
    if (node.kind === 'output') throw new Error('an output node in a map')
    const [a, b = 0, c = 0] = node.operands.map(visit)
    if (!integers) return Number(scalarReference[node.name](a!, b, c))
    if (node.name === 'mul' || node.name === 'square') {
      return Number(BigInt.asIntN(32, BigInt(a!) * BigInt(node.name === 'mul' ? b : a!)))
    }
    return Number(BigInt.asIntN(32, BigInt(Number(scalarReference[node.name](a!, b, c)))))
  }
  return visit(expression)
}

interface MapOf {
  readonly expression: Expression
  readonly inputs: readonly ('number' | 'bool')[]
  readonly gives: 'number' | 'bool'
  readonly element?: fc.Arbitrary<number>
}

function mapClaims(name: string, dtypes: readonly DType[], of: MapOf, ulps: number): Claim[] {
  return claims('map', name, dtypes, dtype =>
    shapes()
      .chain(shape =>
        fc.tuple(
          ...of.inputs.map(kind =>
            kind === 'bool' ? views('bool', shape) : views(dtype, shape, of.element ?? elements(dtype)),
          ),
        ),
      )
      .map(inputs => {
        const { shape } = inputs[0]!
        const result = of.gives === 'bool' ? 'bool' : dtype
        return {
          inputs,
          run: (backend, given) => backend.map(of.expression, given, shape, result),
          expected: () => {
            const values = indicesOf(shape).map(index =>
              evaluate(
                of.expression,
                inputs.map(view => at(view, index)),
                dtype === 'int32',
              ),
            )
            const tolerance = values.map(value => ulps * precisionOf(result) * Math.max(Math.abs(value), 1))
            return { dtype: result, shape, values, ...(isFloat(result) && { tolerance }) }
          },
        }
      }),
  )
}

/** Where the C library, JavaScript and shading languages agree about powers. */
const powers = fc.constantFrom(0.25, 0.5, 1, 1.5, 2, 3, 0, Number.NaN)

const scalarMaps = (Object.keys(scalarRules) as ScalarFunction[]).flatMap(name => {
  const { takes, gives, arity } = scalarRules[name]
  const inputs = Array.from({ length: arity }, (_, i) =>
    takes === 'booleans' || (takes === 'choice' && i === 0) ? ('bool' as const) : ('number' as const),
  )
  const dtypes = takes === 'booleans' ? (['bool'] as const) : takes === 'floats' ? floatTypes : numberTypes
  const expression = e[name](...inputs.map((_, i) => input(i)))
  const of: MapOf = {
    expression,
    inputs,
    gives: gives === 'boolean' ? 'bool' : 'number',
    ...(name === 'pow' && { element: powers }),
  }
  return mapClaims(`evaluates ${name}`, dtypes, of, 8)
})

const [x0, x1, x2] = [input(0), input(1), input(2)]
const tame = tameNumbers(4)

const fusedMaps = [
  ...mapClaims(
    'evaluates the gradient of tanh',
    floatTypes,
    {
      expression: e.mul(x0, e.sub(1, e.square(x1))),
      inputs: ['number', 'number'],
      gives: 'number',
      element: tame,
    },
    256,
  ),
  ...mapClaims(
    'evaluates a shared sub-expression',
    floatTypes,
    {
      expression: e.add(e.mul(e.tanh(x0), e.tanh(x0)), e.neg(e.tanh(x0))),
      inputs: ['number'],
      gives: 'number',
      element: tame,
    },
    16,
  ),
  ...mapClaims(
    'evaluates a choice of choices',
    numberTypes,
    {
      expression: e.where(e.and(e.less(x0, x1), e.not(x2)), e.maximum(x0, -3), e.where(x2, 5, e.sub(x1, x0))),
      inputs: ['number', 'number', 'bool'],
      gives: 'number',
    },
    4,
  ),
  ...mapClaims(
    'evaluates a comparison of computed numbers',
    numberTypes,
    { expression: e.less(e.mul(x0, x1), e.add(x0, 1)), inputs: ['number', 'number'], gives: 'bool' },
    0,
  ),
  ...mapClaims(
    'reads an input that is not the first, and constants of any size',
    floatTypes,
    {
      expression: e.add(e.mul(x1, 1e-7), -2.5e6),
      inputs: ['number', 'number'],
      gives: 'number',
      element: tame,
    },
    4,
  ),
]

// Reductions and products ----------------------------------------------------------------------------------------

const reductions: Record<Reduction, (values: readonly number[]) => number> = {
  sum: values => values.reduce((sum, value) => sum + value, 0),
  max: values => values.reduce((a, b) => Number(scalarReference.maximum(a, b, 0)), Number.NEGATIVE_INFINITY),
  min: values => values.reduce((a, b) => Number(scalarReference.minimum(a, b, 0)), Number.POSITIVE_INFINITY),
}

/** A shape and some of its axes: any, or the leading ones of a wide view, over which memory is better walked by rows. */
const reduced = (reduction: Reduction) => {
  const any = shapes().chain(shape =>
    fc.record({ shape: fc.constant(shape), axes: fc.subarray([...shape.keys()]) }),
  )
  const few = fc.integer({ min: 2, max: 3 })
  const wide = fc.record({
    shape: fc.tuple(few, few, fc.constant(10)),
    axes: fc.subarray([0, 1], { minLength: 1 }),
  })
  // The extremum of nothing does not exist.
  const exists = any.filter(({ shape, axes }) => reduction === 'sum' || axes.every(axis => shape[axis]! > 0))
  return fc.oneof(exists, wide) as fc.Arbitrary<{ shape: number[]; axes: number[] }>
}

const reduces = (['sum', 'max', 'min'] as const).flatMap(reduction =>
  claims('reduce', `takes the ${reduction} over any axes`, reduction === 'sum' ? numberTypes : types, dtype =>
    reduced(reduction)
      .chain(({ shape, axes }) => views(dtype, shape).map(view => ({ view, axes })))
      .map(({ view, axes }) => ({
        inputs: [view],
        run: (backend, [x]) => backend.reduce(reduction, x!, axes),
        expected: () => {
          const kept = view.shape.filter((_, axis) => !axes.includes(axis))
          const groups = new Map(indicesOf(kept).map(index => [index.join(), [] as number[]]))
          for (const index of indicesOf(view.shape)) {
            groups.get(index.filter((_, axis) => !axes.includes(axis)).join())!.push(at(view, index))
          }
          const rounding = reduction === 'sum' ? precisionOf(dtype) : 0
          const values = [...groups.values()].map(group => {
            const value = reductions[reduction](group)
            return dtype === 'int32' ? value | 0 : value
          })
          const tolerance = [...groups.values()].map(
            group => rounding * group.length * reductions.sum(group.map(Math.abs)),
          )
          return { dtype, shape: kept, values, ...(isFloat(dtype) && { tolerance }) }
        },
      })),
  ),
)

const products = claims('contract', 'multiplies matrices of equal batches', floatTypes, dtype =>
  fc
    .record({
      batch: shapes({ maxRank: 2 }),
      m: fc.integer({ min: 0, max: 4 }),
      k: fc.integer({ min: 0, max: 9 }),
      n: fc.integer({ min: 0, max: 4 }),
    })
    .chain(({ batch, m, k, n }) =>
      fc.record({
        k: fc.constant(k),
        shape: fc.constant([...batch, m, n]),
        a: views(dtype, [...batch, m, k]),
        b: views(dtype, [...batch, k, n]),
      }),
    )
    .map(({ a, b, k, shape }) => ({
      inputs: [a, b],
      run: (backend, [left, right]) => backend.contract(left!, right!),
      expected: () => {
        const terms = indicesOf(shape).map(index => {
          const [batch, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!]
          return Array.from({ length: k }, (_, p) => at(a, [...batch, i, p]) * at(b, [...batch, p, j]))
        })
        return {
          dtype,
          shape,
          values: terms.map(reductions.sum),
          tolerance: terms.map(each => precisionOf(dtype) * k * reductions.sum(each.map(Math.abs))),
        }
      },
    })),
)

const repeats: Claim[] = [
  {
    kernel: 'reduce',
    name: 'reduce: sums the same view to the same bits each time',
    holds: backend =>
      fc.assert(
        fc.asyncProperty(views('float32', [3, 4, 5], tameNumbers(1000)), async host => {
          const view = put(backend, host)
          const sum = async () => {
            const shape = [3, 5]
            return backend.read({
              storage: backend.reduce('sum', view, [1]),
              dtype: 'float32',
              shape,
              strides: [5, 1],
              offset: 0,
            })
          }
          const [first, second] = [await sum(), await sum()]
          if (!first.every((value, i) => Object.is(value, second[i]))) throw new Error('other bits')
        }),
        { numRuns: 20, seed: 7 },
      ),
  },
]

/** Every claim. */
export const conformance: readonly Claim[] = [
  ...reads,
  ...copies,
  ...places,
  ...concats,
  ...casts,
  ...scalarMaps,
  ...fusedMaps,
  ...reduces,
  ...repeats,
  ...products,
]

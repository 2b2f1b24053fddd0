/** Each rewrite of captured programs does its own work, leaves alone what it must, and changes no result. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  arange,
  capture,
  concat,
  cumsum,
  scan,
  type Tensor,
  tensor,
  useBackend,
  where,
  zeros,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import type { Program } from '../packages/core/src/capture/program.ts'
import { shareCommon } from '../packages/core/src/capture/rewrite/common.ts'
import { dropDead } from '../packages/core/src/capture/rewrite/dead.ts'
import { layOutFactors, shareFactors } from '../packages/core/src/capture/rewrite/factors.ts'
import { fuse } from '../packages/core/src/capture/rewrite/fuse.ts'
import { hoist } from '../packages/core/src/capture/rewrite/hoist.ts'
import { inOrder } from '../packages/core/src/capture/rewrite/in-order.ts'
import { dropNeedless } from '../packages/core/src/capture/rewrite/needless.ts'
import { computeOnce } from '../packages/core/src/capture/rewrite/once.ts'
import { sumProducts, sumProductsOverTime } from '../packages/core/src/capture/rewrite/sums.ts'
import { draw, f64, gap, numbers } from './support/backend.ts'
import { countOf, disorderOf, kernelsOf, resultsOf, traced } from './support/captured-programs.ts'

const backend = cpu()
useBackend(backend)

const once = (program: Program) => computeOnce(program, backend)
const rewrites: Readonly<Record<string, (program: Program) => Program>> = {
  dropDead,
  hoist,
  computeOnce: once,
  shareCommon,
  dropNeedless,
  sumProductsOverTime,
  sumProducts,
  layOutFactors,
  shareFactors,
  fuse,
  inOrder,
}

type Step = (...inputs: Tensor[]) => Tensor | readonly Tensor[]

/** The program of a step, rewritten, which must give what it gave before. */
function rewritten(rewrite: (program: Program) => Program, f: Step, ...inputs: Tensor[]): Program {
  const before = traced(backend, f, inputs)
  const after = { ...before, program: rewrite(before.program) }
  expect(disorderOf(after)).toEqual([])
  const [found, wanted] = [after, before].map(each => resultsOf(backend, each, inputs))
  expect(found!.length).toBe(wanted!.length)
  for (const [i, values] of wanted!.entries()) expect(gap(found![i]!, values)).toBeLessThan(1e-12)
  return after.program
}

const x = draw(1, [3, 4], [-1, 1])
const y = draw(2, [3, 4], [-1, 1])
const square = draw(3, [4, 4], [-1, 1])
const row = draw(4, [1, 4], [-1, 1])

describe('any rewrite, and any two of them one after the other,', () => {
  const names = Object.keys(rewrites)
  property.prop([arbitraries.programs(), fc.constantFrom(...names), fc.constantFrom(...names)], {
    numRuns: 200,
  })(
    'changes no result of a program',
    ({ run, inputs }, first, second) => {
      rewritten(program => rewrites[second]!(rewrites[first]!(program)), run, ...inputs)
    },
    60_000,
  )

  test.each(names)('changes no result of a loop and of its gradient: %s', name => {
    const step: Step = (w, h, xs) => {
      const loop = (w: Tensor) =>
        scan(
          (h: Tensor, x: Tensor) => {
            const next = h.matmul(w.transpose()).add(x).tanh()
            return [next, next] as const
          },
          h!,
          xs!,
        )
      const [last, all] = loop(w!)
      return [last, all as Tensor, cumsum(all as Tensor, 0)]
    }
    rewritten(rewrites[name]!, step, square, row, draw(5, [6, 1, 4], [-1, 1]))
  })
})

describe('dead instructions', () => {
  const counts = (f: Step) => kernelsOf(rewritten(dropDead, f, x))
  test('are dropped with all that only they need', () => {
    expect(
      counts(x => {
        x.exp().sin().matmul(square)
        return x.sum()
      }),
    ).toEqual(['reduce'])
  })

  test('are none that lead to a result, however far away, or are one', () => {
    expect(
      counts(x => {
        const y = x.sin()
        return [y, y.sum(0).exp()]
      }),
    ).toEqual(['map', 'reduce', 'map'])
  })
})

describe('common subexpressions', () => {
  const countIn = (kernel: 'map' | 'reduce' | 'concat' | 'cast', f: Step) =>
    countOf(rewritten(shareCommon, f, x, y), kernel)

  test('are computed once, those of common subexpressions included', () => {
    expect(countIn('map', x => x.sin().exp().add(x.sin().exp()))).toBe(3)
  })

  test('are common when they are results, too', () => {
    expect(countIn('map', x => [x.sin(), x.sin(), x.sin().transpose()])).toBe(1)
  })

  // biome-ignore format: a table
  const different: readonly [what: string, kernel: 'map' | 'reduce' | 'concat' | 'cast', f: Step][] = [
    ['other inputs', 'map', (x, y) => [x!.sin(), y!.sin()]],
    ['another view of an input', 'map', x => [x.slice([0, 2]).sin(), x.slice([1, 3]).sin()]],
    ['the transpose of an input', 'map', () => [square.add(x.sum()).transpose().sin(), square.add(x.sum()).sin()]],
    ['another axis', 'reduce', x => [x.sum(0), x.sum(1)]],
    ['another reduction', 'reduce', x => [x.max(0), x.sum(0)]],
    ['another expression', 'map', x => [x.sin(), x.cos()]],
    ['another order of inputs', 'map', (x, y) => [x!.sub(y!), y!.sub(x!)]],
    ['another axis of a join', 'concat', (x, y) => [concat([x!, y!], 0), concat([x!, y!], 1)]],
    ['zeros of both signs', 'map', x => [x.div(0), x.div(-0)]],
    ['another type', 'cast', x => [x.cast('float32'), x.cast('int32')]],
  ]
  test.each(different)('are none with %s', (_, kernel, f) => {
    const program = rewritten(shareCommon, f, x, y)
    const { program: before } = traced(backend, f, [x, y])
    const results = new Set(program.results.map(({ storage }) => storage))
    expect(results.size).toBe(2)
    expect(countOf(program, kernel)).toBeGreaterThanOrEqual(2)
    expect(before.results.length).toBe(2)
  })
})

describe('needless work', () => {
  const counts = (f: Step) => kernelsOf(rewritten(dropNeedless, f, x))

  test('is the join of one tensor, and a reduction over axes of one element', () => {
    expect(counts(x => [concat([x.sin()]), x.sin().expandDims(1).sum(1)])).toEqual(['map', 'map'])
  })

  test('is no reduction over other axes, no join of several, and no copy of what lies across', () => {
    expect(counts(x => [x.sin().sum(0), concat([x.sin(), x.sin()])])).toEqual([
      'map',
      'reduce',
      'map',
      'map',
      'concat',
    ])
    expect(counts(x => x.sin().transpose().reshape([12]))).toEqual(['map', 'copy'])
  })

  test('is no join of what is given, which may change before it is read', () => {
    expect(counts(x => concat([x]))).toEqual(['concat'])
  })
})

describe('what is the same at each call', () => {
  const constant = f64([1, 2, 3, 4])
  test('is computed once, with all that depends on it alone', () => {
    expect(kernelsOf(rewritten(once, x => x.mul(constant.exp().sum().sin()), x))).toEqual(['map'])
  })

  test('may be a result', () => {
    expect(kernelsOf(rewritten(once, () => [constant.exp(), zeros([2]).cos()], x))).toEqual([])
  })

  test('is not what depends on an argument', () => {
    expect(kernelsOf(rewritten(once, x => x.sum().add(constant).exp(), x))).toEqual(['reduce', 'map', 'map'])
  })
})

describe('a right factor that is read across its rows', () => {
  const copies = (f: Step) => countOf(rewritten(layOutFactors, f, x, y, square), 'copy')

  test('is laid out once where several products read it', () => {
    expect(copies((x, y, w) => [x!, y!, x!.sin()].map(a => a.matmul(w!.transpose())))).toBe(1)
  })

  test('stays as it lies where one product reads it, or where its rows have no gaps', () => {
    expect(copies((x, _, w) => x!.matmul(w!.transpose()))).toBe(0)
    expect(copies((x, y, w) => [x!, y!].map(a => a.matmul(w!)))).toBe(0)
  })

  test('is not confused with another view of the same weight', () => {
    expect(
      copies((x, y, w) => [
        x!.matmul(w!.transpose()),
        y!.matmul(w!.transpose()),
        x!.matmul(w!.transpose().slice([-1, undefined, -1])),
        y!.matmul(w!.transpose().slice([-1, undefined, -1])),
      ]),
    ).toBe(2)
  })
})

describe('parts of one weight', () => {
  const both = draw(30, [8, 4], [-1, 1])
  const f: Step = (x, y, both) => {
    const [first, second] = [both!.slice([0, 4]).transpose(), both!.slice([4, 8]).transpose()]
    return [x!.matmul(first), y!.matmul(first), x!.matmul(second), y!.matmul(second)]
  }

  test('are laid out, and multiplied by, each for itself', () => {
    expect(countOf(rewritten(layOutFactors, f, x, y, both), 'copy')).toBe(2)
    expect(countOf(rewritten(shareFactors, f, x, y, both), 'contract')).toBe(2)
  })
})

describe('products by one right factor', () => {
  const products = (f: Step) => countOf(rewritten(shareFactors, f, x, y, square), 'contract')

  test('are one where none depends on the other', () => {
    expect(products((x, y, w) => [x!.matmul(w!), y!.matmul(w!), x!.sin().matmul(w!)])).toBe(1)
  })

  test('are several where one depends on another', () => {
    expect(products((x, _, w) => x!.matmul(w!).matmul(w!).sin().matmul(w!))).toBe(3)
  })

  test('are several by other views of the factor', () => {
    expect(products((x, y, w) => [x!.matmul(w!), y!.matmul(w!.transpose())])).toBe(2)
  })

  test('are several where each has many rows', () => {
    const tall = draw(6, [40, 4], [-1, 1])
    expect(products((_x, _y, w) => [tall.add(w!.sum()).matmul(w!), tall.sub(w!.sum()).matmul(w!)])).toBe(2)
  })

  test('are one for rows that lie across, backwards, or in parts of one tensor', () => {
    const f: Step = (x, y, w) => [
      x!.slice([-1, undefined, -1]).matmul(w!),
      y!
        .transpose()
        .slice([0, 3])
        .transpose()
        .slice(null, [0, 3])
        .matmul(w!.slice([0, 3])),
      x!.slice([0, 1]).matmul(w!),
      x!.slice([1, 3]).matmul(w!),
    ]
    expect(products(f)).toBe(2)
  })
})

describe('a sum of products', () => {
  const [a, b] = [draw(7, [1, 3], [-1, 1]), draw(8, [1, 4], [-1, 1])]
  const products = (f: Step) => countOf(dropDead(rewritten(sumProducts, f, a, b, x)), 'contract')
  const outer = (a: Tensor, b: Tensor) => a.transpose().matmul(b)

  test('is one product along all their inner axes', () => {
    const f: Step = (a, b) =>
      outer(a!, b!).add(outer(a!.sin(), b!)).add(outer(a!, b!.sin())).add(outer(a!.cos(), b!.cos()))
    expect(products(f)).toBe(1)
  })

  test('is one product with other terms between, which are added afterwards', () => {
    const f: Step = (a, b, x) => outer(a!, b!).add(x!).add(outer(a!.sin(), b!)).add(x!.sin())
    expect(products(f)).toBe(1)
  })

  test('may hold transposed products', () => {
    const f: Step = (a, b) => outer(a!, b!).add(outer(b!.sin(), a!).transpose())
    expect(products(f)).toBe(1)
  })

  test('stays where a product, or a sum on the way, is read by others as well', () => {
    const product: Step = (a, b) => {
      const first = outer(a!, b!)
      return [first.add(outer(a!.sin(), b!)), first.exp()]
    }
    expect(products(product)).toBe(2)
    expect(countOf(dropDead(rewritten(sumProducts, product, a, b, x)), 'concat')).toBe(0)
    const partial: Step = (a, b) => {
      const sum = outer(a!, b!).add(outer(a!.sin(), b!))
      return [sum.add(outer(a!.cos(), b!)), sum.exp()]
    }
    expect(products(partial)).toBe(2) // the partial sum is one, and the last product is added to it
  })

  test('stays where products read more than they write', () => {
    const long = draw(9, [9, 2], [-1, 1])
    const f: Step = a => [
      long
        .transpose()
        .mul(a!.sum())
        .matmul(long)
        .add(long.transpose().matmul(long.mul(a!.sum()))),
    ]
    expect(products(f)).toBe(2)
  })

  test('keeps apart rows and columns, which lie alike in memory', () => {
    const f: Step = (_, b, x) => {
      const g = x!.sum().reshape([1, 1])
      return g.matmul(b!).add(b!.sin().transpose().matmul(g).transpose()).add(g.sin().matmul(b!))
    }
    rewritten(program => dropDead(sumProducts(program)), f, a, b, x)
  })

  test('keeps apart sums that are reshaped on the way', () => {
    const f: Step = (a, b) => {
      const inner = outer(a!, b!).add(outer(a!.sin(), b!))
      return inner.reshape([4, 3]).add(outer(b!, a!)).add(outer(b!.sin(), a!))
    }
    rewritten(program => dropDead(sumProducts(program)), f, a, b, x)
  })
})

describe('fusion', () => {
  const maps = (f: Step) => countOf(rewritten(fuse, f, x, y), 'map')

  test('makes a chain of maps one map', () => {
    expect(maps((x, y) => x!.sin().mul(y!).add(2).exp().neg())).toBe(1)
  })

  test('takes in several branches, and reads an input once that both read', () => {
    const program = rewritten(fuse, (x, y) => x!.sin().mul(y!.cos()).add(x!.exp().mul(y!)), x, y)
    expect(program.instructions.map(({ inputs }) => inputs.length)).toEqual([2])
  })

  test('goes through reshaped views, and reads numbers as part of the expression', () => {
    expect(maps(x => x.sin().reshape([12]).mul(3))).toBe(1)
  })

  test.each(['cpu', 'wasm'])(
    'compares whole numbers apart from the floats that it chooses, on %s',
    async name => {
      useBackend(name === 'cpu' ? cpu() : await wasm())
      const labels = tensor([0, 2], { dtype: 'int32' })
      const chosen = capture((y: Tensor) => where(y.expandDims(-1).equal(arange(3)), -0.5, 0))
      expect(numbers(chosen(labels))).toEqual([-0.5, 0, 0, 0, 0, -0.5])
      useBackend(backend)
    },
  )

  test('stops at what is read twice or returned', () => {
    expect(
      maps(x => {
        const y = x.sin()
        return y.exp().add(y.sum())
      }),
    ).toBe(2)
    expect(
      maps(x => {
        const y = x.sin()
        return [y, y.exp()]
      }),
    ).toBe(2)
  })

  test('stops at what is read across, in part, backwards or broadcast', () => {
    expect(maps(x => x.sin().transpose().exp())).toBe(2)
    expect(maps(x => x.sin().slice([0, 2]).exp())).toBe(2)
    expect(maps(x => x.sin().slice([-1, undefined, -1]).exp())).toBe(2)
    expect(maps((x, y) => x!.slice(0).sin().add(y!))).toBe(2)
  })

  test('goes from numbers to bools, and stops where numbers of another type are', () => {
    expect(maps((x, y) => x!.sin().greater(y!.cos()))).toBe(1)
    const whole = tensor(
      new Int32Array(12).map((_, i) => i),
      { shape: [3, 4] },
    )
    expect(maps((x, y) => where(x!.greater(y!), whole, whole.neg().add(1)))).toBe(2)
  })

  test('makes no map of more than twelve inputs', () => {
    const rows = Array.from({ length: 20 }, (_, i) => draw(20 + i, [3], [-1, 1]))
    const sum: Step = (...rows) => rows.map(row => row.sin()).reduce((sum, row) => sum.mul(row))
    const program = rewritten(fuse, sum, ...rows)
    expect(Math.max(...program.instructions.map(({ inputs }) => inputs.length))).toBe(12)
  })
})

describe('the order of a program', () => {
  property.prop([
    arbitraries.programs({ maxSteps: 8 }),
    fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  ])('is mended however its calls are shuffled', ({ run, inputs }, numbers) => {
    const shuffle = ({ instructions, results }: Program): Program => {
      const keyed = instructions.map((instruction, i) => [numbers[i % 60]! + i / 1e3, instruction] as const)
      return { instructions: keyed.sort(([a], [b]) => a - b).map(([, each]) => each), results }
    }
    const after = rewritten(program => inOrder(shuffle(program)), run, ...inputs)
    const { program: before } = traced(backend, run, inputs)
    expect(after.instructions.length).toBe(before.instructions.length)
  })

  test('stays where it is right', () => {
    const { program } = traced(backend, x => x!.sin().add(x!.exp()).sum(), [x])
    expect(inOrder(program).instructions).toEqual(program.instructions)
  })
})

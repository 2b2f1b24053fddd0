/** The stages that optimisers are made of. Each is what its formula says: g is the update that arrives, w the weight. */

import {
  clip,
  describeValue,
  type Expression,
  elementwise,
  norm,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { checkCount } from '../check.ts'
import { scaleTo } from './clip.ts'
import type { Slot, Stage } from './stage.ts'

const zeros: Slot = { initial: 0 }

/** @throws ValueError unless all of these are finite numbers, zero or more */
function check(stage: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (typeof number === 'number' && number >= 0 && number < Number.POSITIVE_INFINITY) continue
    throw new ValueError(
      stage,
      `the ${name} ${describeValue(number)} is not ≥ 0 and finite`,
      'Give such a number',
    )
  }
}

/** η g: the learning rate, the last stage of all. */
export const rate: Stage = {
  name: 'rate',
  apply: (_, { rate }) => ({ carry: part => part.mul(rate) }),
}

/** Each element of g between -max and max. */
export function clipValue(max: number): Stage {
  check('clipValue', { max })
  return { name: 'clipValue', apply: update => ({ update: clip(update, -max, max) }) }
}

/** g, of a parameter, scaled down to the norm max. */
export function clipNorm(max: number): Stage {
  check('clipNorm', { max })
  return {
    name: 'clipNorm',
    apply: update => ({ update: update.mul(scaleTo(norm(update), max, update)) }),
  }
}

/** g, scaled down by what brings the gradients of all parameters together to the norm max. */
export function clipGlobalNorm(max: number): Stage {
  check('clipGlobalNorm', { max })
  return {
    name: 'clipGlobalNorm',
    apply: (update, { globalNorm }) => ({ update: update.mul(scaleTo(globalNorm(), max, update)) }),
  }
}

/** g + λ w: before the moments the gradient of λ/2 ‖w‖², after them decoupled from the gradient. */
export function decay(weightDecay: number): Stage {
  check('decay', { weightDecay })
  return {
    name: 'decay',
    apply: (update, { weight }) => ({ update: update.add(weight.mul(weightDecay)) }),
  }
}

/** v ← μ v + g; gives v or, with Nesterov's look ahead, g + μ v (Sutskever et al. 2013, as PyTorch has it). */
export function momentum(momentum: number, nesterov = false): Stage {
  check('momentum', { momentum })
  return {
    name: 'momentum',
    slots: { velocity: zeros },
    apply(update, at) {
      const pass = (held: Tensor, part: Tensor) => {
        const velocity = held.mul(momentum).add(part)
        return { held: velocity, part: nesterov ? part.add(velocity.mul(momentum)) : velocity }
      }
      const { held, part } = pass(at.read('velocity'), update)
      at.write('velocity', held)
      return {
        update: part,
        carry: part => (nesterov ? part.mul(1 + momentum) : part),
        remembers: { slot: 'velocity', pass },
      }
    },
  }
}

/**
 * g/(√s + ε) with s ← α s + (1 - α) g² (Tieleman and Hinton 2012). Centred, √s is the deviation √(s - a²) from the mean
 * a ← α a + (1 - α) g (Graves 2013).
 */
export function rootMeanSquare(alpha: number, eps: number, centered = false): Stage {
  check('rootMeanSquare', { alpha, eps })
  return {
    name: 'precondition',
    slots: centered ? { square: zeros, mean: zeros } : { square: zeros },
    apply(update, at) {
      const square = at.write('square', movedSquare(at.read('square'), update, alpha, 1 - alpha))
      const size = centered
        ? deviation(square, at.write('mean', moved(at.read('mean'), update, alpha, 1 - alpha)), eps)
        : magnitude(square, 1, eps)
      return { carry: part => part.div(size) }
    },
  }
}

/** g/(√s + ε) with s ← s + g², which begins at `initial` (Duchi, Hazan and Singer 2011). */
export function rootSumSquare(initial: number, eps: number): Stage {
  check('rootSumSquare', { initial, eps })
  return {
    name: 'precondition',
    slots: { square: { initial } },
    apply(update, at) {
      const square = at.write('square', movedSquare(at.read('square'), update, 1, 1))
      const size = magnitude(square, 1, eps)
      return { carry: part => part.div(size) }
    },
  }
}

/** What the two averages of Adam forget. */
export type Betas = readonly [first: number, second: number]

/** @throws ValueError unless these are two numbers in [0, 1) */
function checkedBetas(stage: string, betas: Betas): Betas {
  const isShare = (beta: unknown) => typeof beta === 'number' && beta >= 0 && beta < 1
  if (Array.isArray(betas) && betas.length === 2 && betas.every(isShare)) return betas
  throw new ValueError(
    stage,
    `the betas are ${describeValue(betas)}`,
    'Give two numbers in [0, 1): [0.9, 0.999]',
  )
}

/**
 * m̂/(√v̂ + ε) with m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², both without the bias of their beginning (Kingma and Ba
 * 2015, algorithm 1). AMSGrad takes the largest v so far (Reddi, Kale and Kumar 2018).
 */
export function moments(betas: Betas, eps: number, amsgrad = false): Stage {
  const [first, second] = checkedBetas('moments', betas)
  check('moments', { eps })
  const slots = { mean: zeros, square: zeros, steps: { initial: 0, isScalar: true } }
  return {
    name: 'momentum',
    slots: amsgrad ? { ...slots, largest: zeros } : slots,
    apply(update, at) {
      const steps = at.write('steps', at.read('steps').add(1))
      const next = (held: Tensor, part: Tensor) => moved(held, part, first, 1 - first)
      const mean = at.write('mean', next(at.read('mean'), update))
      const square = at.write('square', movedSquare(at.read('square'), update, second, 1 - second))
      const spread = amsgrad ? at.write('largest', at.read('largest').maximum(square)) : square
      const size = magnitude(spread, share(steps, Math.log(second)), eps)
      const started = share(steps, Math.log(first))
      const given = (held: Tensor) => held.div(started).div(size)
      const pass = (before: Tensor, part: Tensor) => {
        const held = next(before, part)
        return { held, part: given(held) }
      }
      return {
        update: given(mean),
        carry: part => given(part.mul(1 - first)),
        remembers: { slot: 'mean', pass },
      }
    },
  }
}

/** sign(c) with c = β₁ m + (1 - β₁) g; then m ← β₂ m + (1 - β₂) g (Chen et al. 2023, arXiv 2302.06675, algorithm 2). */
export function signOfMomentum(betas: Betas): Stage {
  const [first, second] = checkedBetas('signOfMomentum', betas)
  return {
    name: 'momentum',
    slots: { mean: zeros },
    apply(update, at) {
      const mean = at.read('mean')
      const direction = moved(mean, update, first, 1 - first)
      at.write('mean', moved(mean, update, second, 1 - second))
      const pass = (held: Tensor, part: Tensor) => ({
        held: moved(held, part, second, 1 - second),
        part: towards(moved(held, part, first, 1 - first), 1, direction),
      })
      return {
        update: direction.sign(),
        carry: part => towards(part, 1 - first, direction),
        remembers: { slot: 'mean', pass },
      }
    },
  }
}

/** β·average + share·x, where share is 1 - β: as a number, since float32 would lose its digits. */
const moved = elementwise(
  'optimiser',
  (e, average: Expression, x: Expression, beta: Expression, share: Expression) =>
    e.add(e.mul(beta, average), e.mul(share, x)),
)

/** β·average + share·x² */
const movedSquare = elementwise(
  'optimiser',
  (e, average: Expression, x: Expression, beta: Expression, share: Expression) =>
    e.add(e.mul(beta, average), e.mul(share, e.square(x))),
)

/** √(s/share) + ε */
const magnitude = elementwise('optimiser', (e, square: Expression, share: Expression, eps: Expression) =>
  e.add(e.sqrt(e.div(square, share)), eps),
)

/** √(s - a²) + ε, as a product that rounding cannot make negative, nor an overflow NaN. */
const deviation = elementwise('optimiser', (e, square: Expression, mean: Expression, eps: Expression) => {
  const [root, size] = [e.sqrt(square), e.abs(mean)]
  return e.add(e.sqrt(e.mul(e.maximum(e.sub(root, size), 0), e.add(root, size))), eps)
})

/** 1 - βᵗ, how much of an average is not its beginning, to the last digits of any type. */
const share = elementwise('optimiser', (e, steps: Expression, logBeta: Expression) =>
  e.neg(e.expm1(e.mul(steps, logBeta))),
)

/** part·share/|c|; 0 where c is. */
const towards = elementwise('optimiser', (e, part: Expression, share: Expression, c: Expression) =>
  e.where(e.equal(c, 0), 0, e.div(e.mul(part, share), e.abs(c))),
)

/** The coefficients of an iteration that drives singular values towards 1 (Jordan et al. 2024). */
const [a, b, c] = [3.4445, -4.775, 2.0315] as const

/**
 * The nearest matrix with singular values near one, by Newton–Schulz iterations X ← a X + (b A + c A²) X with A = X Xᵀ
 * (Jordan et al. 2024, "Muon", kellerjordan.github.io/posts/muon), times 0.2 √max(rows, columns), so that its elements are
 * as large as those of Adam's updates, and one rate and one decay serve both (Liu et al. 2025, arXiv 2502.16982, eq. 4).
 */
export function orthogonalise(iterations: number): Stage {
  checkCount('orthogonalise', 'iterations', iterations)
  return {
    name: 'orthogonalise',
    apply(update) {
      const [rows, columns] = update.shape as [number, number]
      const isTall = rows > columns
      const turned = (x: Tensor) => (isTall ? x.transpose() : x) // the smaller of the two products
      const length = norm(update)
      const unit = (x: Tensor) => turned(x).div(positive(length))
      let x = unit(update)
      const mixes = Array.from({ length: iterations }, () => {
        const gram = x.matmul(x.transpose())
        const mix = gram.mul(b).add(gram.matmul(gram).mul(c))
        x = x.mul(a).add(mix.matmul(x))
        return mix
      })
      const size = 0.2 * Math.sqrt(Math.max(rows, columns))
      const through = (part: Tensor) =>
        turned(mixes.reduce((x, mix) => x.mul(a).add(mix.matmul(x)), unit(part))).mul(size)
      return { update: turned(x).mul(size), carry: through, adds: false }
    },
  }
}

/** A length to divide by: 1 instead of 0. */
const positive = elementwise('optimiser', (e, length: Expression) => e.where(e.equal(length, 0), 1, length))

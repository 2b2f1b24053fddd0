/** The ledger of updates: the parts of each step sum to what was applied, and keeping it changes no bit of a training. */
import { fc, test } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import { Ledger, type ParameterStep } from '@sensigrad/inspect'
import { type Module, valuesOf } from '@sensigrad/nn'
import { type Backend, capture, cpu, scope, useBackend } from 'sensigrad'
import { describe, expect } from 'vitest'
import { kept, namesIn, type Plan, partIn, plans, trainingOf } from './support/ledger.ts'

const sum = (parts: NonNullable<ParameterStep['elements']>['parts'], i: number) =>
  parts.reduce((sum, { change }) => sum + change[i]!, 0)
describe('the sum', () => {
  test.prop([plans], { numRuns: 10 })(
    'of the parts is what was applied, to the last bits of double precision',
    async plan => {
      const { steps } = await kept(plan, 5, { level: 'elements' })
      expect(steps).toHaveLength(5)
      for (const { parameters } of steps) {
        for (const { elements } of parameters) {
          const { before, after, parts } = elements!
          for (const [i, value] of after.entries()) {
            const sizes = parts.reduce((sum, { change }) => sum + Math.abs(change[i]!), 0)
            expect(Math.abs(value - before[i]! - sum(parts, i))).toBeLessThanOrEqual(2 ** -50 * sizes)
          }
        }
      }
    },
  )

  // Half a unit of the weight when the change is added to it, and a few of each part that was computed.
  test.prop([plans], { numRuns: 10 })(
    'leaves to rounding no more than float arithmetic loses',
    async plan => {
      const { steps, isMuon } = await kept(plan, 5, { level: 'elements' })
      const unit = plan.dtype === 'float32' ? 2 ** -23 : 2 ** -52
      for (const { elements } of steps.flatMap(({ parameters }) => parameters)) {
        const { before, after, parts } = elements!
        const known = parts.filter(({ name }) => name !== 'rounding')
        const rounding = parts.find(({ name }) => name === 'rounding')!.change
        const sizes = after.map((_, i) => known.reduce((sum, { change }) => sum + Math.abs(change[i]!), 0))
        const whole = Math.hypot(...sizes) // of Muon, which multiplies matrices, each element hangs on all
        for (const [i, lost] of rounding.entries()) {
          const weight = Math.max(Math.abs(before[i]!), Math.abs(after[i]!))
          const allowed = isMuon ? 100 * whole : 4 * sizes[i]!
          expect(Math.abs(lost)).toBeLessThanOrEqual(unit * (weight + allowed))
        }
      }
    },
  )

  test.prop([plans], { numRuns: 15 })(
    'of what lies along the change is its square, in each step and since the first',
    async plan => {
      const { steps } = await kept(plan, 5)
      for (const moved of steps.flatMap(({ parameters }) => parameters)) {
        for (const change of [moved, moved.net!]) {
          const along = change.parts.reduce((sum, part) => sum + part.along, 0)
          const sizes = change.parts.reduce((sum, part) => sum + part.norm * change.norm, 0)
          expect(Math.abs(along - change.norm ** 2)).toBeLessThanOrEqual(1e-14 * sizes)
        }
        expect(moved.net!.path).toBeGreaterThanOrEqual(moved.net!.norm * (1 - 1e-12))
      }
    },
  )

  test.prop([plans], { numRuns: 20 })('of the squares of neurons is that of the parameter', async plan => {
    const { steps } = await kept(plan, 3, { level: 'neurons' })
    for (const { norm, net, neurons, weight } of steps.flatMap(({ parameters }) => parameters)) {
      expect(Math.hypot(...neurons!.step.norm)).toBeCloseTo(norm, 12)
      expect(Math.hypot(...neurons!.net!.norm)).toBeCloseTo(net!.norm, 12)
      expect(Math.hypot(...neurons!.weight)).toBeCloseTo(weight[1], 12)
    }
  })
})

const backends: Record<string, Backend> = { cpu: cpu(), wasm: await wasm() }

describe.each(Object.entries(backends))('on %s', (_, backend) => {
  const within = async <Result>(body: () => Promise<Result>): Promise<Result> => {
    useBackend(backend)
    try {
      return await body()
    } finally {
      useBackend(cpu())
    }
  }

  const hashes = async (layer: Module<never, unknown>) =>
    Promise.all(Object.values(valuesOf(layer)).map(async value => Array.from(await value.data())))

  test.prop([plans, fc.boolean()], { numRuns: 10 })(
    'keeping it changes no bit of the training, eager or captured',
    (plan, isCaptured) =>
      within(async () => {
        const watched = trainingOf(plan)
        const alone = trainingOf(plan)
        const ledger = new Ledger({ level: 'neurons', without: ['clip', 'decay'] })
        ledger.attach(watched.layer, watched.moving, watched.sal)
        const steps = [watched.step, alone.step].map(step => (isCaptured ? capture(step) : step))
        for (let t = 0; t < 8; t++) for (const step of steps) step()
        await ledger.flush()
        expect(await hashes(watched.layer)).toEqual(await hashes(alone.layer))
        expect(ledger.data.steps).toHaveLength(8)
      }),
  )

  test('the program of a captured step is the same with it', () =>
    within(async () => {
      const plan: Plan = {
        optimiser: 4,
        dtype: 'float32',
        seed: 3,
        order: 'SAL last',
        mode: 'raise',
        clip: { globalNorm: 0.1 },
      }
      const [watched, alone] = [trainingOf(plan), trainingOf(plan)]
      new Ledger().attach(watched.layer, watched.moving, watched.sal)
      const [step, other] = [capture(watched.step), capture(alone.step)]
      step()
      other()
      expect(String(step)).toBe(String(other))
    }))

  test.skipIf(backend.memory().buffers === undefined)('its memory stays flat over many steps', () =>
    within(async () => {
      const { layer, moving, sal, step } = trainingOf({
        optimiser: 4,
        dtype: 'float32',
        seed: 3,
        order: 'SAL last',
        mode: 'raise',
        clip: { norm: 1 },
      })
      new Ledger({ without: ['clip'], keep: 5 }).attach(layer, moving, sal)
      const bytes: (number | undefined)[] = []
      for (let t = 0; t < 60; t++) {
        scope(step)
        bytes.push(backend.memory().buffers)
      }
      expect(new Set(bytes.slice(20)).size).toBe(1)
    }),
  )
})

test.prop([plans.filter(({ dtype }) => dtype === 'float64')], { numRuns: 10 })(
  'a captured step has the numbers of one that is not, and says that they were replayed',
  async plan => {
    const [eager, captured] = [
      await kept(plan, 4, { without: ['clip'] }),
      await kept(plan, 4, { without: ['clip'] }, true),
    ]
    expect(new Set(eager.steps.map(({ from }) => from))).toEqual(new Set(['recorded']))
    expect(captured.steps.map(({ from }) => from).every(from => from.startsWith('replayed'))).toBe(true)
    for (const [t, { parameters, layers }] of eager.steps.entries()) {
      for (const [i, { path, norm, parts, without }] of parameters.entries()) {
        const other = captured.steps[t]!.parameters[i]!
        expect(other.path).toBe(path)
        expect(other.norm).toBeCloseTo(norm, 10)
        for (const part of parts) {
          expect(partIn(other, part.name)?.norm ?? 0).toBeCloseTo(part.norm, 10)
          expect(partIn(other, part.name)?.along ?? 0).toBeCloseTo(part.along, 10)
        }
        expect(other.without.map(({ along }) => along.toFixed(10))).toEqual(
          without.map(({ along }) => along.toFixed(10)),
        )
      }
      expect(captured.steps[t]!.layers.map(({ path, adjustment }) => [path, adjustment?.open])).toEqual(
        layers.map(({ path, adjustment }) => [path, adjustment?.open]),
      )
    }
  },
)

test.prop([plans], { numRuns: 15 })(
  'where the replay of a captured step differs, the step still ends where the training does, and nothing was elsewhere',
  async plan => {
    const { layer, steps } = await kept(plan, 4, { level: 'elements' }, true)
    for (const [path, value] of Object.entries(valuesOf(layer))) {
      const last = steps.at(-1)!.parameters.find(each => each.path === path)!
      expect(last.elements!.after).toEqual(Array.from(await value.data()))
    }
    const names = new Set(steps.flatMap(namesIn))
    expect(names).not.toContain('elsewhere')
    if (steps.every(({ from }) => from === 'replayed-equal')) expect(names).not.toContain('replay')
  },
)

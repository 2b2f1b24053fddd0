/** When a claim holds, when it does not, and when a run cannot say. */
import { describe, expect, test } from 'vitest'
import { good, run } from './runs.test-data.ts'
import { summarise, summariseRun } from './summary.ts'

describe('one run', () => {
  test('the gap is measured before λ passes the edge only', () => {
    const { gap } = summariseRun(
      run([
        [-1, -1.1],
        [-0.5, -0.52],
        [0, -0.9],
        [0, 0.3],
      ]),
    )
    expect(gap).toMatchObject({ probes: 2 })
    expect(gap?.mean).toBeCloseTo(0.06, 12)
    expect(gap?.max).toBeCloseTo(0.1, 12)
    expect(gap?.signed).toBeCloseTo(0.06, 12)
  })

  test('λ at exactly -0.02 is still before the edge', () => {
    const { edgeStep, gap } = summariseRun(
      run([
        [-0.02, -0.02],
        [-0.019, 0],
      ]),
    )
    expect(edgeStep).toBe(100)
    expect(gap?.probes).toBe(1)
  })

  test('a run that follows, stays and arrives says yes three times', () => {
    expect(summariseRun(run(good)).verdicts).toEqual({ follows: 'yes', stays: 'yes', arrives: 'yes' })
  })

  test('one probe too far from S is enough to say that λ does not follow', () => {
    expect(
      summariseRun(
        run([
          [-1, -1],
          [-0.5, -0.66],
          [0, 0],
        ]),
      ).verdicts.follows,
    ).toBe('no')
  })

  test('chaos at the end says that λ did not stay and S went past', () => {
    expect(
      summariseRun(
        run([
          [-1, -1],
          [0, 0],
          [0.15, 0.59],
        ]),
      ).verdicts,
    ).toEqual({
      follows: 'yes',
      stays: 'no',
      arrives: 'no',
    })
  })

  test('how far λ strays after the edge counts on both sides, even if it returns', () => {
    expect(
      summariseRun(
        run([
          [-1, -1],
          [0, 0],
          [-0.06, 0],
          [0.01, 0],
        ]),
      ).strayed,
    ).toBe(0.06)
  })

  test('S arrives at ln target, not at 0', () => {
    const end: [number, number][] = [
      [-1, -1],
      [0, Math.log(1.3)],
    ]
    expect(summariseRun(run(end, { target: 1.3 })).verdicts.arrives).toBe('yes')
    expect(summariseRun(run(end, { target: 1 })).verdicts.arrives).toBe('no')
  })

  test('S of a ring arrives where the sum over its layers does, with the tolerance of each', () => {
    const end = (distance: number): [number, number][] => [
      [-1, -1],
      [0, 3 * Math.log(1.3) + distance],
    ]
    const arrives = (distance: number, layers: number) =>
      summariseRun(run(end(distance), { target: 1.3, layers })).verdicts.arrives
    expect([0.29, -0.29, 0.31, -0.31].map(distance => arrives(distance, 3))).toEqual([
      'yes',
      'yes',
      'no',
      'no',
    ])
    expect(arrives(0, 1)).toBe('no')
  })

  test('a run that never got to the edge leaves open whether λ would stay', () => {
    const { edgeStep, strayed, verdicts } = summariseRun(
      run([
        [-1, -1],
        [-0.9, -0.9],
      ]),
    )
    expect({ edgeStep, strayed, stays: verdicts.stays }).toEqual({
      edgeStep: null,
      strayed: null,
      stays: 'open',
    })
  })

  test('a run that began past the edge leaves open whether λ follows', () => {
    const { gap, radiusGap, verdicts } = summariseRun(
      run([
        [0.1, 0.2],
        [0.01, 0],
      ]),
    )
    expect({ gap, radiusGap, follows: verdicts.follows }).toEqual({
      gap: null,
      radiusGap: null,
      follows: 'open',
    })
  })

  test('an interrupted run leaves its end open', () => {
    const { verdicts } = summariseRun(run(good, { status: 'interrupted' }))
    expect(verdicts).toEqual({ follows: 'yes', stays: 'open', arrives: 'open' })
  })

  test('a run without a probe has nothing to say', () => {
    expect(summariseRun(run([], { status: 'interrupted' }))).toMatchObject({
      start: null,
      end: null,
      gap: null,
    })
  })

  test('numbers that are not finite never count as a success', () => {
    const dead = summariseRun(run([[Number.NaN, Number.NEGATIVE_INFINITY]]))
    expect(dead.verdicts).toEqual({ follows: 'no', stays: 'open', arrives: 'no' })
  })
})

describe('a size over its seeds', () => {
  const runs = [
    run(
      [
        [-1, -1.01],
        [0, 0.01],
      ],
      { seed: 1 },
    ),
    run(
      [
        [-1, -1.05],
        [0, 0.02],
      ],
      { seed: 2 },
    ),
    run(
      [
        [-1, -1.2],
        [0, 0.06],
      ],
      { seed: 3 },
    ),
    run([[-1, -1]], { seed: 4, status: 'interrupted' }),
  ].map(summariseRun)

  test('is described by medians and ranges of the finished runs', () => {
    const [size] = summarise(runs)
    expect(size?.seeds).toEqual([1, 2, 3])
    expect(size?.interrupted).toEqual([4])
    expect(size?.spreads.sensitivityEnd).toEqual({ median: 0.02, min: 0.01, max: 0.06 })
  })

  test('counts the seeds in which each claim held', () => {
    expect(summarise(runs)[0]?.counts).toEqual({
      follows: { yes: 2, no: 1, open: 0 },
      stays: { yes: 3, no: 0, open: 0 },
      arrives: { yes: 3, no: 0, open: 0 },
    })
  })

  test('does not depend on the order of the runs', () => {
    expect(summarise([...runs].reverse())[0]?.spreads).toEqual(summarise(runs)[0]?.spreads)
  })

  test('comes by ascending size', () => {
    const sizes = summarise([summariseRun(run(good, { size: 100 })), summariseRun(run(good, { size: 20 }))])
    expect(sizes.map(({ size }) => size)).toEqual([20, 100])
  })

  test('has no numbers where no run finished', () => {
    const [size] = summarise([summariseRun(run(good, { status: 'interrupted' }))])
    expect(size?.spreads.meanGap).toBeNull()
  })
})

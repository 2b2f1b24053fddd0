/**
 * Writes the table of docs/accuracy.md: how far each scalar function of the WebAssembly backend is from its exact value,
 * and how long it takes beside the CPU backend. `node packages/backend-wasm/scripts/measure-accuracy.mjs` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { expressions, type ScalarFunction, type SynchronousBackend } from '@sensigrad/core'
import { argumentsOf, exactly, type Float, valuesOn, worst } from './accuracy.ts'
import { type Inexact, inexact } from './exact-functions.ts'

const { e, input, scalarRules } = expressions
const page = new URL('../../docs/accuracy.md', import.meta.url)
const count = 1000
const sampled = 200_000

const backends = [await wasm({ relaxed: false }), await wasm()] as const
const [simd, relaxed] = backends
if (relaxed.variant !== 'relaxed-simd') throw new Error('this engine has no relaxed SIMD to measure')
const host = cpu()

/** The largest distance of each variant, in units of the last place. */
function distances(name: ScalarFunction, dtype: Float): string {
  if (!inexact.includes(name as Inexact)) return '½'
  const operands = argumentsOf(name as Inexact, dtype, sampled)
  const values = exactly(name as Inexact, operands)
  const far = backends.map(backend =>
    worst(valuesOn(backend, name, dtype, operands), values, operands, dtype),
  )
  return far.map(({ ulps }) => ulps.toFixed(2)).join(' / ')
}

/** A call that evaluates a function at numbers of its usual domain. */
function callOf(backend: SynchronousBackend, name: ScalarFunction, dtype: Float): (step: number) => void {
  const { arity, domain } = scalarRules[name]
  const [low, high] = domain
  const layout = { dtype, shape: [count], strides: [1], offset: 0 } as const
  const spread = (operand: number) =>
    Array.from({ length: count }, (_, i) => low + (high - low) * ((i * 0.6180339887498949 + operand / 3) % 1))
  const upload = (values: number[]) =>
    backend.upload(dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values), dtype)
  const inputs = Array.from({ length: arity }, (_, i) => ({ ...layout, storage: upload(spread(i)) }))
  const expression = e[name](...inputs.map((_, i) => input(i)))
  const into = {
    storage: backend.allocate(dtype, count),
    offset: 0,
  }
  return (
    backend.bind?.('map', expression, inputs, layout.shape, dtype, into) ??
    (() => backend.map(expression, inputs, layout.shape, dtype, into))
  )
}

/** Nanoseconds an element, the best of many rounds. */
function nanoseconds(call: (step: number) => void): number {
  for (let i = 0; i < 2000; i++) call(0) // until the engine has optimised it
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 100; round++) {
    const start = performance.now()
    for (let i = 0; i < 20; i++) call(0)
    best = Math.min(best, performance.now() - start)
  }
  return (best / 20 / count) * 1e6
}

/** The times of both variants, and of the CPU backend. */
function times(name: ScalarFunction, dtype: Float): [string, string] {
  const digits = (value: number) => value.toPrecision(value < 10 ? 2 : 3)
  const [plain, fused, reference] = [simd, relaxed, host].map(backend =>
    digits(nanoseconds(callOf(backend, name, dtype))),
  ) as [string, string, string]
  return [`${plain} / ${fused}`, reference]
}

const names = (Object.keys(scalarRules) as ScalarFunction[]).filter(name => {
  const { takes, gives, arity } = scalarRules[name]
  return (takes === 'numbers' || takes === 'floats') && gives === 'number' && arity < 3
})

const rows = names.map(name => {
  const cells = (['float32', 'float64'] as const).flatMap(dtype => [
    distances(name, dtype),
    ...times(name, dtype),
  ])
  console.log(name, ...cells)
  return `| \`${name}\` | ${cells.join(' | ')} |`
})

const table = `Measured with Node ${process.versions.node} on ${process.arch}, ${new Date().toISOString().slice(0, 10)}.

| | float32: ulp | ns | CPU backend | float64: ulp | ns | CPU backend |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`
const marks = ['<!-- measured -->\n', '<!-- /measured -->'] as const
const [before, rest] = readFileSync(page, 'utf8').split(marks[0]) as [string, string]
writeFileSync(page, before + marks[0] + table + marks[1] + rest.split(marks[1])[1])

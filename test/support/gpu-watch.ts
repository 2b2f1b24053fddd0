/** Watches what is asked of gpu.js: every kernel that is made, its text, its settings and what it became. */
import * as library from 'gpu.js'

/** A kernel that was made. */
export interface MadeKernel {
  readonly source: unknown
  readonly settings: Readonly<Record<string, unknown>>
  /** The class of gpu.js that runs it, once it has run. */
  kind(): string
}

interface Instance {
  createKernel(source: unknown, settings: object): { readonly kernel: object }
}

/** The kernels that are made while a program runs, in every instance of gpu.js. */
export async function kernelsMade(program: () => Promise<unknown>): Promise<MadeKernel[]> {
  const made: MadeKernel[] = []
  const { prototype } = library.GPU as unknown as { prototype: Instance }
  const { createKernel } = prototype
  prototype.createKernel = function (source, settings) {
    const kernel = createKernel.call(this, source, settings)
    made.push({ source, settings: { ...settings }, kind: () => kernel.kernel.constructor.name })
    return kernel
  }
  try {
    await program()
  } finally {
    prototype.createKernel = createKernel
  }
  return made
}

/** The only settings with which gpu.js is right; `output` is the length of what a kernel gives. */
const settings = {
  precision: 'single',
  tactic: 'precision',
  pipeline: true,
  immutable: true,
  loopMaxIterations: 2 ** 24,
}

/** What of a kernel would be wrong in one of the ways of gpu.js that say nothing; none is what is wanted. */
export function faultsOf({ source, settings: { output, ...rest } }: MadeKernel): string[] {
  if (typeof source !== 'string') return ['it is a function, which minifiers change']
  const loops = [...source.matchAll(/\bfor\s*\(([^;]*);([^;]*);/g)]
  const names = [...source.matchAll(/\b(?:let|const|var)\s+(\w+)/g)].map(([, name]) => name!)
  const faults = {
    'its settings differ': JSON.stringify(sorted(rest)) !== JSON.stringify(sorted(settings)),
    'it gives more than one axis': !(Array.isArray(output) && output.length === 1),
    'it loops while': /\bwhile\b/.test(source),
    'it leaves out rounds of a loop': /\bcontinue\b/.test(source),
    'the end of a loop is no literal': loops.some(
      ([, , until]) => !/^\s*\w+\s*(<|<=)\s*[\d.]+\s*$/.test(until!),
    ),
    'two variables have one name': new Set(names).size < names.length,
    'it raises what may be negative to a power': /\bpow\(|\*\*/.test(
      source.replaceAll(/pow\(Math\.abs\(/g, ''),
    ),
    'it takes tanh of what may be large': /Math\.tanh\(/.test(source),
  }
  return Object.entries(faults).flatMap(([says, holds]) => (holds ? [`${says}: ${source}`] : []))
}

function sorted(record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

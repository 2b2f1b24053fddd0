/** A backend that keeps the time of each call that was bound on it, to see where a captured step spends its own. */

import { type Backend, type Expression, expressions, type Kernels, type View } from '@sensigrad/core'

/** Bound calls of one kind. */
export interface Spent {
  /** How often they ran. */
  calls: number
  /** Milliseconds of all of them, the watch included. */
  milliseconds: number
}

/** A backend, and what was spent on it. */
export interface Instrumented {
  readonly backend: Backend
  /** By what was computed: `contract [1, 100] × [100, 100]`. Clear it to begin anew. */
  readonly spent: Map<string, Spent>
}

/** The same backend, with a watch on each bound call. */
export function instrument(backend: Backend): Instrumented {
  const bind = backend.bind
  if (bind === undefined) throw new Error(`${backend.name} binds no calls, so there is nothing to watch`)
  const spent = new Map<string, Spent>()
  const watched = <Kernel extends keyof Kernels>(kernel: Kernel, ...of: Parameters<Kernels[Kernel]>) =>
    watch(bind(kernel, ...of), label(kernel, of), spent)
  return { backend: { ...backend, bind: watched }, spent }
}

/** The call, with its time added up under a name. */
export function watch(
  call: (step: number) => void,
  name: string,
  spent: Map<string, Spent>,
): (step: number) => void {
  return step => {
    const start = performance.now()
    call(step)
    const milliseconds = performance.now() - start
    const sum = spent.get(name)
    if (sum === undefined) spent.set(name, { calls: 1, milliseconds })
    else {
      sum.calls++
      sum.milliseconds += milliseconds
    }
  }
}

/** A call in words: what is computed, and on which shapes. */
function label(kernel: keyof Kernels, of: readonly unknown[]): string {
  const views = of.flatMap(each => (isView(each) ? [each] : Array.isArray(each) ? each.filter(isView) : []))
  if (kernel === 'map') {
    const [expression, , shape] = of as [Expression, unknown, readonly number[]]
    return `${expressions.formatExpression(expression)}  ${brackets(shape)}`
  }
  if (kernel === 'contract') return `contract ${views.map(matrix).join(' × ')}`
  if (kernel === 'concat') return `concat of ${views.length} × ${brackets(views[0]!.shape)}`
  return `${kernel} ${views.map(({ shape }) => brackets(shape)).join(', ')}`
}

/** The shape of a matrix, with a mark where its rows do not lie one after the other. */
const matrix = ({ shape, strides }: View): string =>
  brackets(shape) + (shape.at(-1)! > 1 && strides.at(-1) !== 1 ? 'ᵀ' : '')

const brackets = (shape: readonly number[]): string => `[${shape.join(', ')}]`

const isView = (value: unknown): value is View =>
  typeof value === 'object' && value !== null && 'strides' in value

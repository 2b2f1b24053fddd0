/** The generated proof that a function refuses what it must, in words that help. */

import { type DType, type ErrorCase, SensigradError, type Shape, withScope } from '@sensigrad/core'
import type { Claim } from './claim.ts'
import { draw } from './values.ts'

const make = (shape: Shape, dtype: DType = 'float32') => draw(1, shape, [1, 2], dtype)

/** The module path inside which the last claim makes the call. */
const path = 'layers.2'

/** The claims about one error case of an operation. */
export function refusals(operation: string, { call, message }: ErrorCase): Claim[] {
  const claims: Record<string, () => void> = {
    'with an error of its own': () => {
      const { text } = refusal(call)
      if (!message.test(text)) throw new Error(`it says: ${text}`)
    },
    'whose fields and text name the same operation, and whose text ends with what to do': () => {
      const { error } = refusal(call)
      startsWith(error.message, `${error.operation}: `)
      if (!/[^.]\. \S.{2,}[^.]$/s.test(error.message)) {
        throw new Error(`after what is wrong it does not say what to do: ${error.message}`)
      }
    },
    'and the module in which it was called': () => {
      const { error } = withScope(path, () => refusal(call))
      startsWith(error.message, `${error.operation} in ${path}: `)
      if (error.scope !== path) throw new Error(`its scope is '${error.scope}', not '${path}'`)
    },
  }
  return Object.entries(claims).map(([says, holds]) => ({
    name: `${operation}: refuses, saying ${message}, ${says}`,
    holds: async () => holds(),
  }))
}

function refusal(call: ErrorCase['call']): { error: SensigradError; text: string } {
  const thrown = thrownBy(call)
  if (thrown instanceof SensigradError) return { error: thrown, text: String(thrown) }
  throw new Error(`what is thrown is no SensigradError but ${String(thrown)}`, { cause: thrown })
}

function thrownBy(call: ErrorCase['call']): unknown {
  try {
    call(make)
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function startsWith(text: string, start: string): void {
  if (!text.startsWith(start)) throw new Error(`it does not begin with '${start}': ${text}`)
}

/** The backends on which the commands below `sensigrad tape` replay what a file says. */

import { Option } from '@commander-js/extra-typings'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import type { Backend } from '@sensigrad/core'

const makers = {
  cpu: () => cpu(),
  wasm: () => wasm(),
} as const satisfies Readonly<Record<string, () => Backend | Promise<Backend>>>

/** What a backend is called on a command line. */
export type BackendName = keyof typeof makers

const names = Object.keys(makers) as BackendName[]

/** Makes a backend of that name. */
export async function backendNamed(name: BackendName): Promise<Backend> {
  return makers[name]()
}

/** An option that names a backend. */
export function backendOption<Flag extends string>(flag: Flag, text: string, usual: BackendName) {
  return new Option(flag, text).choices(names).default(usual)
}

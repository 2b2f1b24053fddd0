/** What every kernel of one backend works with. */

import type { Heap } from './heap.ts'
import type { Kernels } from './kernels.ts'
import type { MainModule } from './main-module.ts'
import type { Pool } from './threads/pool.ts'

/** The memory, the fixed kernels and the emitted ones. */
export interface Workplace {
  readonly heap: Heap
  readonly main: MainModule
  readonly kernels: Kernels
  /** The other threads, where there are any. */
  readonly pool: Pool | undefined
}

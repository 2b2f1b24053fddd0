/** The benchmarks that there are. A new one is a folder that makes it, and a place in this list. */

import type { Benchmark } from './benchmark.ts'
import { curves } from './curves/curves.ts'

export const benchmarks: readonly Benchmark[] = [curves]

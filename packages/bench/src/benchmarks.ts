/**
 * The benchmarks that there are. A new one is a folder that makes it, and a place in this list. Without a name the first
 * one is run.
 */

import type { Benchmark } from './benchmark.ts'
import { curves } from './curves/curves.ts'
import { denormals } from './denormals/denormals.ts'
import { gpu } from './gpu/gpu.ts'
import { inspect } from './inspect/inspect.ts'
import { profile } from './profile/profile.ts'
import { speed } from './speed/speed.ts'

export const benchmarks: readonly Benchmark[] = [speed, curves, profile, denormals, inspect, gpu]

/**
 * Benchmarks of sensigrad, and the command line that runs them. They are for this repository, not for publishing.
 *
 * @packageDocumentation
 */

export type { Benchmark, Outcome, Row, RunOptions } from './benchmark.ts'
export { benchmarks } from './benchmarks.ts'
export { main, type Output } from './cli.ts'

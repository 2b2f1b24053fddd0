/** What a benchmark is: parts that it measures, and what comes out. The command line knows no more of it than this. */

/** One measured point: plain fields, for JSON. */
export type Row = Readonly<Record<string, string | number | null>>

export interface RunOptions {
  /** The parts to measure; names from `Benchmark.parts`. */
  readonly parts: readonly string[]
  /** Who else is measured; names from `Benchmark.peers`. */
  readonly peers: readonly string[]
  /** Short lengths and few repeats: a look at whether everything works. */
  readonly quick: boolean
  /** Says how far it is, in one line. */
  readonly progress: (line: string) => void
}

/** What a benchmark found. */
export interface Outcome {
  readonly rows: readonly Row[]
  /** What was computed from the rows, such as fitted exponents or ratios. */
  readonly findings: readonly Row[]
  /** The tables, for a terminal. */
  readonly text: string
  /** Figures as SVG text, by file name without an ending. */
  readonly figures: Readonly<Record<string, string>>
}

/** A benchmark of the table in `benchmarks.ts`. */
export interface Benchmark {
  readonly name: string
  /** One line of what it measures. */
  readonly summary: string
  /** What `--only` chooses from: a line for each part. */
  readonly parts: Readonly<Record<string, string>>
  /** What `--peers` chooses from, where others are measured too. */
  readonly peers?: Readonly<Record<string, string>>
  readonly run: (options: RunOptions) => Promise<Outcome>
}

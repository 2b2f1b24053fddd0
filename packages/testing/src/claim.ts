/** A claim: what a proof consists of, ready for any test runner. */

/** A claim with a name: a test of its own. */
export interface Claim {
  readonly name: string
  /** Resolves when it is so, and rejects with the reason when not. */
  holds(): Promise<void>
}

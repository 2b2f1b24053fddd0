/** Telling several who listen: one that throws keeps nobody from hearing. */

/** @throws what the first of those who threw did, when all have been told */
export function tellAll(tells: Iterable<() => void>): void {
  const errors: unknown[] = []
  for (const tell of tells) {
    try {
      tell()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/**
 * A signal in the place of SAL's gate: Δ = η·signal·∇s. In sensitivity-controlled reinforcement learning it is the
 * negative error of temporal differences: what went better than expected becomes less sensitive. (Shibata et al.,
 * arXiv 2502.10200, 2025.)
 */

import { describeValue, full, isFloat, ShapeError, Tensor, ValueError } from '@sensigrad/core'
import { isRecord } from '../check.ts'
import type { Attachment } from './attachment.ts'

/** A direction for all units, or for each, `[units]`: up where it is positive. */
export type UnitSignal = number | Tensor

/** A signal for all that is attached, or by path; what has none stays as it is. */
export type Signal = UnitSignal | Readonly<Record<string, UnitSignal>>

/** @throws ValueError for what is no signal, or one for what is not attached */
export function checkSignal(signal: unknown, attached: readonly Attachment[]): asserts signal is Signal {
  if (!isRecord(signal) || signal instanceof Tensor) return checkUnitSignal(signal)
  for (const [path, part] of Object.entries(signal)) {
    if (!attached.some(attachment => attachment.path === path)) {
      throw new ValueError(
        'SAL.adjust',
        `there is a signal for ${path}, which is not attached`,
        `Attached is ${attached.map(({ path }) => path).join(', ') || 'nothing'}`,
      )
    }
    checkUnitSignal(part)
  }
}

function checkUnitSignal(signal: unknown): void {
  if (signal instanceof Tensor ? isFloat(signal.dtype) : Number.isFinite(signal)) return
  throw new ValueError(
    'SAL.adjust',
    `the signal is ${signal instanceof Tensor ? signal : describeValue(signal)}`,
    "Give a finite number, a tensor of floats [units], or such by path: { 'layers.0': -1 }",
  )
}

/**
 * The signal for one attachment.
 *
 * @param average  of its units
 * @returns `[units]`
 * @throws ShapeError when it is not one number for each unit, or for all
 */
export function signalFor(signal: Signal, { path }: Attachment, average: Tensor): Tensor {
  const part =
    typeof signal === 'number' || signal instanceof Tensor
      ? signal
      : Object.hasOwn(signal, path)
        ? signal[path]!
        : 0
  if (typeof part === 'number') return full(average.shape, part, average)
  if (part.rank > 1 || (part.rank === 1 && part.size !== average.size)) {
    throw new ShapeError(
      'SAL.adjust',
      `the signal for ${path} is ${part}, and it has ${average.size} units`,
      'Give one number, or one for each unit',
    )
  }
  return part.stopGradient().cast(average.dtype).broadcastTo(average.shape)
}

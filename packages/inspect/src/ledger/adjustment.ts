/** What there is to read of an adjustment of SAL: sensitivities, their averages, gates, the rate and the target. */

import { Tensor, type TensorLike, type TypedArray } from '@sensigrad/core'
import type { AdjustmentRecord, MoveRecord } from '@sensigrad/nn'
import type { LayerStep, LedgerLevel } from './data.ts'

/** Tensors to read, and what their elements say; nothing where the record is not of SAL. */
export interface AdjustmentReading {
  readonly tensors: readonly Tensor[]
  layerFrom(elements: readonly TypedArray[]): LayerStep['adjustment'] | undefined
}

export function adjustmentOf(record: MoveRecord | AdjustmentRecord, level: LedgerLevel): AdjustmentReading {
  if (!('gate' in record)) return { tensors: [], layerFrom: () => undefined }
  const { sensitivity, average, gate, target, rate } = record
  const numbers = [target, rate].filter((x): x is Tensor => x instanceof Tensor)
  return {
    tensors: [sensitivity, average, gate, ...numbers],
    layerFrom([s, mean, gates, ...rest]) {
      const numberOf = (x: TensorLike) => (x instanceof Tensor ? rest[numbers.indexOf(x)]![0]! : Number(x))
      const neurons = {
        sensitivity: Array.from(s!, Number),
        average: Array.from(mean!, Number),
        gate: Array.from(gates!, Number),
      }
      return {
        units: s!.length,
        target: numberOf(target),
        rate: numberOf(rate),
        open: neurons.gate.filter(gate => gate !== 0).length,
        sensitivity: meanOf(neurons.sensitivity),
        average: meanOf(neurons.average),
        ...(level !== 'norms' && { neurons }),
      }
    },
  }
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length

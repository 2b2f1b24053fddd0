/**
 * Saving and loading: weights as safetensors, single tensors as npy, trainings as checkpoints; tables and images to
 * learn from. Functions of bytes run everywhere, those of paths on Node.
 *
 * @packageDocumentation
 */

// Weights
export {
  decodeSafetensors,
  encodeSafetensors,
  loadSafetensors,
  type Safetensors,
  saveSafetensors,
} from './safetensors/safetensors.ts'
export { decodeNpy, encodeNpy, loadNpy, saveNpy } from './npy.ts'

// Trainings that go on
export {
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  type Parts,
  type Plain,
  type PlainValues,
  saveCheckpoint,
} from './checkpoint.ts'

// Data
export { type CsvOptions, type Labels, loadCsv, readCsv, type Table } from './csv.ts'
export { loadIdx, readIdx } from './idx.ts'

// Errors
export { FileError, type Source } from './file-error.ts'

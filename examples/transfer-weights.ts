/** A network goes to PyTorch and comes back: its weights, under PyTorch's names, in a file that Python reads. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSafetensors, saveSafetensors } from '@sensigrad/io'
import {
  Dense,
  fromPyTorch,
  GRU,
  type Key,
  key,
  Module,
  ones,
  stacked,
  type Tensor,
  toPyTorch,
} from 'sensigrad'

/** Hears a sequence from both ends, and tells two classes apart by what it heard last. */
class Listener extends Module {
  readonly ears
  readonly head

  constructor(key: Key) {
    super()
    this.ears = stacked(GRU, 3, 4, { key, layers: 2, bidirectional: true })
    this.head = new Dense(8, 2, { key })
  }

  forward(sequence: Tensor): Tensor {
    return this.head.call(this.ears.call(sequence).outputs.slice(-1))
  }
}

const file = process.argv[2] ?? join(await mkdtemp(join(tmpdir(), 'sensigrad-')), 'listener.safetensors')
const sequence = ones([5, 1, 3]) // [time, batch, inputs]
const answerOf = async (listener: Listener) =>
  Array.from(await listener.call(sequence).data(), each => each.toFixed(4)).join(' ')

const listener = new Listener(key(1))
await saveSafetensors(file, toPyTorch(listener))
console.log('ours:', [...listener.parameters().keys()].slice(0, 3).join(', '), '…')
console.log('PyTorch’s:')
for (const [name, { shape }] of Object.entries(toPyTorch(listener))) console.log(`  ${name} [${shape}]`)

const other = new Listener(key(2))
console.log(`\nanswer         ${await answerOf(listener)}`)
console.log(`of another     ${await answerOf(other)}`)
fromPyTorch(other, (await loadSafetensors(file)).tensors)
console.log(`with the file  ${await answerOf(other)}`)
console.log(`\nThe same in Python: python3 examples/python/transfer_weights.py ${file}`)

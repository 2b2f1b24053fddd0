/**
 * Recording one run of a study: where gradients went, what neurons let through, who moved the weights. Flow and
 * sensitivities are computed in a twin of the network, and the ledger only reads, so the run is bit for bit what it is
 * without.
 */

import { type Tape, type Tensor, tensor } from '@sensigrad/core'
import {
  gradientFlow,
  Ledger,
  type Mover,
  Recorder,
  recordingLines,
  recordOf,
  SensitivityMap,
  tapeOf,
  toJSON,
} from '@sensigrad/inspect'
import type { AnyModule } from '@sensigrad/nn'
import { count, plural } from '../format.ts'
import { type Moment, mapsOf, mapsText, momentOf } from './maps.ts'
import { LineFile, type RecordPlace, writeRecord } from './place.ts'
import { Thinned } from './thinned.ts'

/** What is recorded. */
export interface Recorded {
  /** What the run is called. */
  readonly title: string
  readonly network: AnyModule
  /** A network like it, with which nobody but the recording computes. */
  readonly twin: AnyModule
  /** What gradients are of, computed with the twin. */
  readonly loss: () => Tensor
  /** How often a pass of `loss` calls each layer; sensitivities are those of the first time. Once unless said. */
  readonly passes?: number
  /** Layers whose sensitivities nobody asks for. */
  readonly without?: string
  /** The sensitivity in the middle of the map; 1 unless said. */
  readonly target?: number
  /** Paths of the parameters whose moves are entered in the ledger. */
  readonly parameters: readonly string[]
  /** The one of them that the report shows. */
  readonly shown: string
}

/** The most moments at which the whole network is looked at. */
const mostMoments = 64
/** The largest ledger, in bytes. */
const largestLedger = 2 ** 24
/** The most numbers that are kept under one name. */
const mostNumbers = 4096
/** The most entries of a tape, and the most elements with which it is kept to be computed again. */
const largestTape = { entries: 20_000, elements: 20_000 } as const

/** The recording of a run. It is ended by `finish`, which writes it, and by `close` whatever happens. */
export class Recording {
  readonly #place: RecordPlace
  readonly #of: Recorded
  readonly #moments = new Thinned<Moment>(mostMoments)
  readonly #numbers = new Recorder({ keep: mostNumbers })
  readonly #map: SensitivityMap
  readonly #notes: string[] = []
  #ledger: { readonly ledger: Ledger; readonly file: LineFile; detach: (() => void) | undefined } | undefined
  #neurons = 0

  constructor(place: RecordPlace, of: Recorded) {
    this.#place = place
    this.#of = of
    this.#map = new SensitivityMap(of.twin, { keep: 1, every: of.passes ?? 1 })
  }

  /** Looks at the network before a step, if it is time. Steps before learning are below 0. */
  async look(step: number): Promise<void> {
    if (!this.#moments.isDue(step)) return
    this.#moments.add(step, await this.#moment())
    if (this.#ledger?.file.isFull) this.#endLedger()
  }

  /** Opens the ledger: from now on the movers' moves are entered. */
  enter(...movers: readonly Mover[]): void {
    const { network, parameters, title } = this.#of
    const file = new LineFile(this.#place, 'ledger', largestLedger)
    const ledger = new Ledger({ parameters, title, keep: 1, stream: line => file.write(line) })
    this.#ledger = { ledger, file, detach: ledger.attach(network, ...movers) }
  }

  /** Records a number of a step, from 0 on. Steps come in order. */
  number(step: number, name: string, value: number | Tensor): void {
    while (this.#numbers.step < step) this.#numbers.next()
    this.#numbers.scalar(name, value)
  }

  /** Looks at the network as it has become, and writes everything. */
  async finish(step: number): Promise<void> {
    this.#moments.end(step, await this.#moment())
    await this.#ledger?.ledger.flush()
    if (this.#ledger) this.#endLedger()
    await this.#writeTape(step)
    writeRecord(this.#place, 'numbers', recordingLines(await this.#numbers.read()))
    const { parameters, shown } = this.#of
    const { every } = this.#moments
    if (every > 1) this.#notes.push(`The maps show every ${count(every)} steps and the last.`)
    const maps = mapsOf(this.#moments.items, {
      parameters,
      shown,
      notes: this.#notes,
      neurons: this.#neurons,
    })
    writeRecord(this.#place, 'maps', mapsText(maps))
  }

  /** Ends listening, and closes files; what was not finished does not count as recorded. */
  close(): void {
    this.#map.stop()
    this.#ledger?.detach?.()
    this.#ledger?.file.close()
  }

  async #moment(): Promise<Moment> {
    const { without, target = 1 } = this.#of
    const tape = await this.#tape()
    const flow = await gradientFlow(tape, { parameters: tape.inputs })
    const layers = (await this.#map.read()).layers.filter(({ layer }) => layer !== without)
    this.#neurons = layers.reduce((sum, { neurons }) => sum + neurons, 0)
    return momentOf(flow, layers, target)
  }

  /** The tape of a pass through the twin, which holds what the network holds now. */
  async #tape(): Promise<Tape> {
    const { network, twin, loss } = this.#of
    const own = twin.parameters()
    for (const [path, { value }] of network.parameters()) {
      const { shape } = value
      // A copy: captured steps write new values where old ones stood.
      own.get(path)!.value = tensor(await value.data(), { shape, dtype: value.dtype as 'float32' })
    }
    return tapeOf(twin, loss)
  }

  async #writeTape(step: number): Promise<void> {
    const tape = await this.#tape()
    const { length } = tape.entries
    if (length > largestTape.entries) {
      this.#notes.push(`There is no tape: it would have ${count(length)} entries.`)
      return
    }
    const elements = tape.entries.flatMap(({ outputs }) => outputs).reduce((sum, { size }) => sum + size, 0)
    const title = `${this.#of.title}, after ${plural(step, 'step')}`
    const values = elements <= largestTape.elements ? 'all' : 'small'
    writeRecord(this.#place, 'tape', toJSON(await recordOf(tape, { title, module: this.#of.twin, values })))
  }

  #endLedger(): void {
    const { file, detach } = this.#ledger!
    if (detach === undefined) return
    detach()
    file.close()
    this.#ledger!.detach = undefined
    if (!file.isFull) return
    const megabytes = largestLedger / 2 ** 20
    this.#notes.push(`The ledger ends before the run does, at ${megabytes} MiB.`)
  }
}

/** Finding what SAL attaches to: the layers of neurons, and the units that `neuron` made, in a module. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import type { AnyModule } from '../module.ts'
import { NeuronLayer } from '../neuron-layer.ts'
import { checkSelector, matches, type Selector } from '../select.ts'
import { Attachment } from './attachment.ts'
import { FiringPopulation } from './firing-population.ts'
import { Units } from './neuron.ts'
import type { Population } from './population.ts'
import { numberOf, type Scheduled } from './sal-options.ts'
import type { Counted } from './sensitivity.ts'
import { TapedPopulation } from './taped-population.ts'

/** What SAL acts on in a module. */
export interface AttachOptions {
  /** The indices of the neurons to adjust; all unless said. */
  readonly neurons?: readonly number[]
  /** Which inputs count in ‖w‖ and x: of a recurrent layer its own outputs only, unless `all`. */
  readonly counted?: Counted
  /** Which of the layers and units: a path, a pattern of paths, or a function; all unless said. */
  readonly select?: Selector<AnyModule>
  /** The sensitivity to reach; that of SAL unless said. */
  readonly target?: Scheduled
}

/**
 * Attachments for what is found in a module.
 *
 * @throws ValueError when nothing is, one is attached already, or an option is out of range
 */
export function attachmentsOf(
  module: AnyModule,
  options: AttachOptions,
  attached: ReadonlyMap<AnyModule, Attachment>,
): [AnyModule, Attachment][] {
  checkOptions('SAL.attach', options, ['neurons', 'counted', 'select', 'target'])
  const { neurons, counted = 'recurrent', select, target } = options
  if (select !== undefined) checkSelector('SAL.attach', select)
  if (target !== undefined) numberOf('target', target, 0)
  const all = unitsIn(module)
  if (all.length === 0) {
    throw new ValueError(
      'SAL.attach',
      `there is no layer of neurons in ${module.constructor.name}`,
      'Attach a Dense or RNN layer, a module that holds one, or neuron(module)',
    )
  }
  const chosen = all.filter(([path, unit]) => select === undefined || matches(select, path, unit))
  if (chosen.length === 0) {
    throw new ValueError(
      'SAL.attach',
      'nothing was selected',
      `There is ${all.map(([path, unit]) => path || unit.constructor.name).join(', ')}`,
    )
  }
  for (const [, unit] of chosen) if (attached.has(unit)) throw alreadyAttached(unit)
  if (counted !== 'recurrent' && counted !== 'all') {
    throw new ValueError(
      'SAL.attach',
      `there is no counted: ${describeValue(counted)}`,
      "Give 'recurrent' or 'all'",
    )
  }
  const taken = new Set([...attached.values()].map(({ path }) => path))
  return chosen.map(([path, unit]) => {
    const population: Population =
      unit instanceof Units ? new TapedPopulation(unit) : new FiringPopulation(unit, counted)
    const place = unused(path || unit.constructor.name, taken)
    taken.add(place)
    return [unit, new Attachment(place, population, { neurons, target })]
  })
}

/** All that can be attached, by path. What `neuron` wraps is its units alone, whatever else it is made of. */
function unitsIn(
  module: AnyModule,
): [path: string, unit: Units<never, unknown> | NeuronLayer<never, unknown>][] {
  const all = [...module.modules()]
  const wrapped = new Set(
    all.flatMap(([, each]) => (each instanceof Units ? [...each.modules().values()].slice(1) : [])),
  )
  return all.flatMap(([path, each]) =>
    (each instanceof Units || each instanceof NeuronLayer) && !wrapped.has(each) ? [[path, each]] : [],
  )
}

/** The name, with a number where it is taken. */
function unused(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`
  return free
}

function alreadyAttached(unit: AnyModule): ValueError {
  const size = unit instanceof NeuronLayer ? ` with ${unit.neurons} neurons` : ''
  return new ValueError(
    'SAL.attach',
    `this ${unit.constructor.name}${size} is attached already`,
    'Detach it first, or name all its neurons in one call',
  )
}

/** What fast-check draws: views and tensors of any shape, expressions, programs and networks. */

export { type Network, type NetworksOptions, networks } from './networks.ts'
export { type Program, type ProgramsOptions, programs } from './programs.ts'
export { smoothExpressions, tensors } from './tensors.ts'
// biome-ignore format: a list
export {
  broadcastableShapes, elements, type HostView, put, type ShapesOptions, shapes, tameNumbers, views,
} from './views.ts'

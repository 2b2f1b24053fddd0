/** The inputs of a call, whatever they are: the tensors in them, and the same inputs with other tensors in their place. */

import { type Leaf, Tensor } from '@sensigrad/core'

/** The inputs with other tensors; all else, such as options, stays. */
export function mapTensors(
  inputs: readonly unknown[],
  change: (tensor: Tensor, path: string) => Tensor,
): readonly unknown[] {
  return mapLeaves(inputs, '', (leaf, path) => (leaf instanceof Tensor ? change(leaf, path) : leaf))
}

/** The tensors of the inputs, each with where it stands: `1.hidden` in the second input. */
export function tensorsIn(inputs: readonly unknown[]): Leaf[] {
  return leavesIn(inputs).flatMap(([path, leaf]) => (leaf instanceof Tensor ? [{ path, tensor: leaf }] : []))
}

/** Whether two inputs differ in nothing but the values of tensors. */
export function areAlike(a: readonly unknown[], b: readonly unknown[]): boolean {
  const [ours, theirs] = [leavesIn(a), leavesIn(b)]
  return (
    ours.length === theirs.length &&
    ours.every(([path, one], i) => {
      const [otherPath, other] = theirs[i]!
      if (path !== otherPath) return false
      return one instanceof Tensor && other instanceof Tensor
        ? String(one) === String(other)
        : Object.is(one, other)
    })
  )
}

function leavesIn(inputs: readonly unknown[]): [path: string, leaf: unknown][] {
  const found: [string, unknown][] = []
  mapLeaves(inputs, '', (leaf, path) => {
    found.push([path, leaf])
    return leaf
  })
  return found
}

function mapLeaves<Node>(node: Node, path: string, change: (leaf: unknown, path: string) => unknown): Node {
  const below = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`)
  if (Array.isArray(node)) return node.map((child, i) => mapLeaves(child, below(i), change)) as Node
  if (typeof node !== 'object' || node === null || Object.getPrototypeOf(node) !== Object.prototype) {
    return change(node, path) as Node
  }
  const children = Object.entries(node).map(([name, child]) => [name, mapLeaves(child, below(name), change)])
  return Object.fromEntries(children) as Node
}

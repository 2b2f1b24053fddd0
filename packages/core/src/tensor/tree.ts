/** Trees of tensors: a tensor, or arrays and plain objects of trees. Gradients have the shape of their tree. */

import { describeValue, ValueError } from '../errors.ts'
import { Tensor } from './tensor.ts'

/** A tensor, or an array or plain object of trees. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree }

/** A tensor of a tree, and where it stands there: `layers.0.weight`, or `''` for a tree that is one tensor. */
export interface Leaf {
  readonly path: string
  readonly tensor: Tensor
}

/**
 * The tensors of a tree with their paths, in the order of its arrays and keys.
 *
 * @param what  how messages call the tree
 */
export function leavesOf(operation: string, tree: TensorTree, what = 'the argument'): Leaf[] {
  const leaves: Leaf[] = []
  const collect = (tensor: Tensor, path: string): Tensor => {
    leaves.push({ path, tensor })
    return tensor
  }
  mapTree(operation, tree, collect, what)
  return leaves
}

/**
 * The tensors of a tree that must have the shape of another, in the order of that one: they are told apart by where
 * they stand, not by the order of keys.
 *
 * @param like  the leaves of the other tree
 * @param what  how messages call the tree
 * @throws ValueError when a tensor is missing, or there is one too many
 */
export function leavesLike(
  operation: string,
  tree: TensorTree,
  like: readonly Leaf[],
  what = 'the argument',
): Tensor[] {
  const given = new Map(leavesOf(operation, tree, what).map(({ path, tensor }) => [path, tensor]))
  const place = (path: string) => (path === '' ? 'a tensor' : `a tensor at ${path}`)
  const tensors = like.map(({ path }) => {
    const tensor = given.get(path)
    if (tensor !== undefined) return tensor
    if (path === '') throw new ValueError(operation, `${what} is a tree`, 'Give one tensor')
    const known = [...given.keys()].map(place).join(', ')
    throw new ValueError(
      operation,
      `${what} has ${known || 'no tensors'} but lacks ${place(path)}`,
      'Give a tree of the same shape',
    )
  })
  for (const path of given.keys()) {
    if (like.some(leaf => leaf.path === path)) continue
    throw new ValueError(
      operation,
      `${what} has ${place(path)} that belongs to nothing`,
      'Give a tree of the same shape',
    )
  }
  return tensors
}

/** A tree of the same shape whose tensors are `change` of the old ones, called in the order of `leavesOf`. */
export function mapTree<Tree extends TensorTree>(
  operation: string,
  tree: Tree,
  change: (tensor: Tensor, path: string) => Tensor,
  what = 'the argument',
): Tree {
  const visit = (node: unknown, path: string, depth: number): unknown => {
    if (node instanceof Tensor) return change(node, path)
    if (depth > 200) {
      throw new ValueError(
        operation,
        `${what} nests deeper than 200 levels`,
        'Flatten it; does it contain itself?',
      )
    }
    const below = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`)
    if (Array.isArray(node)) return node.map((child, i) => visit(child, below(i), depth + 1))
    if (isPlain(node)) {
      return Object.fromEntries(
        Object.entries(node).map(([name, child]) => [name, visit(child, below(name), depth + 1)]),
      )
    }
    throw new ValueError(
      operation,
      `${path === '' ? what : `${what} at ${path}`} is ${describeValue(node)}`,
      'Give a tensor, or arrays and plain objects of tensors; close over everything else',
    )
  }
  return visit(tree, '', 0) as Tree
}

/**
 * A tree of the shape of the first, whose tensors are made of those at the same place in all of them.
 *
 * @param change  gets a tensor of each tree
 * @throws ValueError when a tree has another shape than the first
 * @example const next = mapTrees((p, g) => p.sub(g.mul(0.1)), parameters, gradients)
 */
export function mapTrees<Tree extends TensorTree, Others extends readonly TensorTree[]>(
  change: (tensor: Tensor, ...others: { [K in keyof Others]: Tensor }) => Tensor,
  tree: Tree,
  ...others: Others
): Tree {
  if (typeof change !== 'function') {
    throw new ValueError(
      'mapTrees',
      `the function is ${describeValue(change)}`,
      'Give one, then trees: mapTrees(f, a, b)',
    )
  }
  const leaves = leavesOf('mapTrees', tree)
  const beside = others.map((other, i) => leavesLike('mapTrees', other, leaves, `tree ${i + 1}`))
  const made = leaves.map(({ tensor }, k) => change(tensor, ...(beside.map(each => each[k]!) as never)))
  return rebuildTree(tree, made)
}

/** A tree of the same shape with these tensors, in the order of `leavesOf`. */
export function rebuildTree<Tree extends TensorTree>(tree: Tree, tensors: readonly Tensor[]): Tree {
  let next = 0
  return mapTree('rebuildTree', tree, () => tensors[next++]!)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What newcomers type by mistake ends in one line that names the operation, what was given and what to do. */

import * as core from '@sensigrad/core'
import { lyapunovSpectrum, maxLyapunov, trajectory, twoTrajectories } from '@sensigrad/dynamics'
import { expect, test } from 'vitest'
import './support/backend.ts'

// biome-ignore lint/suspicious/noExplicitAny: wrong types are the point
type Loose = any
type Call = (x: Loose, m: Loose) => unknown

/** All that is public, without its types, as plain JavaScript sees it. */
const s: Record<string, Loose> = core
const orbits: Record<string, Loose> = { maxLyapunov, lyapunovSpectrum, twoTrajectories }
const follow: Loose = trajectory
const step = (x: Loose) => x
const f = (x: Loose) => x.exp()

// biome-ignore format: a table
const mistakes: [typed: string, call: Call, message: RegExp][] = [
  // operands
  ["add('1')", x => x.add('1'), /^add: '1' is no tensor or number\. Make it one/],
  ['add(1n)', x => x.add(1n), /^add: 1n is no tensor or number/],
  ['matmul(3)', (_, m) => m.matmul(3), /^matmul: the right factor is 3\. Give a tensor/],
  ['matmul([1], x)', x => s.matmul([1], x), /^matmul: the left factor is an array/],
  ['dot()', x => x.dot(), /^dot: the right factor is undefined/],
  ['outer(x, 2)', x => s.outer(x, 2), /^outer: the right factor is 2/],
  ['reshape([1], [1])', () => s.reshape([1], [1]), /^reshape: the argument is an array/],
  ['reshape(6)', x => x.reshape(6), /^reshape: the shape 6 is no list of sizes/],
  ['transpose(3)', () => s.transpose(3), /^transpose: the argument is 3/],
  ['transpose(1, 0)', (_, m) => m.transpose(1, 0), /^transpose: the axes are 1\. Give a list: transpose\(x, \[1, 0\]\)/],
  ...(['sum', 'mean', 'max', 'min', 'norm', 'logSumExp', 'softmax', 'logSoftmax', 'flatten', 'squeeze', 'expandDims', 'stopGradient', 'zerosLike', 'onesLike'] as const)
    .map((name): [string, Call, RegExp] => [`${name}([1, 2])`, () => s[name]([1, 2]), new RegExp(`^${name}: the argument is an array. Give a tensor`)]),
  ["sum('rows')", x => x.sum('rows'), /^sum: the axis is 'rows'/],
  ['cast(1)', () => s.cast(1, 'float32'), /^cast: the argument is 1/],
  ['slice([1], 0)', () => s.slice([1], 0), /^slice: the argument is an array/],
  ['slice({})', x => x.slice({}), /^slice: an object is no range of axis 0/],
  ['slice([])', x => x.slice([]), /^slice: an array is no range of axis 0/],
  ['pad(1)', x => x.pad(1), /^pad: the widths are 1\. Give a list: pad/],
  ['pad([1])', x => x.pad([1]), /^pad: the widths of an axis are 1/],
  ['concat(m)', (_, m) => s.concat(m), /^concat: the tensors are a Tensor\. Give a list: concat\(\[a, b\]\)/],
  ['concat([x, 1])', x => s.concat([x, 1]), /^concat: tensor 1 is 1\. Give a tensor/],
  ['stack(x, x)', x => s.stack(x, x), /^stack: the tensors are a Tensor/],
  ['stack([])', () => s.stack([]), /^stack: there is nothing to join/],
  ['stack([x, m])', (x, m) => s.stack([x, m]), /^stack: \[2\] and \[2, 2\] differ\. Give tensors of one shape/],
  ['stack([x], 3)', x => s.stack([x], 3), /^stack: there is no axis 3/],
  // transforms
  ['grad()', () => s.grad(), /^grad: the function is undefined\. Give a function of tensors/],
  ['grad(x)(x)', x => s.grad(x)(x), /^grad: the function is a Tensor/],
  ['valueAndGrad(x)', x => s.valueAndGrad(x), /^valueAndGrad: the function is a Tensor/],
  ['grad(f)([1, 2])', () => s.grad((x: Loose) => x.sum())([1, 2]), /^grad: the argument at 0 is 1\. Give a tensor, or arrays/],
  ['record(x, x)', x => s.record(x, x), /^record: the function is a Tensor/],
  ['vjp(undefined, x)', x => s.vjp(undefined, x), /^vjp: the function is undefined/],
  ['pull()', x => s.vjp(f, x)[1](), /^vjp: the cotangent is undefined\. Give a tensor/],
  ['jvp(f, x, x)', x => s.jvp(f, x, x), /^jvp: the inputs are a Tensor\. Give a list: jvp\(f, \[x\], \[dx\]\)/],
  ['jvp(f, [x])', x => s.jvp(f, [x]), /^jvp: the tangents are undefined\. Give a list/],
  ['jvp(f, [x], [1])', x => s.jvp(f, [x], [1]), /^jvp: the tangent is 1\. Give a tensor/],
  ['jvp(f, [x], [])', x => s.jvp(f, [x], []), /^jvp: 0 tangents for 1 inputs/],
  ['jvp(f, [x], [m])', (x, m) => s.jvp(f, [x], [m]), /^jvp: the tangent is float32\[2, 2\], but/],
  ['pullback(3, x)', x => s.pullback(3, x), /^pullback: the tape is 3\. Make one with record\(f, x\)/],
  ['pullback(tape)', x => s.pullback(s.record(f, x), undefined), /^pullback: the cotangent is undefined/],
  ['pushforward(f, [x])', x => s.pushforward((() => x), [x]), /^pushforward: the tape is a function/],
  ['pushforward(tape, x)', x => s.pushforward(s.record(f, x), x), /^pushforward: the tangents are a Tensor/],
  ['defineOp(null)', () => s.defineOp(null), /^defineOp: null is no definition with rules for both modes/],
  ['defineOp without jvp', () => s.defineOp({ name: 'f', forward: f, vjp: f, samples: [], errors: [] }), /^defineOp: f is no definition/],
  ['vjp(f)', () => s.vjp(f), /^vjp: there are no inputs\. Give them behind the function: vjp\(f, x\)/],
  ['grad(f, { argnums: 1 })', () => s.grad(f, { argnums: 1 }), /^grad: there is no option argnums\. There is aux/],
  ['grad of a list', x => s.grad((x: Loose) => [x.sum(), x])(x), /^grad: the function returned a list\. Return one tensor, or give \{ aux: true \}/],
  ['sum(1, { keepdims: true })', (_, m) => m.sum(1, { keepdims: true }), /^sum: there is no option keepdims\. There is keepDims/],
  ['x > 0', x => x > 0, /^tensor: float32\[2\] is used as a number\. Use x\.greater\(0\)/],
  ['x * 2', x => x * 2, /^tensor: float32\[2\] is used as a number/],
  ['x.mul(promise)', x => x.mul(x.sum().item()), /^mul: a Promise is no tensor or number\. Use the tensor itself, or await/],
  ['mapTrees(x, x)', x => s.mapTrees(x, x), /^mapTrees: the function is a Tensor/],
  ['linearize(3, x)', x => s.linearize(3, x), /^linearize: the function is 3/],
  ['push()', x => s.linearize(f, x)[1](), /^linearize: 0 tangents for 1 inputs/],
  ['jacobian(f, null)', () => s.jacobian(f, null), /^jacobian: the options are null\. Give an object/],
  ['hessian(x)', x => s.hessian(x), /^hessian: the function is a Tensor/],
  ['hvp(f)(x)', x => s.hvp((x: Loose) => x.sum())(x), /^hvp: the direction is undefined/],
  ['perSample(3)', () => s.perSample(3), /^perSample: the function is 3/],
  ['scan(f, x, m, null)', (x, m) => s.scan(f, x, m, null), /^scan: the options are null/],
  ['pullback(tape, [])', x => s.pullback(s.record(f, x), []), /^pullback: 0 cotangents for 1 outputs/],
  ...(['sum', 'mean', 'max', 'norm', 'logSumExp', 'prod', 'argMax', 'variance', 'all'] as const)
    .map((name): [string, Call, RegExp] => [`${name}(x, 0, null)`, x => s[name](name === 'all' ? x.less(0) : x, 0, null), new RegExp(`^${name}: the options are null. Give an object`)]),
  ['sort(x, 0, null)', x => s.sort(x, 0, null), /^sort: the options are null/],
  ['gather(x, [0])', x => s.gather(x, [0]), /^gather: the index argument is an array/],
  ['split(x)', x => s.split(x), /^split: the parts are undefined/],
  // new tensors
  ['zeros([-1])', () => s.zeros([-1]), /^zeros: the shape \[-1\]/],
  ['ones(3)', () => s.ones(3), /^ones: the shape 3 is no list/],
  ['full([2])', () => s.full([2]), /^full: the value is undefined/],
  ["tensor(['1'])", () => s.tensor(['1']), /^tensor: '1' is no number/],
  ['half an int32', () => s.tensor([0.5], { dtype: 'int32' }), /^tensor: 0\.5 is no int32\. Give whole numbers/],
  ['NaN as int32', () => s.tensor([Number.NaN], { dtype: 'int32' }), /^tensor: NaN is no int32/],
  ['2 ** 40 as int32', () => s.tensor([2 ** 40], { dtype: 'int32' }), /^tensor: 1099511627776 is no int32/],
  ['floats as int32', () => s.tensor(Float32Array.of(1, 0.5), { dtype: 'int32' }), /^tensor: 0\.5 is no int32/],
  ['2 as bool', () => s.tensor([2], { dtype: 'bool' }), /^tensor: 2 is no bool\. Give true and false/],
  ["key('1')", () => s.key('1'), /^key: '1' is no seed/],
  ['normal(3, [2])', () => s.normal(3, [2]), /^normal: 3 is no key\. Make one with key\(seed\)/],
  ['uniform([2])', () => s.uniform([2, 2, 2], [2]), /^uniform: an array is no key/],
  ['splitKey(7)', () => s.splitKey(7), /^splitKey: 7 is no key/],
  ['foldIn(7, 1)', () => s.foldIn(7, 1), /^foldIn: 7 is no key/],
  ['elementwise without a function', () => s.elementwise('f'), /^elementwise: the function of 'f' is undefined/],
  ['elementwise of a number', () => s.elementwise('f', (_: Loose, __: Loose) => 3), /^f: the function returned 3\. Return an expression/],
  ['elementwise of nothing', () => s.elementwise('f', (_: Loose, __: Loose) => {}), /^f: the function returned undefined/],
  ['elementwise of a tensor', x => s.elementwise('f', (e: Loose, a: Loose) => e.mul(a, x)), /^mul: a Tensor is no expression or number/],
  // orbits
  ['trajectory()', x => follow(undefined, x, 1), /^trajectory: the step is undefined/],
  ['trajectory of an array', () => follow(step, [1], 1), /^trajectory: the state is an array/],
  ...Object.entries(orbits).flatMap(([name, measure]): [string, Call, RegExp][] => [
    [`${name}(x, x)`, x => measure(x, x), new RegExp(`^${name}: the step is a Tensor. Give a function`)],
    [`${name}(step, [1])`, () => measure(step, [1]), new RegExp(`^${name}: the state is an array. Give a tensor`)],
    [`${name}(step, x, null)`, x => measure(step, x, null), new RegExp(`^${name}: the options are null. Give an object`)],
    [`${name}(step, x, 1000)`, x => measure(step, x, 1000), new RegExp(`^${name}: the options are 1000`)],
    [`${name}(step, x, { key: 3 })`, x => measure(step, x, { key: 3 }), new RegExp(`^${name}: 3 is no key`)],
  ]),
]

test.each(mistakes)('%s', async (_, call, message) => {
  const attempt = async () => call(s.tensor([1, 2]), s.ones([2, 2]))
  const error = await attempt().then(
    () => 'no error',
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(core.SensigradError)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).not.toContain('\n')
})

test('what already is of the type is taken as it is', async () => {
  expect(await s.tensor(Uint8Array.of(0, 2), { dtype: 'bool' }).toArray()).toEqual([0, 1])
  expect(await s.tensor([true, false], { dtype: 'int32' }).toArray()).toEqual([1, 0])
})

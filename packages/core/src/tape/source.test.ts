/** Stacks as engines write them: the first place outside of sensigrad's own packages. */
import { describe, expect, test } from 'vitest'
import { firstOutside, noteSource, sourceOf } from './source.ts'

const here = 'file:///home/ada/sensigrad/packages/core/src/tape/source.ts'

describe('the first place outside', () => {
  test.each([
    [
      'V8',
      'Error\n    at enter (/home/ada/sensigrad/packages/core/src/tape/recorder.ts:80:3)\n    at loss (/home/ada/model.ts:31:14)',
    ],
    [
      'V8, at the top of a module',
      'Error\n    at enter (file:///home/ada/sensigrad/packages/core/src/tape/recorder.ts:80:3)\n    at file:///home/ada/model.ts:31:14',
    ],
    [
      'others',
      'enter@/home/ada/sensigrad/packages/core/src/tape/recorder.ts:80:3\nloss@/home/ada/model.ts:31:14',
    ],
  ])('in a stack of %s', (_, stack) => {
    expect(firstOutside(stack, here)).toBe('/home/ada/model.ts:31:14')
  })

  test('is not in an installed package of sensigrad', () => {
    const stack = [
      'Error',
      '    at enter (/p/node_modules/.pnpm/@sensigrad+core@1.0.0/node_modules/@sensigrad/core/dist/tape/recorder.js:1:1)',
      '    at call (/p/node_modules/@sensigrad/nn/dist/module.js:2:2)',
      '    at main (/p/node_modules/other/index.js:3:3)',
    ].join('\n')
    expect(
      firstOutside(stack, '/p/node_modules/.pnpm/x/node_modules/@sensigrad/core/dist/tape/source.js'),
    ).toBe('/p/node_modules/other/index.js:3:3')
  })

  test('keeps the address of a page, without the query of a development server', () => {
    const stack =
      'enter@http://localhost:5173/packages/core/src/tape/recorder.ts?v=1:80:3\nloss@http://localhost:5173/app/model.ts?t=2:31:14'
    expect(firstOutside(stack, 'http://localhost:5173/packages/core/src/tape/source.ts?v=1')).toBe(
      'http://localhost:5173/app/model.ts:31:14',
    )
  })

  test('may be a program or a test inside of the repository', () => {
    const at = (file: string) => firstOutside(`Error\n    at f (/home/ada/sensigrad/${file}:1:2)`, here)
    expect(at('packages/study/src/main.ts')).toBe('/home/ada/sensigrad/packages/study/src/main.ts:1:2')
    expect(at('packages/core/src/a.test.ts')).toBe('/home/ada/sensigrad/packages/core/src/a.test.ts:1:2')
    expect(at('packages/nn/src/a.ts')).toBeUndefined()
  })

  test('reads a path with escapes, and one that only looks like it', () => {
    expect(firstOutside('f@file:///home/ada%20l/model.ts:1:2', here)).toBe('/home/ada l/model.ts:1:2')
    expect(firstOutside('f@file:///home/100%/model.ts:1:2', here)).toBe('/home/100%/model.ts:1:2')
  })

  test('is nowhere where the stack is of one file', () => {
    expect(firstOutside('Error\n    at f (<anonymous>)', here)).toBeUndefined()
  })
})

test('there is no place where a program has made something else than text of stacks', () => {
  const errors = Error as ErrorConstructor & { prepareStackTrace?: unknown }
  const before = errors.prepareStackTrace
  const made = {}
  try {
    errors.prepareStackTrace = (_: Error, sites: unknown) => sites
    noteSource(made)
    expect(sourceOf(made)).toBeUndefined()
  } finally {
    errors.prepareStackTrace = before
  }
})

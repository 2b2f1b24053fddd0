/**
 * The ts blocks of a page as one module, so that what the pages show is run as it stands there. Line n of the
 * module is line n of the page: prose becomes empty lines, and errors point to the page.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format } from 'node:util'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'test/dist/snippets') // where packages resolve as they do for the tests, and git does not look

/** A ts block of a page, and what the page says that it prints. */
export interface Block {
  /** The line of the page on which the block begins, from 1. */
  readonly line: number
  readonly says: string
}

/** A page and its module. */
export interface Page {
  /** From the root: `docs/the-house.md`. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** The file of the module. */
  readonly file: string
}

/** Every page whose snippets run, but for what is generated. */
export function pages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map(path => join('docs', path))
    .filter(path => path.endsWith('.md') && !path.startsWith(join('docs', 'api')))
    .sort()
  return ['README.md', 'examples/README.md', ...docs].map(pageOf)
}

function pageOf(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  const file = join(folder, path.replace(/\.md$/, '.ts'))
  const { blocks, lines } = parse(text)
  const hooks = relative(dirname(file), self).replaceAll(sep, '/')
  const module = `import { $begin, $refused } from '${hooks}'; ${lines.join('\n')}`
  mkdirSync(dirname(file), { recursive: true })
  if (ts.sys.readFile(file) !== module) writeFileSync(file, module)
  return { path, text, blocks, file }
}

const self = fileURLToPath(import.meta.url)
const opening = /^\s*```(\w*)/
const closing = /^\s*```$/
const arrow = /\/\/ → (.*)$/
const refusal = /^(.*\S)\s*\/\/ (✗ .*)$/

/**
 * The blocks of a page and the lines of its module. What a block prints stands in its `// →` comments, one for each
 * printed line, or in the text block right behind it; `// ✗` says with which message a line throws.
 */
export function parse(page: string): { blocks: Block[]; lines: string[] } {
  const blocks: { line: number; says: string }[] = []
  const lines: string[] = []
  let fence: string | undefined
  let behind: 'a ts block' | 'text' | undefined // what the lines just above were, blank ones aside
  for (const [index, line] of page.split('\n').entries()) {
    const block = blocks.at(-1)
    let code = ''
    if (fence === undefined) {
      fence = opening.exec(line)?.[1]
      if (fence === 'ts') {
        code = `$begin(${blocks.length});`
        blocks.push({ line: index + 1, says: '' })
      } else if (fence !== 'text' && line.trim() !== '') behind = undefined
    } else if (closing.test(line)) {
      behind = fence === 'ts' ? 'a ts block' : 'text'
      fence = undefined
    } else if (fence === 'ts') {
      const [, statement, message] = refusal.exec(line) ?? []
      code = statement === undefined ? line : `await $refused(async () => { ${statement} })`
      const says = message ?? arrow.exec(line)?.[1]
      if (says !== undefined) block!.says += `${says}\n`
    } else if (fence === 'text' && behind === 'a ts block') block!.says += `${line}\n`
    lines.push(code)
  }
  return { blocks, lines }
}

/** What each block of a page printed; filled while its module runs. */
let printed: string[] = []

/** The block with this number begins. */
export function $begin(block: number): void {
  printed[block] = ''
}

/** A line that must throw: prints the error's message. */
export async function $refused(body: () => Promise<unknown>): Promise<void> {
  try {
    await body()
    console.log('✗ nothing: no error was thrown')
  } catch (error) {
    console.log(`✗ ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Runs the module of a page, and gives what each of its blocks printed. */
export async function run(page: Page): Promise<string[]> {
  printed = []
  const { log } = console
  console.log = (...values) => {
    printed[printed.length - 1] += `${format(...values)}\n`
  }
  try {
    await import(/* @vite-ignore */ page.file)
  } finally {
    console.log = log
  }
  return printed
}

/** The type errors of all pages, each with the page and line where it stands. */
export function typeErrors(all: readonly Page[]): string[] {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
  const { options } = ts.getParsedCommandLineOfConfigFile(join(root, 'test/tsconfig.json'), {}, host)!
  const files = all.map(page => page.file)
  const program = ts.createProgram(files, options)
  return all.flatMap(page => {
    const source = program.getSourceFile(page.file)!
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(({ start = 0, messageText }) => {
      const line = source.getLineAndCharacterOfPosition(start).line + 1
      return `${page.path}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  })
}

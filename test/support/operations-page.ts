/**
 * The page of all operations, written from their definitions: what each gives is the first sentence of its docstring,
 * its derivative comes from its rule, and what is proved of it from its specification.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expressions, operations, type ScalarFunction, specifications } from '@sensigrad/core'
import '@sensigrad/linalg'
import ts from 'typescript'
import { root } from './snippets.ts'

const { constant, formatExpression, input, output, scalarRules } = expressions

/** The families in the order of the page, each with the files of core's `ops/` that define it. */
const families: Readonly<Record<string, readonly string[]>> = {
  'Elementwise functions': ['elementwise', 'elementwise-composed'],
  Activations: ['activations', 'gates'],
  Reductions: ['reduce', 'statistics', 'recurrence'],
  'Products and matrices': ['matmul', 'einsum', 'diagonal'],
  'Shapes and axes': ['movement', 'broadcast', 'arrange', 'repeat'],
  'Parts and wholes': ['parts', 'split', 'join'],
  'Indices and order': ['indexing', 'masks', 'order'],
  'Convolution and pooling': ['convolution', 'convolution-transpose', 'pooling', 'windows'],
  'Types and constants': ['cast', 'alias'],
}

/** The files of linalg with functions of tensors. */
const decompositions = ['solve', 'triangular', 'orthonormal', 'determinant', 'cholesky', 'symmetric', 'svd']

/** A public function as its source shows it. */
export interface PublicFunction {
  readonly name: string
  readonly parameters: string
  readonly summary: string
}

/** The functions that a file exports. */
function functionsOf(path: string): PublicFunction[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  return source.statements.flatMap(statement => {
    if (!isExported(statement)) return []
    if (ts.isFunctionDeclaration(statement)) {
      return [
        { name: statement.name!.text, parameters: parametersOf(statement), summary: summaryOf(statement) },
      ]
    }
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name, type, initializer }) => {
      const callable = [type, initializer].find(
        node => node && (ts.isFunctionTypeNode(node) || ts.isArrowFunction(node)),
      )
      if (!callable) return []
      const parameters = parametersOf(callable as ts.FunctionTypeNode | ts.ArrowFunction)
      return [{ name: name.getText(), parameters, summary: summaryOf(statement) }]
    })
  })
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
}

function parametersOf({ parameters }: ts.SignatureDeclarationBase): string {
  return parameters
    .map(({ name, type, initializer, questionToken, dotDotDotToken }) => {
      const fields = fieldsOf(type)
      const plain = fields ? `{ ${fields.join(', ')} }` : ts.isIdentifier(name) ? name.text : 'options'
      return `${dotDotDotToken ? '…' : ''}${plain}${initializer || questionToken ? '?' : ''}`
    })
    .join(', ')
}

/** The members of an interface of options, wherever it is declared; undefined for other types. */
function fieldsOf(type: ts.TypeNode | undefined): string[] | undefined {
  if (!type || !ts.isTypeReferenceNode(type)) return undefined
  const name = type.typeName.getText()
  return /Options$/.test(name) ? optionFields().get(name) : undefined
}

let known: Map<string, string[]> | undefined

/** The members of every interface of options in core and linalg, those of the interfaces that it extends first. */
function optionFields(): Map<string, string[]> {
  if (known) return known
  const declarations = ['core', 'linalg'].flatMap(name => {
    const folder = join(root, 'packages', name, 'src')
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .flatMap(file => {
        const text = readFileSync(join(folder, file), 'utf8')
        return ts
          .createSourceFile(file, text, ts.ScriptTarget.Latest, true)
          .statements.filter(ts.isInterfaceDeclaration)
      })
  })
  const membersOf = (name: string): string[] =>
    declarations
      .filter(declaration => declaration.name.text === name)
      .flatMap(({ heritageClauses, members }) => [
        ...(heritageClauses ?? []).flatMap(({ types }) =>
          types.flatMap(each => membersOf(each.expression.getText())),
        ),
        ...members.flatMap(member => (member.name ? [member.name.getText()] : [])),
      ])
  known = new Map(declarations.map(({ name }) => [name.text, membersOf(name.text)]))
  return known
}

/** The first sentence of the docstring. */
function summaryOf(node: ts.Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(node)
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? ''
  return (/^.*?[.:;](?=\s|$)/s.exec(text)?.[0] ?? text).replace(/\s+/g, ' ').replace(/[.:;]$/, '')
}

/** Every public function of tensors, by family: those of core's operations and those of linalg. */
export function publicFunctions(): [family: string, functions: PublicFunction[]][] {
  const core = Object.entries(families).map(([family, files]): [string, PublicFunction[]] => [
    family,
    files.flatMap(file => exportedFrom('core', `ops/${file}`)),
  ])
  return [
    ...core,
    ['Decompositions (@sensigrad/linalg)', decompositions.flatMap(file => exportedFrom('linalg', file))],
  ]
}

/** The functions of a file that the index of its package exports. */
function exportedFrom(name: string, file: string): PublicFunction[] {
  const source = join(root, 'packages', name, 'src')
  const index = readFileSync(join(source, 'index.ts'), 'utf8')
  const listed = new RegExp(`export \\{([^}]*)\\} from './${file}.ts'`).exec(index)?.[1] ?? ''
  const names = listed.split(',').map(each => each.trim())
  return functionsOf(join(source, `${file}.ts`)).filter(each => names.includes(each.name))
}

/** Whether the name is that of a scalar function, which the table of rules defines. */
export function isScalar(name: string): name is ScalarFunction {
  return Object.hasOwn(scalarRules, name)
}

const letters = { 1: ['x'], 2: ['a', 'b'], 3: ['c', 'a', 'b'] } as const

/** The derivative as the rule says it: `1 - y²`. */
function scalarDerivative(name: ScalarFunction): string {
  const { arity, partials, slope } = scalarRules[name]
  if (slope) return 'of the branch that is chosen'
  if (!partials) return 'flat'
  const slopes = partials(output, ...letters[arity].map((_, i) => input(i)))
  if (slopes.every(each => each === constant(0))) return 'flat'
  return slopes.map(each => `\`${formatExpression(each, letters[arity])}\``).join(', ')
}

function derivativeOf(name: string): string {
  if (isScalar(name)) return scalarDerivative(name)
  const op = operations.find(op => op.name === name)
  if (!op) return 'follows'
  return op.linear ? 'linear' : 'rules of its own'
}

/** How many claims are made of a function: samples and refusals, or the table's intervals. */
function proofOf(name: string): string {
  if (isScalar(name)) {
    const [low, high] = scalarRules[name].domain
    return `on [${low}, ${high}]`
  }
  const found = specifications.find(each => each.name === name)
  return found ? `${counted(found.samples.length, 'sample')}, ${counted(found.errors.length, 'refusal')}` : ''
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
const escaped = (text: string) => text.replaceAll('|', '\\|')

/** The page, in Markdown. */
export function operationsPage(): string {
  const sections = publicFunctions().map(([family, functions]) => {
    const rows = functions.map(({ name, parameters, summary }) => {
      const cells = [`\`${name}(${parameters})\``, summary, derivativeOf(name), proofOf(name)]
      return `| ${cells.map(escaped).join(' | ')} |`
    })
    return [`## ${family}`, '', '| | gives | derivative | proved |', '|---|---|---|---|', ...rows].join('\n')
  })
  return `${[preface, ...sections].join('\n\n')}\n`
}

const preface = `<!-- Every operation, written from the definitions: pnpm vitest run operations-page -u -->
# Operations

Every operation of core, with its derivative. This page is written from the definitions in
\`packages/core/src/ops/\` and \`src/expression/functions.ts\`, and a test keeps it so.

- **derivative**: an expression in the arguments and the value \`y\`, where the operation is a scalar function; *linear*
  where the tangent is the operation itself; *rules of its own*; *flat*; or *follows*, where a function is composed of
  others and has its derivatives from them.
- **proved**: the interval on which the generated tests draw arguments, or how many samples and refusals the
  specification holds. Each sample is checked against its value written plainly, its derivatives of first and second
  order in both modes against finite differences, in float32 and in other memory layouts; each refusal for its class,
  its text and its remedy.
- Operands of elementwise functions broadcast, and numbers take the type of the tensors beside them. Most functions are
  methods as well: \`x.matmul(w).add(b).tanh()\`.`

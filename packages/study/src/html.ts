/** Pages that hold everything they need: text, tables, drawings and their style in one file. */

import { escaped } from '@sensigrad/inspect/plot'

/** Text that is already HTML. */
export interface Html {
  html: string
}

type Content = Html | string | number | readonly Content[]

/**
 * HTML with its values escaped; values that are HTML already, and lists, go in as they are.
 *
 * @example html`<td>${'a < b'}</td>` // <td>a &lt; b</td>
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return { html: strings.reduce((text, string, i) => text + render(values[i - 1] ?? '') + string) }
}

/** Marks text as HTML. Only for text that this program made, such as a drawing. */
export const trusted = (text: string): Html => ({ html: text })

function render(content: Content): string {
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content))
  return 'html' in content ? content.html : content.map(render).join('')
}

/** A table; each row is a list of cells, and the first cell of a row names it. */
export function table(header: readonly Content[], rows: readonly (readonly Content[])[]): Html {
  const head = header.map(cell => html`<th scope="col">${cell}</th>`)
  const body = rows.map(
    ([name = '', ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map(cell => html`<td>${cell}</td>`)}</tr>\n`,
  )
  return html`<div class="wide"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}</tbody>\n</table></div>\n`
}

/** A whole page; `extra` is CSS that follows the page's own. */
export function page(title: string, body: Html, extra = ''): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trusted(style + extra)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.html
}

const style = `
:root { --ink: #1c2024; --soft: #5b646d; --line: #d9dee3; --paper: #fff; --yes: #00704f; --no: #b04a00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --soft: #9aa4ae; --line: #333a41; --paper: #14171a; --yes: #3cc79b; --no: #f08a45 }
}
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--paper);
  font: 17px/1.6 Inter, system-ui, "Segoe UI", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100% }
main { max-width: 60rem; margin: 0 auto; padding: 3.5rem 1.25rem 6rem }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; text-wrap: balance }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3.5rem 0 .75rem }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem }
p, dl, ul { max-width: 42rem; margin: .75rem 0; text-wrap: pretty }
ul { padding-left: 1.2rem }
.lead { font-size: 1.2rem; line-height: 1.5; color: var(--soft) }
.result { font-size: 1.2rem; line-height: 1.5; font-weight: 600; max-width: 46rem }
.note { border-left: 3px solid var(--no); padding: .1rem 0 .1rem 1rem }
figure { margin: 2rem 0 0 }
figcaption { color: var(--soft); font-size: .95rem; max-width: 46rem; margin-top: .25rem }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: .5rem 1rem; margin-left: -.75rem }
.plots svg { max-width: 100%; height: auto; display: block }
.formula { white-space: nowrap }
.wide { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; font-size: .92rem; line-height: 1.4; font-variant-numeric: tabular-nums }
th, td { padding: .4rem 1.2rem .4rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
th:first-child { text-align: left }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom }
tbody th { font-weight: 500; white-space: normal }
.yes { color: var(--yes) } .no { color: var(--no); font-weight: 600 } .open { color: var(--soft) }
small { color: var(--soft); font-size: .85em; font-weight: 400 }
dt { font-weight: 600; margin-top: .75rem } dd { margin: 0 }
code, pre { font: .88em/1.5 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace }
pre { overflow-x: auto; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 6px }
`

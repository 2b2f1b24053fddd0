/** Text inside of HTML and SVG. */

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Text with the characters that mean something in HTML replaced.
 *
 * @example escaped('a < b') // 'a &lt; b'
 */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => entities[character]!)

/**
 * The GPU backend: WebGL2 and WebGPU in browsers, WebAssembly and headless GL in Node, through gpu.js.
 *
 * @packageDocumentation
 */

export {}

/** The main module: what is the same for every program. Elementwise kernels are emitted at run time instead. */

export * from './along'
export * from './contract'
export * from './convert'
export * from './invoke'
export * from './move'
export * from './reduce'

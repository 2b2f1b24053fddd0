/** The main module: what is the same for every program. Elementwise kernels are emitted at run time instead. */

export * from './along'
export * from './contract-columns'
export * from './contract-rows'
export * from './convert'
export * from './invoke'
export * from './move'
export * from './reduce'

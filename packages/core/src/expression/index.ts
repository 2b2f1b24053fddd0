/** Expressions, for those who write backends, activations or tests: building, reading and differentiating them. */

export { derivativeInTermsOfOutput, differentiate } from './differentiate.ts'
export {
  type CallNode,
  type ConstantNode,
  call,
  constant,
  type InputNode,
  input,
  inputsOf,
  type OutputNode,
  output,
  substitute,
} from './expression.ts'
export { formatExpression } from './format.ts'
export { e, scalarRules } from './functions.ts'
export { type Kind, type Signature, signatureOf } from './signature.ts'
export { erf, erfc } from './special.ts'

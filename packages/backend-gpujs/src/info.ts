/** What really runs, in lines for people. */

import type { Device } from './device.ts'
import type { Kernels } from './kernels.ts'
import { modes } from './modes.ts'

/** The lines of `info()`. */
export function infoOf(device: Device, kernels: Kernels, check: boolean): string[] {
  const { mode, name, isSoftware, mostElements } = device
  return [
    `gpujs: mode ${mode}, kernels run as ${modes[mode].kernelClass} of gpu.js`,
    `gpujs: ${name}${isSoftware ? ', without a GPU: the processor does its work' : ''}`,
    `gpujs: at most ${mostElements} elements in a tensor`,
    `gpujs: ${kernels.compiled} kernels compiled, ${kernels.size} kept; ${kernels.launched} runs, ${kernels.readBacks} read back`,
    `gpujs: ${kernels.textures.size} textures in ${kernels.bytes} bytes`,
    ...(check ? ['gpujs: checked mode reads every result back'] : []),
    ...(device.isLost() ? ['gpujs: the GPU was lost'] : []),
  ]
}

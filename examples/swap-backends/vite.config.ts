/** How the page is served: from the sources of the packages, without a build. */
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  resolve: { conditions: ['@sensigrad/source', ...defaultClientConditions] },
  optimizeDeps: { include: ['@sensigrad/backend-gpujs > gpu.js'] }, // found before it is asked for, not by reloading
  cacheDir: '../../node_modules/.vite/swap-backends',
})

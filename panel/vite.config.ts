import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A server to which `npx vite panel` hands whatever is not the page's: `KVS_PAINEL=http://127.0.0.1:9000`. */
const server = process.env['KVS_PAINEL'] ?? 'http://127.0.0.1:9000';
const proxy = Object.fromEntries(
  ['/v1', '/metrics', '/saude', '/pronto'].map((path) => [
    path,
    // The server knows its own name only, and pages of its own origin.
    { target: server, changeOrigin: true, headers: { origin: server } },
  ]),
);

export default defineConfig({
  root: here('.'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../dist/panel'),
    emptyOutDir: true,
    // Below /painel/ the server sends files; nothing else of its address is theirs.
    assetsDir: 'painel/assets',
    // The policy of the page allows no `data:` and no code within it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: [here('index.html'), here('laboratorio.html')] },
  },
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
});

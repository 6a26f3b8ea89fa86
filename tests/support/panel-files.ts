import type { StaticFile, StaticFiles } from '../../src/files/static-files.js';

function file(name: string, type: string, more: Partial<StaticFile> = {}): readonly [string, StaticFile] {
  const content = Buffer.from(name);
  return [name, { type, hash: `hash-${name.length}`, content, brotli: undefined, gzip: undefined, ...more }];
}

/** Files as the built panel has them; each contains its name. */
export function panelFiles(): StaticFiles {
  const script = 'text/javascript; charset=utf-8';
  const compressed = { brotli: Buffer.from('brotli'), gzip: Buffer.from('gzip') };
  return new Map([
    file('index.html', 'text/html; charset=utf-8'),
    file('laboratorio.html', 'text/html; charset=utf-8'),
    file('painel/outro.js', script),
    file('painel/assets/index-1.js', script, compressed),
    file('painel/assets/index-2.css', 'text/css; charset=utf-8'),
  ]);
}

// Builds the package for Node-RED as a folder that npm can pack: `node tools/build-node-red.mjs dist`.
//
// The library is bundled into it: what a Node-RED user installs needs no other package of ours, and gRPC comes from npm.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'node-red');
const out = join(resolve(process.argv[2] ?? join(root, 'dist')), 'node-red');

/** The contracts that the library reads. */
const CONTRACTS = ['loja.proto', 'frota.proto', 'grpc/health.proto'];

/** The library is one file beside nodes and context, so that both have one class of errors. */
const library = {
  name: 'library',
  setup({ onResolve }) {
    onResolve({ filter: /\/client\/library\/index\.js$/ }, () => ({ path: './cliente.js', external: true }));
  },
};
// Node-RED calls the module itself.
const callable = { plugins: [library], footer: { js: 'module.exports = module.exports.default;' } };

mkdirSync(out, { recursive: true });
await bundle(root, join(root, 'src/client/library/index.ts'), join(out, 'cliente.js'));
await bundle(root, join(source, 'src/nodes.ts'), join(out, 'kvs.js'), callable);
await bundle(root, join(source, 'src/context.ts'), join(out, 'contexto.js'), callable);

const forms = readdirSync(join(source, 'editor')).sort();
writeFileSync(
  join(out, 'kvs.html'),
  forms.map((name) => readFileSync(join(source, 'editor', name), 'utf8')).join('\n'),
);
// The sources are ES modules; what Node-RED loads is not.
const description = { ...JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')), type: 'commonjs' };
writeFileSync(join(out, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`);
for (const name of ['README.md', 'locales', 'examples']) {
  cpSync(join(source, name), join(out, name), { recursive: true });
}
cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
for (const name of CONTRACTS) cpSync(join(root, 'proto', name), join(out, 'proto', name));

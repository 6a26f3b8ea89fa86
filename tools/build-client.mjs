// Builds the package's entry `kvs-frota/cliente` below an output folder: `node tools/build-client.mjs dist`.
//
// One implementation, in CommonJS, serves both kinds of programs, so that a `KvsError` is the same class however it was
// imported; the ES module only names its exports.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import ts from 'typescript';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const entry = join(source, 'client/library/index.ts');
const out = join(resolve(process.argv[2] ?? join(root, 'dist')), 'cliente');

await bundle(root, entry, join(out, 'index.cjs'));
const values = exportedValues(entry);

write('index.mjs', `export { ${values.join(', ')} } from './index.cjs';\n`);
write('types/package.json', '{ "type": "commonjs" }\n');
const types = `export * from './types/${relative(source, entry).replace(/\.ts$/, '.js')}';\n`;
write('index.d.cts', types);
write('index.d.mts', types);

// The types were checked when the program was built.
const program = ts.createProgram([entry], {
  ...{ target: ts.ScriptTarget.ES2022, lib: ['lib.es2023.d.ts'], types: ['node'], strict: true },
  ...{ module: ts.ModuleKind.NodeNext, declaration: true, emitDeclarationOnly: true, noCheck: true },
});
declare(entry, new Set());

/** Writes the declarations of a module, and of those that they import. */
function declare(file, done) {
  if (done.has(file)) return;
  done.add(file);
  let text = '';
  program.emit(program.getSourceFile(file), (_, written) => (text = written), undefined, true);
  write(join('types', relative(source, file).replace(/\.ts$/, '.d.ts')), text);
  for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
    if (!fileName.startsWith('.')) throw new Error(`${file}: a public type depends on ${fileName}`);
    declare(join(dirname(file), fileName.replace(/\.js$/, '.ts')), done);
  }
}

/** What a module exports beside types. */
function exportedValues(file) {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return tree.statements
    .filter((one) => ts.isExportDeclaration(one) && !one.isTypeOnly && one.exportClause !== undefined)
    .flatMap((one) => one.exportClause.elements.map(({ name }) => name.text));
}

function write(name, text) {
  const path = join(out, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

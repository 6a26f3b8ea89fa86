import ts from 'typescript';

/** What one folder of src may import: other folders or single modules of src, and packages (`node:*` for all of Node's). */
interface LayerRule {
  readonly folders: readonly string[];
  readonly modules?: readonly string[];
  readonly packages: readonly string[];
}

/** The layer table of the architecture. A folder that is not here may not exist. */
export const LAYERS: Readonly<Record<string, LayerRule>> = {
  core: { folders: ['core'], packages: [] },
  ports: { folders: ['core', 'ports'], packages: [] },
  engine: { folders: ['core', 'ports', 'engine', 'replication'], packages: [] },
  replication: { folders: ['core', 'ports', 'engine', 'replication'], packages: [] },
  bus: { folders: ['core', 'ports', 'bus', 'tls'], packages: ['mqtt', 'aedes', 'node:*'] },
  consensus: {
    folders: ['core', 'ports', 'consensus'],
    packages: ['@grpc/grpc-js', '@grpc/proto-loader', 'node:*'],
  },
  access: {
    folders: ['core', 'ports', 'access'],
    packages: ['node:*'],
  },
  tls: {
    folders: ['core', 'ports', 'tls'],
    // Keys come from files, as other secrets do.
    modules: ['access/small-file'],
    packages: ['node:*', '@peculiar/x509', 'reflect-metadata'],
  },
  leader: {
    folders: ['core', 'ports', 'leader', 'tls'],
    // Room for a write is the same question in every engine in memory, and so is what a session waits for; records of a
    // state look alike on every wire.
    modules: [
      'engine/admission',
      'engine/commit',
      'engine/guarantees',
      'replication/arrivals',
      'engine/watch',
      'bus/checks',
      'bus/decode-records',
      'bus/encode',
      'bus/wire',
    ],
    packages: ['node:*'],
  },
  portal: { folders: ['core', 'ports', 'portal'], packages: ['node:*'] },
  journal: {
    folders: ['core', 'ports', 'journal'],
    // A folder is made like those of other private files.
    modules: ['access/make-folder'],
    packages: ['classic-level', 'node:*'],
  },
  doors: {
    folders: ['core', 'ports', 'doors', 'tls'],
    packages: [
      '@grpc/grpc-js',
      '@grpc/proto-loader',
      '@grpc/reflection',
      'grpc-health-check',
      'protobufjs',
      'node:*',
    ],
  },
  client: {
    folders: ['client', 'tls'],
    modules: ['core/errors'],
    packages: ['@grpc/grpc-js', '@grpc/proto-loader', 'grpc-health-check', 'node:*'],
  },
  cli: {
    folders: ['cli', 'client', 'app', 'tls', 'access'],
    modules: [
      ...['core/errors', 'core/limits', 'ports/access'],
      // The client of the leader system is a client of its Mensagem, as the others are of gRPC.
      ...['leader/wire', 'leader/decode', 'leader/encode', 'leader/lines', 'leader/console'],
    ],
    packages: ['@grpc/grpc-js', '@grpc/proto-loader', 'yargs', 'picocolors', 'cli-table3', 'node:*'],
  },
  app: {
    folders: [
      'core',
      'ports',
      'engine',
      'replication',
      'bus',
      'consensus',
      'leader',
      'portal',
      'journal',
      'access',
      'tls',
      'doors',
      'app',
    ],
    packages: ['pino', 'pino-pretty', 'node:*'],
  },
};

/** Folders where time, randomness and output come only through a port, so that a fleet runs under a virtual clock. */
export const PURE_FOLDERS: readonly string[] = ['core', 'ports', 'engine', 'replication'];

/** Longest file, in lines: a few screens. */
export const FILE_LINES_MAX = 350;

const FORBIDDEN_GLOBALS = new Set([
  'performance',
  'process',
  'console',
  'crypto',
  'globalThis',
  'global',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
]);

/**
 * Violations of the layer table in one file.
 * @param file path below src, with `/`, such as `core/dot.ts`
 * @returns one line per violation
 */
export function importViolations(file: string, source: string): string[] {
  const folder = file.split('/')[0] ?? '';
  const rule = LAYERS[folder];
  if (rule === undefined) return [`${file}: folder "${folder}" is not in the layer table`];
  return importedNames(source).flatMap((name) =>
    allowed(rule, file, name) ? [] : [`${file} imports ${name}`],
  );
}

/** Every module that a source imports or re-exports from, statically, as a type, or by `import()`. */
export function importedNames(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map((imported) => imported.fileName);
}

function allowed(rule: LayerRule, file: string, name: string): boolean {
  if (!name.startsWith('.')) {
    const wanted = name.startsWith('node:') ? 'node:*' : packageOf(name);
    return rule.packages.includes(wanted);
  }
  const target = new URL(name, `file:///src/${file}`).pathname
    .replace(/^\/src\//, '')
    .replace(/\.[jt]s$/, '');
  const folder = target.split('/')[0] ?? '';
  return rule.folders.includes(folder) || (rule.modules ?? []).includes(target);
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Uses of clocks, timers, randomness, the process or the console in a file of a pure folder, one line each. */
export function impurities(file: string, source: string): string[] {
  if (!PURE_FOLDERS.includes(file.split('/')[0] ?? '')) return [];
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const use = impureUse(node);
    if (use !== undefined) {
      found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} uses ${use}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function impureUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const access = `${node.expression.text}.${node.name.text}`;
    if (access === 'Date.now' || access === 'Math.random') return access;
  }
  if (
    ts.isNewExpression(node) &&
    node.expression.getText() === 'Date' &&
    (node.arguments?.length ?? 0) === 0
  ) {
    return 'new Date()';
  }
  if (!ts.isIdentifier(node) || !FORBIDDEN_GLOBALS.has(node.text)) return undefined;
  return isName(node) ? undefined : node.text;
}

/** Whether an identifier only names a member, so that it does not reach the global of the same name. */
function isName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent)) &&
    parent.name === node
  );
}

/** A line if the file is too long. */
export function tooLong(file: string, source: string): string[] {
  const lines = source.replace(/\n$/, '').split('\n').length;
  return lines > FILE_LINES_MAX ? [`${file} has ${lines} lines, at most ${FILE_LINES_MAX}`] : [];
}

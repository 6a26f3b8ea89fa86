import { dirname } from 'node:path/posix';
import ts from 'typescript';

/** What one folder of src may import: other folders or single modules of src, and packages (`node:*` for all of Node's). */
interface LayerRule {
  readonly folders: readonly string[];
  readonly modules?: readonly string[];
  readonly packages: readonly string[];
}

/**
 * The layer table of the architecture, by folder below src: a file belongs to the longest one that it lies in. A folder
 * that is in none of them may not exist.
 */
export const LAYERS: Readonly<Record<string, LayerRule>> = {
  core: { folders: ['core'], packages: [] },
  ports: { folders: ['core', 'ports'], packages: [] },
  call: { folders: ['core', 'ports', 'call'], packages: [] },
  metrics: { folders: ['core', 'metrics'], packages: [] },
  files: { folders: ['core', 'files'], packages: ['node:*'] },
  wire: { folders: ['core', 'ports', 'wire'], packages: ['node:*'] },
  'security/access': { folders: ['core', 'ports', 'files', 'security/access'], packages: ['node:*'] },
  'security/tls': {
    folders: ['core', 'ports', 'files', 'security/tls'],
    packages: ['node:*', '@peculiar/x509', 'reflect-metadata'],
  },
  mqtt: { folders: ['core', 'ports', 'security/tls', 'mqtt'], packages: ['mqtt', 'aedes', 'node:*'] },
  engines: { folders: ['core', 'ports', 'engines'], packages: [] },
  'engines/watching': { folders: ['core', 'ports', 'engines/watching'], packages: [] },
  'engines/fleet': {
    folders: [
      ...['core', 'ports', 'engines', 'engines/watching'],
      ...['engines/fleet', 'engines/fleet/replication', 'engines/fleet/watching'],
    ],
    packages: [],
  },
  'engines/fleet/replication': {
    folders: ['core', 'ports', 'engines', 'engines/watching', 'engines/fleet/replication'],
    packages: [],
  },
  'engines/fleet/watching': {
    folders: [
      ...['core', 'ports', 'engines', 'engines/watching'],
      ...['engines/fleet/replication', 'engines/fleet/watching'],
    ],
    packages: [],
  },
  'engines/fleet/bus': {
    folders: ['core', 'ports', 'wire', 'mqtt', 'engines/fleet/bus'],
    packages: ['node:*'],
  },
  'engines/fleet/journal': {
    folders: ['core', 'ports', 'files', 'engines/fleet/journal'],
    packages: ['classic-level', 'node:*'],
  },
  'engines/consensus': {
    folders: ['core', 'ports', 'files', 'engines', 'engines/watching', 'engines/consensus'],
    packages: ['@grpc/grpc-js', '@grpc/proto-loader', 'node:*'],
  },
  'engines/partitions': {
    folders: ['core', 'ports', 'engines', 'engines/watching', 'engines/partitions', 'security/tls'],
    packages: ['@redis/client', 'node:*'],
  },
  'engines/leader': {
    folders: ['core', 'ports', 'engines', 'engines/watching', 'engines/leader', 'wire', 'security/tls'],
    packages: ['node:*'],
  },
  laboratory: { folders: ['laboratory'], modules: ['core/errors', 'core/limits'], packages: ['zod'] },
  portal: { folders: ['core', 'ports', 'call', 'portal'], packages: ['node:*'] },
  'doors/port': { folders: ['core', 'ports', 'security/tls', 'doors/port'], packages: ['node:*'] },
  'doors/grpc': {
    folders: ['core', 'ports', 'call', 'files', 'doors/port', 'doors/grpc', 'doors/grpc/protocol'],
    packages: ['@grpc/proto-loader', 'node:*'],
  },
  'doors/grpc/protocol': { folders: ['core', 'doors/port', 'doors/grpc/protocol'], packages: ['node:*'] },
  'doors/http': {
    folders: ['core', 'ports', 'call', 'files', 'doors/port', 'doors/http'],
    packages: ['zod', 'node:*'],
  },
  'doors/mqtt': { folders: ['core', 'ports', 'call', 'doors/mqtt'], packages: ['zod', 'node:*'] },
  doors: {
    folders: [
      ...['core', 'ports', 'call', 'files', 'security/tls'],
      ...['doors', 'doors/port', 'doors/grpc', 'doors/grpc/protocol', 'doors/http'],
    ],
    packages: [],
  },
  'doors/mensagem': {
    folders: ['core', 'ports', 'call', 'wire', 'security/tls', 'doors/mensagem'],
    // Servers of the leader engine speak to each other through the door of its clients.
    modules: ['engines/leader/fresh-role'],
    packages: ['node:*'],
  },
  supervisor: {
    folders: [
      ...['core', 'files', 'laboratory', 'client', 'security/tls', 'doors/http', 'doors/port', 'supervisor'],
    ],
    // What goes between the servers of a fleet is read off the broker.
    // Servers and recorder tell the time by the same clock.
    modules: ['engines/fleet/bus/topics', 'engines/fleet/bus/message-shapes', 'app/system-time'],
    packages: ['mqtt', 'zod', 'node:*'],
  },
  maelstrom: {
    folders: [
      ...['core', 'ports', 'wire', 'engines/fleet', 'engines/fleet/replication', 'engines/fleet/bus'],
      ...['engines/consensus', 'maelstrom'],
    ],
    modules: ['app/logger', 'app/system-random', 'app/system-time', 'config/server-parsers'],
    packages: ['node:*'],
  },
  config: { folders: ['core', 'ports', 'mqtt', 'security/tls', 'config'], packages: ['node:*'] },
  client: {
    folders: ['client', 'files', 'security/tls'],
    modules: ['core/errors', 'core/host-port', 'core/limits'],
    packages: ['@grpc/grpc-js', 'protobufjs', 'node:*'],
  },
  cli: {
    folders: [
      'cli',
      'client',
      'config',
      'app',
      'files',
      'laboratory',
      'supervisor',
      'security/access',
      'security/tls',
    ],
    modules: [
      ...[
        'core/errors',
        'core/host-port',
        'core/limits',
        'core/retention',
        'wire/mensagem/limits',
        'ports/access',
      ],
      // The client of the leader system is a client of its Mensagem, as the others are of gRPC.
      ...['wire/mensagem/messages', 'wire/mensagem/decode', 'wire/mensagem/encode', 'wire/mensagem/lines'],
      'wire/mensagem/console',
      // What a portal publishes is checked at its broker.
      ...['mqtt/mqtt-connection', 'mqtt/broker-url', 'mqtt/failure-text'],
    ],
    packages: ['@grpc/grpc-js', 'yargs', 'picocolors', 'cli-table3', 'string-width', 'node:*'],
  },
  app: {
    folders: [
      ...['core', 'ports', 'call', 'files', 'wire', 'mqtt', 'config', 'portal', 'metrics', 'app'],
      ...['engines', 'engines/watching', 'engines/fleet', 'engines/fleet/replication', 'engines/fleet/bus'],
      ...['engines/fleet/journal', 'engines/consensus', 'engines/leader', 'engines/partitions'],
      ...['security/access', 'security/tls', 'doors', 'doors/port', 'doors/mensagem', 'doors/mqtt'],
    ],
    packages: ['pino', 'pino-pretty', 'node:*'],
  },
};

/**
 * What the pages of the browser, in panel/src, may import beside themselves: shapes and pure code of src that they share with
 * what answers them.
 */
export const PANEL_RULE: LayerRule = {
  folders: ['laboratory'],
  modules: ['doors/http/panel-json', 'doors/http/schemas', 'core/errors'],
  packages: ['preact', '@preact/signals', 'uplot', 'diff'],
};

/** Folders where time, randomness and output come only through a port, so that a fleet runs under a virtual clock. */
export const PURE_FOLDERS: readonly string[] = [
  'core',
  'ports',
  'call',
  'engines',
  'engines/watching',
  'engines/fleet',
  'engines/fleet/replication',
  'engines/fleet/watching',
  'laboratory',
];

/** The folder of the layer table in which a file or module below src lies: the longest one; `undefined`: in none. */
export function layerOf(file: string): string | undefined {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) {
    if (folder in LAYERS) return folder;
  }
  return undefined;
}

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
  const rule = LAYERS[layerOf(file) ?? ''];
  if (rule === undefined) return [`${file} lies in no folder of the layer table`];
  return importedNames(source).flatMap((name) =>
    allowed(rule, `src/${file}`, name) ? [] : [`${file} imports ${name}`],
  );
}

/** The same for one file of the pages. @param file path below panel, with `/`, such as `src/main.tsx` */
export function panelViolations(file: string, source: string): string[] {
  return importedNames(source).flatMap((name) => {
    const isOwn = name.startsWith('.') && pathOf(`panel/${file}`, name).startsWith('panel/src/');
    return isOwn || allowed(PANEL_RULE, `panel/${file}`, name) ? [] : [`panel/${file} imports ${name}`];
  });
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
  const path = pathOf(file, name);
  if (!path.startsWith('src/')) return false;
  const target = path.slice('src/'.length).replace(/\.[jt]s$/, '');
  return rule.folders.includes(layerOf(target) ?? '') || (rule.modules ?? []).includes(target);
}

/** Where an import leads, from the root. */
function pathOf(file: string, name: string): string {
  return new URL(name, `file:///${file}`).pathname.slice(1);
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Uses of clocks, timers, randomness, the process or the console in a file of a pure folder, one line each. */
export function impurities(file: string, source: string): string[] {
  if (!PURE_FOLDERS.includes(layerOf(file) ?? '')) return [];
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

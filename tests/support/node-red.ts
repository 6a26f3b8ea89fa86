import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { underLock } from '../../bench/support/build-lock.js';
import { endsWithTest } from './children.js';
import { ensureBuilt, root } from './e2e-build.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';

const run = promisify(execFile);

const pinned = join(root, 'tests/node-red/runtime');
const home = join(root, 'node_modules/.node-red');
const NPM = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
const FETCH_MS = 240_000;
const OPEN_MS = 60_000;

/**
 * Fetches the pinned Node-RED, which is too large to be a dependency of everyone: 280 packages, 117 MB.
 * @returns why it is missing, if it is
 */
export async function fetchNodeRed(): Promise<string | undefined> {
  const lock = 'package-lock.json';
  const isThere = (): boolean =>
    existsSync(join(home, lock)) &&
    readFileSync(join(home, lock), 'utf8') === readFileSync(join(pinned, lock), 'utf8');
  try {
    if (isThere()) return undefined;
    await underLock(join(root, 'node_modules/.kvs-node-red'), async () => {
      if (isThere()) return;
      // Whole or not at all.
      const fresh = `${home}.${process.pid}`;
      await rm(fresh, { recursive: true, force: true });
      cpSync(pinned, fresh, { recursive: true });
      await run('npm', ['ci', ...NPM, '--fetch-retries=2'], { cwd: fresh, timeout: FETCH_MS });
      await rm(home, { recursive: true, force: true });
      await rename(fresh, home);
    });
    return undefined;
  } catch (error) {
    const last = String((error as { stderr?: unknown }).stderr ?? error).trim();
    return `falta o Node-RED, que npm ci busca na rede (tests/node-red/runtime): ${last}`;
  }
}

/** Packs the nodes, and installs them into an empty user folder as whoever uses them does. */
export async function installNodes(folder: string): Promise<void> {
  await ensureBuilt();
  mkdirSync(folder, { recursive: true });
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: join(root, 'dist/node-red') });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "node-red-project", "private": true }\n');
  await run('npm', ['install', ...NPM, join(folder, tarball ?? '')], { cwd: folder, timeout: FETCH_MS });
}

/** A node of a flow file. */
export type FlowNode = Record<string, unknown> & { readonly id: string; readonly type: string };

/** A flow that the package ships. */
export function exampleFlow(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(root, 'node-red/examples', name), 'utf8')) as FlowNode[];
}

/** The mark of what a test listens to, in Node-RED's log. */
const MARK = '@@';

/** The same flows, with a node beside each debug node that writes to the log what this one shows, and every status. */
export function overheard(flows: readonly FlowNode[]): FlowNode[] {
  const listener = (z: unknown, id: string, name: unknown): FlowNode => ({
    ...{ id, type: 'function', z, outputs: 0, wires: [], name: '' },
    func: `node.log('${MARK}' + JSON.stringify({ at: ${JSON.stringify(name)}, msg }));`,
  });
  const debugs = flows.filter(({ type }) => type === 'debug');
  const names = new Map(debugs.map(({ id }) => [id, `ouve-${id}`]));
  const heard = flows.map((node) => {
    if (!Array.isArray(node['wires'])) return node;
    const wires = (node['wires'] as string[][]).map((ends) => [
      ...ends,
      ...ends.flatMap((end) => names.get(end) ?? []),
    ]);
    return { ...node, wires };
  });
  const tabs = flows.filter(({ type }) => type === 'tab');
  return [
    ...heard,
    ...debugs.map(({ id, z, name }) => listener(z, `ouve-${id}`, name)),
    ...tabs.flatMap(({ id }): FlowNode[] => [
      { id: `estado-${id}`, type: 'status', z: id, scope: null, wires: [[`ouve-estado-${id}`]] },
      listener(id, `ouve-estado-${id}`, 'estado'),
    ]),
  ];
}

interface Overheard {
  readonly at: string;
  readonly msg: Readonly<Record<string, unknown>>;
}

/** A real Node-RED in a process of its own. */
export class NodeRed {
  readonly lines: string[] = [];
  private readonly heard: Overheard[] = [];
  private child: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  /**
   * @param folder its user folder, made if there is none
   * @param nodes where {@link installNodes} has put the nodes
   * @param contextStorage of `settings.js`, as the text of an expression
   */
  static async start(folder: string, nodes: string, contextStorage: string): Promise<NodeRed> {
    mkdirSync(folder, { recursive: true });
    if (folder !== nodes) {
      symlinkSync(join(nodes, 'node_modules'), join(folder, 'node_modules'));
      cpSync(join(nodes, 'package.json'), join(folder, 'package.json'));
    }
    const red = new NodeRed(folder, await freePort());
    writeFileSync(
      join(folder, 'settings.js'),
      `module.exports = {
        uiHost: '127.0.0.1', uiPort: ${red.port}, flowFile: 'flows.json', lang: 'pt-BR',
        credentialSecret: 'um segredo do teste',
        editorTheme: { tours: false },
        telemetry: { enabled: false, updateNotification: false },
        contextStorage: ${contextStorage},
      };\n`,
    );
    await red.launch();
    return red;
  }

  /** Starts it again, with the flows that it has. */
  async launch(): Promise<void> {
    const words = [join(home, 'node_modules/node-red/red.js'), '--userDir', this.folder];
    const child = spawn(process.execPath, [...words, '--settings', join(this.folder, 'settings.js')], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endsWithTest(child);
    this.child = child;
    this.ended = new Promise((resolve) => child.once('close', resolve));
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        const mark = line.indexOf(MARK);
        if (mark >= 0) this.heard.push(JSON.parse(line.slice(mark + MARK.length)) as Overheard);
      });
    }
    await eventually(
      `Node-RED starts: ${this.folder}`,
      async () => {
        if (child.exitCode !== null) throw new Error(this.lines.join('\n'));
        return (await this.ask('/flows')).ok;
      },
      OPEN_MS,
    );
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGTERM');
    const late = setTimeout(() => this.child?.kill('SIGKILL'), 20_000);
    await this.ended;
    clearTimeout(late);
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  /** Deploys flows by the admin API, what is heard in them included. */
  async deploy(flows: readonly FlowNode[]): Promise<void> {
    const headers = { 'content-type': 'application/json', 'node-red-deployment-type': 'full' };
    const body = JSON.stringify(overheard(flows));
    const answer = await this.ask('/flows', { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`deploy: ${answer.status} ${await answer.text()}`);
  }

  /** Presses the button of an inject node, once there is one: flows start after their deployment was answered. */
  async inject(id: string): Promise<void> {
    await eventually(
      `there is a node ${id}`,
      async () => {
        const { ok, status } = await this.ask(`/inject/${id}`, { method: 'POST' });
        if (!ok && status !== 404) throw new Error(`inject: ${status}`);
        return ok;
      },
      30_000,
    );
  }

  /** The messages that reached a debug node of this name. */
  messages(name: string): Overheard['msg'][] {
    return this.heard.filter(({ at }) => at === name).map(({ msg }) => msg);
  }

  /** Forgets what was heard. */
  forget(): void {
    this.heard.length = 0;
  }

  /** Waits for a message at a debug node. */
  async hears(
    name: string,
    matches: (msg: Overheard['msg']) => boolean = () => true,
  ): Promise<Overheard['msg']> {
    try {
      return await eventually(`${name} hears it`, () => this.messages(name).find(matches), 30_000);
    } catch (error) {
      const heard = JSON.stringify(this.heard.slice(-20));
      throw new Error(`${heard}\n${this.lines.slice(-40).join('\n')}`, { cause: error });
    }
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readRecording } from '../../src/laboratory/read-recording.js';
import type { ReadRecording } from '../../src/laboratory/read-recording.js';
import type {
  CallAnswered,
  HostState,
  RecordedEvent,
  RecordingHeader,
} from '../../src/laboratory/recording.js';
import { endsWithTest, folderOfTest } from '../support/children.js';
import { ensureBuilt, root } from '../support/e2e-build.js';

/** `kvs laboratorio`, as a page uses it. */
export class LabProcess {
  /** Of the recording now, as they come. */
  events: RecordedEvent[] = [];
  header: RecordingHeader | undefined;
  said = '';
  readonly ended: Promise<number | string>;
  private readonly watchers = new Set<() => void>();
  private base = '';
  private session = '';

  private constructor(
    readonly child: ChildProcess,
    readonly file: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
        this.look();
      });
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve(code ?? signal ?? '');
        this.look();
      });
    });
  }

  /** @returns once all servers serve */
  static async start(...words: readonly string[]): Promise<LabProcess> {
    const lab = await LabProcess.begin(...words);
    await lab.until('all serve', () => lab.said.includes('os três servidores atendem'));
    return lab;
  }

  /** @returns once it can be asked for something; its servers are starting */
  static async begin(...words: readonly string[]): Promise<LabProcess> {
    await ensureBuilt();
    const file = join(await folderOfTest('lab-test-'), 'run.jsonl');
    const all = [join(root, 'bin/kvs'), 'laboratorio', '--grava', file, ...words];
    const child = spawn(process.execPath, all, { stdio: 'pipe' });
    endsWithTest(child);
    const lab = new LabProcess(child, file);
    await lab.login();
    return lab;
  }

  /** A session for the address that the terminal shows last. */
  async login(): Promise<void> {
    const shown = /(http:\/\/127\.0\.0\.1:\d+)\/#(\S+)\n/g;
    const found = await this.until('an address', () => [...this.said.matchAll(shown)].at(-1));
    const [, base = '', token = ''] = found;
    this.base = base;
    const response = await fetch(`${base}/v1/sessao`, { method: 'POST', body: JSON.stringify({ token }) });
    this.session = ((await response.json()) as { sessao: string }).sessao;
    void this.follow();
  }

  /** Enter at its terminal. @returns an address that nobody has used */
  async newAddress(): Promise<string> {
    const before = this.said.length;
    this.child.stdin?.write('\n');
    return this.until(
      'a new address',
      () => /http:\/\/127\.0\.0\.1:\d+\/#\S+(?=\n)/.exec(this.said.slice(before))?.[0],
    );
  }

  /** Does something; fails unless it is done. */
  async act(acao: string, more: object = {}): Promise<Record<string, unknown>> {
    const body = JSON.stringify({ acao, ...more });
    const response = await fetch(`${this.base}/v1/acao`, { method: 'POST', headers: this.headers, body });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${body}: ${JSON.stringify(answer)}`);
    return answer;
  }

  async call(servidor: string, operacao: string, chave: string, more: object = {}): Promise<CallAnswered> {
    const answer = await this.act('chama', { servidor, cliente: 'c1', operacao, chave, ...more });
    return answer as unknown as CallAnswered;
  }

  async get(path: string): Promise<string> {
    return (await fetch(`${this.base}${path}`, { headers: this.headers })).text();
  }

  /** Waits until what it has told makes this true. */
  until<T>(what: string, holds: () => T | false | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watchers.delete(look);
        reject(new Error(`never: ${what}; it said: ${this.said}`));
      }, 60_000);
      const look = (): void => {
        const found = holds();
        if (found === false || found === undefined) return;
        clearTimeout(timer);
        this.watchers.delete(look);
        resolve(found);
      };
      this.watchers.add(look);
      look();
    });
  }

  /** Waits until all servers hold the same, which is so many versions. */
  agreed(versions: number): Promise<boolean> {
    return this.until(`agreement on ${versions} versions`, () => {
      const states = ['n1', 'n2', 'n3'].map((host) => this.lastState(host));
      const [first] = states;
      return states.every((state) => state?.versions === versions && state.storeHash === first?.storeHash);
    });
  }

  lastState(host: string): HostState | undefined {
    return this.events.findLast((event): event is HostState => event.kind === 'state' && event.host === host);
  }

  /** `kill -9` of one of its servers, as somebody else does it. */
  killServer(name: string): void {
    const children = readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8');
    const found = children.split(' ').find((pid) => {
      const words = pid === '' ? [] : readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[words.indexOf('--nome') + 1] === name && words.includes('--nome');
    });
    if (found === undefined) throw new Error(`no process of ${name} below ${this.child.pid}`);
    process.kill(Number(found), 'SIGKILL');
  }

  /** Ctrl-C. @returns the recording as it is in the file */
  async stop(): Promise<ReadRecording> {
    this.child.kill('SIGINT');
    await this.ended;
    return readRecording(await readFile(this.file, 'utf8'));
  }

  private get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.session}` };
  }

  private async follow(): Promise<void> {
    const response = await fetch(`${this.base}/v1/eventos`, { headers: this.headers }).catch(() => undefined);
    if (response?.body === null || response === undefined) return;
    const { Readable } = await import('node:stream');
    const input = Readable.fromWeb(response.body);
    input.on('error', () => undefined);
    const lines = createInterface({ input });
    // The servers may be killed with their page.
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const event = JSON.parse(line) as RecordedEvent | RecordingHeader | { kind: 'alive' };
      if (event.kind === 'alive') return;
      if (event.kind === 'recording') [this.header, this.events] = [event, []];
      else this.events.push(event);
      this.look();
    });
  }

  private look(): void {
    for (const look of [...this.watchers]) look();
  }
}

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { underLock } from '../../bench/support/build-lock.js';
import { endsWithTest } from '../support/children.js';
import { GrpcJsCaller } from './grpc-js.js';

/** A call that a client of gRPC is to make. Messages are as protobuf's JSON has them, with the names of the file. */
export interface CallOrder {
  /** `/package.Service/Rpc` */
  readonly rpc: string;
  /** `package.Service/Rpc` whose messages it has, if `rpc` is none that anybody declares. */
  readonly as?: string;
  /** A call with one request has exactly one. */
  readonly requests: readonly object[];
  /** Values of `-bin` are in Base64. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Each request is sent only after an answer to the one before. */
  readonly inTurn?: boolean;
  /** The client half-closes a stream of requests only when told. */
  readonly held?: boolean;
  /** It cancels after so many answers; 0: once it has begun. */
  readonly cancelAfter?: number;
  /** It compresses its requests. */
  readonly compressed?: boolean;
}

/** What a client says of a call. */
export interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly answers: readonly Record<string, unknown>[];
  readonly initial: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
}

/** A call that the client does not half-close yet. */
export interface HeldCall {
  readonly outcome: Promise<Outcome>;
  /** Answers until now. */
  readonly answered: () => number;
  /** Has it half-closed. */
  release(): void;
}

/** What a client connects to, and how. */
export interface CallerOptions {
  /** A `FileDescriptorSet` with all services that are called. */
  readonly descriptors: Buffer;
  readonly port: number;
  /** File of the authorities that vouch for the server: then TLS is spoken. */
  readonly ca?: string | undefined;
  /** How often the client sends PINGs; grpcio takes at least a second, and grpc-go ten. */
  readonly keepaliveMs?: number | undefined;
}

/** A client of gRPC of some library. */
export interface Caller {
  call(order: CallOrder): Promise<Outcome>;
  hold(order: CallOrder): HeldCall;
  close(): Promise<void>;
}

/** A library whose client makes the calls. */
export interface Library {
  readonly name: string;
  open(options: CallerOptions): Promise<Caller>;
}

/** Debian's packages with grpcio are for Debian's own Python. */
export const PYTHON = '/usr/bin/python3';
export const GO_PACKAGES = '/usr/share/gocode';

/**
 * The libraries that are installed here. Says in one line which is not.
 * @throws Error if one is missing where nothing may be skipped (`CI=true`)
 */
export function installedLibraries(): Library[] {
  const libraries: Library[] = [
    { name: 'grpc-js', open: (options) => Promise.resolve(new GrpcJsCaller(options)) },
  ];
  if (
    isInstalled('grpcio', 'python3-grpcio python3-protobuf', () => {
      const imported = spawnSync(PYTHON, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' });
      return imported.status === 0;
    })
  ) {
    libraries.push({ name: 'grpcio', open: openPython });
  }
  if (
    isInstalled('grpc-go', 'golang-go golang-google-grpc-dev golang-google-protobuf-dev', () => {
      const packages = ['google.golang.org/grpc', 'google.golang.org/protobuf'];
      const found = packages.every((name) => existsSync(join(GO_PACKAGES, 'src', name)));
      return found && spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
    })
  ) {
    libraries.push({ name: 'grpc-go', open: openGo });
  }
  return libraries;
}

/**
 * Whether something is installed. Says in one line what is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function isInstalled(name: string, packages: string, check: () => boolean): boolean {
  if (check()) return true;
  if (process.env['CI'] === 'true') {
    throw new Error(`${name} is not installed, and with CI=true nothing is skipped`);
  }
  process.stderr.write(`SKIPPED: ${name} is not installed (Debian: apt-get install ${packages})\n`);
  return false;
}

const programs = fileURLToPath(new URL('programs', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

function openPython(options: CallerOptions): Promise<Caller> {
  const channel = {
    'grpc.enable_http_proxy': 0,
    ...(options.keepaliveMs !== undefined && {
      'grpc.keepalive_time_ms': options.keepaliveMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.http2.max_pings_without_data': 0,
    }),
  };
  return openProgram(PYTHON, [join(programs, 'calls.py')], options, channel);
}

async function openGo(options: CallerOptions): Promise<Caller> {
  return openProgram(await builtGo(), [], options, { keepaliveMs: options.keepaliveMs ?? 0 });
}

const GO_FOLDER = join(modules, '.kvs-interop');

/** Builds something in Go, one at a time, with the environment of Debian's packages and a cache of its own. */
export async function underGoCache(build: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  await mkdir(GO_FOLDER, { recursive: true });
  const own = { GO111MODULE: 'off', GOPATH: GO_PACKAGES, GOFLAGS: '', CGO_ENABLED: '0' };
  const env = { ...process.env, ...own, GOCACHE: join(GO_FOLDER, 'cache') };
  await underLock(join(GO_FOLDER, 'lock'), () => build(env));
}

/** Builds the program in Go, unless it is newer than its source. Test files that run at once build it once. */
async function builtGo(): Promise<string> {
  const [program, source] = [join(GO_FOLDER, 'calls'), join(programs, 'calls.go')];
  const isFresh = async (): Promise<boolean> => {
    const built = await stat(program).catch(() => undefined);
    return built !== undefined && built.mtimeMs > (await stat(source)).mtimeMs;
  };
  if (await isFresh()) return program;
  await underGoCache(async (env) => {
    if (await isFresh()) return;
    const child = spawn('go', ['build', '-o', `${program}.new`, source], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    endsWithTest(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`go build: ${errors}`);
    await rename(`${program}.new`, program);
  });
  return program;
}

async function openProgram(
  command: string,
  args: readonly string[],
  options: CallerOptions,
  channel: object,
): Promise<Caller> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-interop-'));
  const file = join(folder, 'descriptors');
  await writeFile(file, options.descriptors);
  // The test connects to this machine, whatever proxy is meant for others.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
  // While no call waits, grpcio looks only every five seconds whether a new connection is ready.
  env['GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS'] = '100';
  const words = [...args, file, `localhost:${options.port}`, options.ca ?? '', JSON.stringify(channel)];
  return new ProgramCaller(spawn(command, words, { env, stdio: ['pipe', 'pipe', 'pipe'] }), folder);
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
  answered: number;
}

interface Said extends Outcome {
  readonly id: number;
  readonly answered?: number;
  readonly failure?: string;
}

/** Has a program make the calls, whose order and outcome are lines of JSON. */
class ProgramCaller implements Caller {
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<unknown>;
  private ids = 0;
  private errors = '';

  constructor(
    private readonly child: ChildProcess & { readonly stdin: NodeJS.WritableStream },
    private readonly folder: string,
  ) {
    endsWithTest(child);
    this.ended = new Promise((resolve) => child.once('close', resolve));
    child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.hear(JSON.parse(line) as Said);
    });
    void this.ended.then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error(`it ended: ${this.errors}`));
    });
  }

  call(order: CallOrder): Promise<Outcome> {
    return this.hold(order).outcome;
  }

  hold(order: CallOrder): HeldCall {
    const id = ++this.ids;
    let waiting: Waiting | undefined;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      waiting = { resolve, reject, answered: 0 };
      this.waiting.set(id, waiting);
    });
    this.say({ ...order, id });
    return {
      outcome,
      answered: () => waiting?.answered ?? 0,
      release: () => {
        this.say({ id, release: id });
      },
    };
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  private say(line: object): void {
    this.child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  private hear(said: Said): void {
    const waiting = this.waiting.get(said.id);
    if (waiting === undefined) return;
    if (said.answered !== undefined) {
      waiting.answered = said.answered;
      return;
    }
    this.waiting.delete(said.id);
    if (said.failure === undefined) waiting.resolve(said);
    else waiting.reject(new Error(said.failure));
  }
}

/** A `FileDescriptorSet` of encoded files; a file that comes twice is in it once. */
export function descriptorSet(files: Iterable<Buffer>): Buffer {
  const distinct = new Map(Array.from(files, (file) => [file.toString('base64'), file]));
  return Buffer.concat(
    [...distinct.values()].flatMap((file) => [Buffer.from([FIELD_1_LENGTH]), varint(file.length), file]),
  );
}

const FIELD_1_LENGTH = 0x0a;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

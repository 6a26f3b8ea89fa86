import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { loadService } from './door-client.js';

const definition = loadService('loja.proto', 'frota.v1.Loja');
const health = loadService('grpc/health.proto', 'grpc.health.v1.Health');

/** Numbers of `Tipo`. */
export const TIPO = { INSERE: 1, PRESENTE: 4, RECOMECA: 5, EM_DIA: 6 } as const;

interface Interest {
  readonly tudo?: boolean;
  readonly token?: string;
}
type WatchCall = ServerWritableStream<Interest, object>;
type Unary = ServerUnaryCall<Record<string, unknown>, object>;

/** How a stream is ended: with a status, as the server has no more to say, or with the connection. */
export type Cut = 'UNAVAILABLE' | 'LEITOR_LENTO' | 'INTERNAL' | 'OK';

/** An event as the server sends it; its token is the place after it. */
function event(tipo: number, at: number, valor?: string, token = `t${at}`): object {
  return { tipo, token, linha: valor === undefined ? null : { chave: 'k', valor, versao: at, ts_ms: at } };
}

/**
 * Several servers of `frota.v1.Loja` over one log of values, which do exactly what a test says: each value is an event,
 * and a token a place in the log.
 */
export class LojaServers {
  readonly log: string[] = [];
  readonly ports: number[] = [];
  /** A token of a place before this is of what nobody knows any more. */
  horizon = 0;
  /** Called before each event is sent: says how to end the stream instead. */
  cut: (call: number, sent: number) => Cut | undefined = () => undefined;
  /** Answers of unary calls, by method; the metadata is that of the call. */
  readonly answers = new Map<
    string,
    (request: Record<string, unknown>, metadata: Metadata) => object | Promise<object>
  >();
  /** Whether a call with a session gets a new token. */
  sessions = false;
  private session = 0;
  /** Watches that were opened so far, and those that are open. */
  opened = 0;
  open = 0;
  /** Which server was asked last for a watch. */
  last = 0;
  /** Interests as they came, and events sent. */
  readonly interests: Interest[] = [];
  sent = 0;
  /** How often clients asked for their health. */
  checks = 0;
  private readonly servers: (Server | undefined)[] = [];
  private readonly waiting = new Set<() => void>();

  static async start(count: number): Promise<LojaServers> {
    const servers = new LojaServers();
    for (let index = 0; index < count; index++) await servers.begin(index);
    return servers;
  }

  get addresses(): string[] {
    return this.ports.map((port) => `127.0.0.1:${port}`);
  }

  append(...values: string[]): void {
    this.log.push(...values);
    for (const wake of this.waiting) wake();
  }

  /** Ends a server with all its connections. */
  kill(index: number): void {
    this.servers[index]?.forceShutdown();
    this.servers[index] = undefined;
  }

  /** Starts a server, on its former port if it had one. */
  async begin(index: number): Promise<void> {
    const server = new Server();
    const names = Object.keys(definition).filter(
      (name) => !['Observa', 'Historico', 'Lista', 'Grava'].includes(name),
    );
    server.addService(definition, {
      ...Object.fromEntries(names.map((name) => [name, this.unary(name)])),
      Observa: (call: WatchCall) => {
        this.last = index;
        void this.watch(call);
      },
      Lista: (call: ServerWritableStream<Record<string, unknown>, object>) => this.list(call),
    });
    server.addService(health, {
      Check: (_: Unary, reply: sendUnaryData<object>) => {
        this.checks++;
        reply(null, { status: 'SERVING' });
      },
      List: () => undefined,
      Watch: () => undefined,
    });
    this.ports[index] = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${this.ports[index] ?? 0}`;
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    this.servers[index] = server;
  }

  stop(): void {
    for (const index of this.servers.keys()) this.kill(index);
  }

  private unary(name: string) {
    return ({ request, metadata }: Unary, reply: sendUnaryData<object>): void => {
      const answer = this.answers.get(name)?.(request, metadata) ?? failure('UNAVAILABLE');
      void Promise.resolve(answer).then((value) => {
        if (value instanceof Error) {
          reply(value);
          return;
        }
        const trailer = new Metadata();
        if (this.sessions && metadata.get('kvs-sessao').length > 0)
          trailer.set('kvs-sessao', `s1.${++this.session}`);
        reply(null, value, trailer);
      });
    };
  }

  /** One line a value of the log, in order, from the one after `depois`. */
  private list(call: ServerWritableStream<Record<string, unknown>, object>): void {
    const number = ++this.opened;
    const first = this.log.findIndex((key) => key > String(call.request['depois']));
    let sent = 0;
    for (const key of first < 0 ? [] : this.log.slice(first)) {
      const how = this.cut(number, sent++);
      if (how !== undefined) {
        call.emit('error', failure(how));
        return;
      }
      call.write({ chave: key, valor: 'v', versao: 1 });
    }
    call.end();
  }

  private async watch(call: WatchCall): Promise<void> {
    const number = ++this.opened;
    this.open++;
    this.interests.push(call.request);
    const state = { isOver: false };
    let wake = (): void => undefined;
    call.on('cancelled', () => {
      if (!state.isOver) this.open--;
      state.isOver = true;
      wake();
    });
    let sent = 0;
    const send = async (message: object): Promise<boolean> => {
      if (state.isOver) return false;
      const how = this.cut(number, sent);
      if (how !== undefined) {
        state.isOver = true;
        this.open--;
        if (how === 'OK') call.end();
        else call.emit('error', failure(how));
        return false;
      }
      sent++;
      this.sent++;
      if (!call.write(message)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          call.once('drain', resolve);
        });
      }
      return !state.isOver;
    };
    const { token = '', tudo = false } = call.request;
    let place = token === '' ? this.log.length : Number(token.slice(1));
    const isVoid = token !== '' && place < this.horizon;
    if (isVoid && !(await send({ tipo: TIPO.RECOMECA }))) return;
    if (isVoid || tudo) {
      place = this.log.length;
      for (const [at, value] of this.log.slice(0, place).entries()) {
        if (!(await send(event(TIPO.PRESENTE, at + 1, value, '')))) return;
      }
    }
    for (let isToldSo = false; ;) {
      while (place < this.log.length) {
        if (!(await send(event(TIPO.INSERE, place + 1, this.log[place])))) return;
        place++;
      }
      if (!isToldSo && !(await send(event(TIPO.EM_DIA, place)))) return;
      isToldSo = true;
      if (place < this.log.length) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.waiting.add(resolve);
      });
      this.waiting.delete(wake);
      if (state.isOver) return;
    }
  }
}

/** An error with the status of this name, or with this code of the product as its reason. */
export function failure(how: string): Error {
  const metadata = new Metadata();
  const known = Object.entries(status).find(([name]) => name === how)?.[1] as status | undefined;
  if (known === undefined) metadata.set('kvs-erro', encodeURIComponent(`${how}: não`));
  return Object.assign(new Error(how), { code: known ?? status.FAILED_PRECONDITION, details: how, metadata });
}

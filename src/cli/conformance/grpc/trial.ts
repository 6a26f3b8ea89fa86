import { setTimeout as pause } from 'node:timers/promises';
import type { Metadata } from '@grpc/grpc-js';
import { CallBroken, Deviation, NotTried } from '../case.js';
import { meets, displayed } from '../expectation.js';
import type { Expected } from '../expectation.js';
import { conformanceLimits } from '../limits.js';
import type { Transcript } from '../transcript.js';
import type { MethodName } from '../../../client/method.js';
import { brokenOf, silentCall, unfinishedStream } from './broken.js';
import type { GrpcServer, CameMessage } from './server.js';

/** Where and why, if not as usual. */
interface StepTerms {
  /** The server, by its place; 0 if absent. */
  readonly at?: number;
  /** The likely cause if this step fails; that of the case if absent. */
  readonly hint?: string;
  /** Another service than that of the trial. */
  readonly of?: ServiceName;
}

/** A request of a stream, and the answer expected to it. */
export type StreamStep = readonly [request: object, expected: Expected];

/** A service: its file, and its full name. */
export interface ServiceName {
  readonly file: string;
  readonly service: string;
}

export interface TrialOptions extends ServiceName {
  readonly servers: readonly GrpcServer[];
  readonly transcript: Transcript;
  /** What all keys of this case begin with. */
  readonly prefix: string;
  /** Told of each key that may come to be, so that it can be removed at the end. */
  readonly uses: (key: string) => void;
  readonly replicaMs: number;
}

/** The steps of one case at servers that speak gRPC: each is sent, noted, and compared with what is expected. */
export class GrpcTrial {
  constructor(private readonly options: TrialOptions) {}

  get servers(): readonly GrpcServer[] {
    return this.options.servers;
  }

  /** The full name of the service. */
  get service(): string {
    return this.options.service;
  }

  /** What the keys of this case begin with. */
  get prefix(): string {
    return this.options.prefix;
  }

  /** A key of this case. */
  key(name: string): string {
    const key = this.options.prefix + name;
    this.uses(key);
    return key;
  }

  protected get replicaMs(): number {
    return this.options.replicaMs;
  }

  /** Begins a step that is no call. */
  protected note(sent: string): (came: string) => void {
    return this.begin(undefined, sent);
  }

  /** Something that may come to be, and is to be removed at the end. */
  protected uses(what: string): void {
    this.options.uses(what);
  }

  /** A unary call. @throws Deviation, CallBroken */
  async call(
    method: string,
    request: object,
    expected: Expected,
    terms: StepTerms = {},
  ): Promise<CameMessage> {
    return (await this.callWhole(method, request, expected, terms)).message;
  }

  /** As {@link call}, with the trailing metadata too. */
  async callWhole(
    method: string,
    request: object,
    expected: Expected,
    { at = 0, hint, of }: StepTerms = {},
  ): Promise<{ readonly message: CameMessage; readonly trailer: Metadata }> {
    const name = this.nameOf(method, of);
    const isOther = name.service !== this.service;
    const came = this.begin(at, `${isOther ? `${name.service}/` : ''}${method} ${displayed(request)}`);
    const call = this.server(at).call(name, request);
    const answer = await this.noting(came, call);
    came(displayed(answer.message));
    if (!meets(answer.message, expected))
      throw new Deviation(displayed(expected), displayed(answer.message), hint);
    return answer;
  }

  /** A stream whose requests are all sent at once: one answer to each, in order, and then the end. */
  async stream(
    method: string,
    exchanges: readonly StreamStep[],
    { at = 0, hint }: StepTerms = {},
  ): Promise<void> {
    const requests = exchanges.map(([request]) => request);
    const came = this.begin(at, `${method} ${displayed(requests)}`);
    const { send, end, reader } = this.server(at).open(this.nameOf(method));
    for (const request of requests) send(request);
    end();
    const answers = await this.noting(came, this.collect(at, method, reader));
    came(displayed(answers));
    if (answers.length !== exchanges.length) {
      throw new Deviation(
        answersText(exchanges.length),
        `${answersText(answers.length)}: ${displayed(answers)}`,
        `${method} responde a cada pedido com exatamente uma mensagem, também quando o pedido falha, e termina quando o cliente termina`,
      );
    }
    for (const [index, [, expected]] of exchanges.entries()) {
      if (meets(answers[index], expected)) continue;
      const place = `a resposta ${index + 1}: `;
      throw new Deviation(place + displayed(expected), place + displayed(answers[index]), hint);
    }
  }

  /** A stream in which each request waits for the answer to the one before: a server that waits for the end is found. */
  async dialogue(method: string, exchanges: readonly StreamStep[]): Promise<void> {
    const server = this.server(0);
    // A server that is slow, and no more, is given all the time that it may take.
    const promptMs = server.timeoutMs;
    const { send, end, reader } = server.open(this.nameOf(method));
    try {
      for (const [request, expected] of exchanges) {
        const came = this.begin(0, `${method} ${displayed(request)} (o cliente ainda não terminou)`);
        send(request);
        const event = await reader.next(promptMs);
        if (event.kind === 'silence') {
          end();
          const late = await reader.next(server.timeoutMs);
          if (late.kind !== 'message') throw silentCall(method, promptMs);
          const text = `nada em ${promptMs} ms; só depois que o cliente terminou: ${displayed(server.read(late.message))}`;
          came(text);
          throw new Deviation(displayed(expected), text);
        }
        const message = this.messageOf(event, method, came);
        if (!meets(message, expected)) throw new Deviation(displayed(expected), displayed(message));
      }
      const came = this.begin(0, `${method}: o cliente termina`);
      end();
      const last = await reader.next(server.timeoutMs);
      if (last.kind === 'end') {
        came('fim');
        return;
      }
      const text = last.kind === 'message' ? displayed(server.read(last.message)) : 'nada';
      came(text);
      if (last.kind === 'error') throw brokenOf(last.error, method, server.timeoutMs);
      throw new Deviation(
        'o fim das respostas',
        text,
        `${method} precisa terminar as respostas quando o cliente termina os pedidos (onCompleted em Java, o fim do laço em Python)`,
      );
    } finally {
      reader.cancel();
    }
  }

  /** The messages of a stream from the server that belong to this case, in the order in which they came. */
  async rows(
    method: string,
    request: object,
    belongs: (message: CameMessage) => boolean,
    { at = 0, of }: StepTerms = {},
  ): Promise<readonly CameMessage[]> {
    const came = this.begin(at, `${method} ${displayed(request)}`);
    const { reader } = this.server(at).open(this.nameOf(method, of), request);
    const found = await this.noting(came, this.collect(at, method, reader, belongs));
    came(displayed(found));
    return found;
  }

  /** As {@link rows}, which must be these, in this order. @throws Deviation */
  async expectRows(
    method: string,
    request: object,
    belongs: (message: CameMessage) => boolean,
    expected: readonly Expected[],
    terms: StepTerms = {},
  ): Promise<void> {
    const found = await this.rows(method, request, belongs, terms);
    if (!meets(found, expected)) throw new Deviation(displayed(expected), displayed(found), terms.hint);
  }

  /** Asks a server until it answers as expected. @throws Deviation once the time has passed */
  async eventually(method: string, request: object, expected: Expected, terms: StepTerms): Promise<void> {
    const { at = 0, hint, of } = terms;
    await this.poll(at, `${method} ${displayed(request)}`, displayed(expected), hint, async (came) => {
      const call = this.server(at).call(this.nameOf(method, of), request);
      const { message } = await this.noting(came, call);
      return { text: displayed(message), isMet: meets(message, expected) };
    });
  }

  /** As {@link eventually}, for the messages of a stream from the server. */
  async eventuallyRows(
    method: string,
    request: object,
    belongs: (message: CameMessage) => boolean,
    expected: readonly Expected[],
    { at = 0, hint, of }: StepTerms,
  ): Promise<void> {
    await this.poll(at, `${method} ${displayed(request)}`, displayed(expected), hint, async (came) => {
      const { reader } = this.server(at).open(this.nameOf(method, of), request);
      const found = await this.noting(came, this.collect(at, method, reader, belongs));
      return { text: displayed(found), isMet: meets(found, expected) };
    });
  }

  /**
   * Asks all servers until they answer the same.
   * @param view what of an answer counts
   * @throws Deviation once the time has passed
   */
  async agree(
    method: string,
    request: object,
    view: (message: CameMessage) => CameMessage = (message) => message,
  ): Promise<void> {
    const sent = `${method} ${displayed(request)} em todos`;
    await this.poll(undefined, sent, 'a mesma resposta de todos', undefined, async (came) => {
      const calls = this.servers.map((server) => server.call(this.nameOf(method), request));
      const texts = (await this.noting(came, Promise.all(calls))).map(({ message }) =>
        displayed(view(message)),
      );
      const isMet = texts.every((text) => text === texts[0]);
      return { text: isMet ? (texts[0] ?? '') : texts.join(' · '), isMet };
    });
  }

  /** Looks again and again until what is seen is as expected. */
  private async poll(
    at: number | undefined,
    sent: string,
    expected: string,
    hint: string | undefined,
    look: (came: (text: string) => void) => Promise<{ readonly text: string; readonly isMet: boolean }>,
  ): Promise<void> {
    const { replicaMs } = this.options;
    const beganMs = performance.now();
    const came = this.begin(at, `${sent} (até ${replicaMs} ms)`);
    for (;;) {
      const { text, isMet } = await look(came);
      came(text);
      if (isMet) return;
      if (performance.now() - beganMs >= replicaMs) {
        throw new Deviation(expected, `${text}, ainda depois de ${replicaMs} ms`, hint, true);
      }
      await pause(conformanceLimits.lookMs);
    }
  }

  /** All messages of a stream. @throws CallBroken, NotTried if there are too many */
  private async collect(
    at: number,
    method: string,
    reader: ReturnType<GrpcServer['open']>['reader'],
    belongs: (message: CameMessage) => boolean = () => true,
  ): Promise<readonly CameMessage[]> {
    const server = this.server(at);
    const found: CameMessage[] = [];
    try {
      for (let count = 0; count <= conformanceLimits.streamMessages; count++) {
        const event = await reader.next(server.timeoutMs);
        if (event.kind === 'end') return found;
        if (event.kind === 'error') throw brokenOf(event.error, method, server.timeoutMs);
        if (event.kind === 'silence') throw unfinishedStream(method, server.timeoutMs, found);
        const message = server.read(event.message);
        if (belongs(message)) found.push(message);
      }
    } finally {
      reader.cancel();
    }
    throw new NotTried(`${method} mostrou mais de ${conformanceLimits.streamMessages} mensagens`);
  }

  private messageOf(
    event: Awaited<ReturnType<ReturnType<GrpcServer['open']>['reader']['next']>>,
    method: string,
    came: (text: string) => void,
  ): CameMessage {
    const server = this.server(0);
    if (event.kind === 'message') {
      const message = server.read(event.message);
      came(displayed(message));
      return message;
    }
    came(event.kind === 'end' ? 'fim' : 'nada');
    if (event.kind === 'error') throw brokenOf(event.error, method, server.timeoutMs);
    throw new Deviation(
      'uma resposta',
      'o fim das respostas',
      `${method} terminou as respostas antes de o cliente terminar os pedidos`,
    );
  }

  /** Notes what came of a call that broke, too. */
  private async noting<T>(came: (text: string) => void, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof CallBroken) came(error.came);
      throw error;
    }
  }

  /** @param at `undefined`: all servers */
  private begin(at: number | undefined, sent: string): (came: string) => void {
    const isOne = at === undefined || this.servers.length < 2;
    return this.options.transcript.begin(isOne ? undefined : this.server(at).name, sent);
  }

  private nameOf(method: string, { file, service }: ServiceName = this.options): MethodName {
    return { file, service, method };
  }

  private server(at: number): GrpcServer {
    const server = this.servers[at];
    if (server === undefined) throw new NotTried('faltam servidores: diga mais portas');
    return server;
  }
}

function answersText(count: number): string {
  if (count === 0) return 'nenhuma resposta';
  return count === 1 ? '1 resposta' : `${count} respostas`;
}

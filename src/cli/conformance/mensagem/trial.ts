import { setTimeout as pause } from 'node:timers/promises';
import type { ServerAddress } from '../../../client/link.js';
import { NULL, TRY_OTHER } from '../../../wire/mensagem/messages.js';
import { CallBroken, Deviation, NotTried } from '../case.js';
import { displayed } from '../expectation.js';
import { conformanceLimits } from '../limits.js';
import type { Transcript } from '../transcript.js';
import { readAnswer, requestNamed, saysNull, saysTryOther } from './dialect.js';
import type { Dialect, MensagemReading } from './dialect.js';
import { LineConnection } from './line-exchange.js';

/** A server under test, and the names that it gives to the fields. */
export interface MensagemServer {
  readonly address: ServerAddress;
  readonly name: string;
  readonly dialect: Dialect;
}

interface MensagemTrialOptions {
  readonly servers: readonly MensagemServer[];
  readonly transcript: Transcript;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly replicaMs: number;
}

/** What a key holds, by the answer to a `PUT`. */
export interface StampedValue {
  readonly value: string;
  readonly timestamp: number;
}

/** What a `GET` is to answer. */
type Wanted = StampedValue | typeof NULL | typeof TRY_OTHER;

/** The steps of one case at servers of the leader system: each request on a connection of its own, as its clients do. */
export class MensagemTrial {
  constructor(private readonly options: MensagemTrialOptions) {}

  /** The place of each server. */
  get places(): readonly number[] {
    return [...this.options.servers.keys()];
  }

  key(name: string): string {
    return this.options.prefix + name;
  }

  /** `PUT`, which must be answered by `PUT_OK`. @param hint absent: that of the case */
  async put(at: number, key: string, value: string, hint?: string): Promise<StampedValue> {
    const answer = await this.ask(at, { tipo: 'PUT', chave: key, valor: value });
    if (answer.tipo !== 'PUT_OK') {
      throw new Deviation('tipo PUT_OK com o timestamp', readingText(answer), hint ?? PUT_OK_HINT);
    }
    const { timestamp } = answer;
    if (timestamp === undefined || timestamp < 1) {
      throw new Deviation(
        'um timestamp maior que 0',
        readingText(answer),
        'PUT_OK leva o timestamp que o líder deu à chave; 0 quer dizer que o cliente nunca a viu',
      );
    }
    return { value, timestamp };
  }

  /** `GET`. @param seen the client's timestamp */
  async get(at: number, key: string, seen: number, wanted: Wanted, hint?: string): Promise<void> {
    const answer = await this.ask(at, { tipo: 'GET', chave: key, timestamp: seen });
    if (!isWanted(answer, wanted)) throw new Deviation(wantedText(wanted), readingText(answer), hint);
  }

  /** Asks until the answer is this. @throws Deviation once the time has passed */
  async getEventually(at: number, key: string, seen: number, wanted: Wanted): Promise<void> {
    const { replicaMs } = this.options;
    const request = { tipo: 'GET', chave: key, timestamp: seen } as const;
    const came = this.begin(at, `${displayed(this.inNames(at, request))} (até ${replicaMs} ms)`);
    const beganMs = performance.now();
    for (;;) {
      const answer = await this.exchange(at, request, came);
      if (isWanted(answer, wanted)) return;
      if (performance.now() - beganMs >= replicaMs) {
        const text = `${readingText(answer)}, ainda depois de ${replicaMs} ms`;
        throw new Deviation(wantedText(wanted), text, undefined, true);
      }
      await pause(conformanceLimits.lookMs);
    }
  }

  /** One request and its answer, on a connection of its own. */
  ask(at: number, request: Parameters<typeof requestNamed>[1]): Promise<MensagemReading> {
    return this.exchange(at, request, this.begin(at, displayed(this.inNames(at, request))));
  }

  /**
   * Sends texts as they are, on one connection, and reads as many answers as are due.
   * @param texts pieces: the next is sent a moment after the one before
   */
  async raw(
    at: number,
    texts: readonly string[],
    answers: number,
  ): Promise<readonly { isLine: boolean; reading: MensagemReading }[]> {
    const { timeoutMs } = this.options;
    const server = this.server(at);
    const came = this.begin(at, texts.map(displayed).join(' e depois '));
    const connection = await LineConnection.open(server.address, timeoutMs);
    try {
      for (const [index, text] of texts.entries()) {
        if (index > 0) await pause(conformanceLimits.lookMs);
        connection.send(text);
      }
      const found = [];
      const seen: string[] = [];
      while (found.length < answers) {
        const { text, isLine } = await this.noting(came, connection.next());
        seen.push(displayed(text));
        came(seen.join(' '));
        found.push({ isLine, reading: readingOf(text, server.dialect) });
      }
      return found;
    } finally {
      connection.close();
    }
  }

  /** A connection that says nothing. */
  async idle(at: number): Promise<LineConnection> {
    const came = this.begin(at, 'uma conexão que não pede nada');
    const connection = await LineConnection.open(this.server(at).address, this.options.timeoutMs);
    came('aceita');
    return connection;
  }

  /** A request in the names of a server, as a line. */
  line(at: number, request: Parameters<typeof requestNamed>[1]): string {
    return `${JSON.stringify(this.inNames(at, request))}\n`;
  }

  private async exchange(
    at: number,
    request: Parameters<typeof requestNamed>[1],
    came: (text: string) => void,
  ): Promise<MensagemReading> {
    const { address, dialect } = this.server(at);
    const connection = await this.noting(came, LineConnection.open(address, this.options.timeoutMs));
    try {
      connection.send(this.line(at, request));
      const { text } = await this.noting(came, connection.next());
      came(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
      return readingOf(text, dialect);
    } finally {
      connection.close();
    }
  }

  private async noting<T>(came: (text: string) => void, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof CallBroken) came(error.came);
      throw error;
    }
  }

  private begin(at: number, sent: string): (came: string) => void {
    const { servers, transcript } = this.options;
    return transcript.begin(servers.length > 1 ? this.server(at).name : undefined, sent);
  }

  private inNames(at: number, request: Parameters<typeof requestNamed>[1]): object {
    return requestNamed(this.server(at).dialect, request);
  }

  private server(at: number): MensagemServer {
    const server = this.options.servers[at];
    if (server === undefined) throw new NotTried('faltam servidores: diga mais portas');
    return server;
  }
}

const MAX_TEXT = 300;
const PUT_OK_HINT =
  'a resposta a um PUT tem tipo "PUT_OK" (com esse nome) e o timestamp; um seguidor repassa ao cliente a resposta do líder';

function readingOf(text: string, dialect: Dialect): MensagemReading {
  const reading = readAnswer(text, dialect);
  if (reading !== undefined) return reading;
  throw new Deviation(
    'um objeto JSON numa linha',
    displayed(text),
    'cada Mensagem é um objeto JSON numa linha, e nada mais',
  );
}

function isWanted(answer: MensagemReading, wanted: Wanted): boolean {
  if (wanted === NULL) return saysNull(answer) && !saysTryOther(answer);
  if (wanted === TRY_OTHER) return saysTryOther(answer);
  if (saysTryOther(answer)) return false;
  return answer.valor === wanted.value && answer.timestamp === wanted.timestamp;
}

function wantedText(wanted: Wanted): string {
  if (wanted === NULL) return 'valor NULL';
  return wanted === TRY_OTHER
    ? TRY_OTHER
    : `valor ${displayed(wanted.value)} com timestamp ${wanted.timestamp}`;
}

function readingText(answer: MensagemReading): string {
  return displayed({ tipo: answer.tipo, valor: answer.valor, timestamp: answer.timestamp });
}

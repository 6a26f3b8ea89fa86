import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A rule of the leader system that a server breaks. */
export type MensagemFlaw =
  | 'wrong-type'
  | 'not-forwarded'
  | 'answers-early'
  | 'own-timestamps'
  | 'only-greater'
  | 'answers-the-past'
  | 'unknown-is-null'
  | 'echoes-timestamp'
  | 'no-line-end'
  | 'one-read'
  | 'one-client'
  | 'dies-of-bad-line'
  | 'unknown-hangs';

interface Stored {
  readonly value: string;
  readonly ts: number;
}

/** Names of the fields on the wire. */
interface Names {
  readonly type: string;
  readonly key: string;
  readonly value: string;
  readonly ts: string;
}

const PORTUGUESE: Names = { type: 'tipo', key: 'chave', value: 'valor', ts: 'timestamp' };
export const ENGLISH: Names = { type: 'type', key: 'key', value: 'value', ts: 'timestamp' };

/**
 * A server of the leader system such as a student may write: lines of JSON over TCP, the first of several the leader.
 * It has one flaw at most. Servers call each other within this process.
 */
export class NaiveMensagem {
  port = 0;
  private all: readonly NaiveMensagem[] = [];
  private readonly data = new Map<string, Stored>();
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer({ noDelay: true }, (socket) => {
    this.attend(socket);
  });

  private constructor(
    private readonly flaw: MensagemFlaw | undefined,
    private readonly names: Names,
  ) {}

  static async startSome(count: number, flaw?: MensagemFlaw, names = PORTUGUESE): Promise<NaiveMensagem[]> {
    const all = Array.from({ length: count }, () => new NaiveMensagem(flaw, names));
    for (const one of all) {
      one.all = all;
      await new Promise<void>((resolve) => one.server.listen(0, '127.0.0.1', resolve));
      one.port = (one.server.address() as { port: number }).port;
    }
    return all;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private has(flaw: MensagemFlaw): boolean {
    return this.flaw === flaw;
  }

  private attend(socket: Socket): void {
    const isSecond = this.sockets.size > 0;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    if (this.has('one-client') && isSecond) return;
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (this.has('one-read')) {
        void this.answer(socket, text);
        return;
      }
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) void this.answer(socket, line);
    });
  }

  private async answer(socket: Socket, line: string): Promise<void> {
    const { type, key: keyName, value: valueName, ts: tsName } = this.names;
    let request: Record<string, unknown>;
    try {
      request = JSON.parse(line) as Record<string, unknown>;
    } catch {
      if (this.has('dies-of-bad-line')) this.close();
      return;
    }
    const key = String(request[keyName]);
    const say = (tipo: string, value: string, ts: number): void => {
      const end = this.has('no-line-end') ? '' : '\n';
      socket.write(JSON.stringify({ [type]: tipo, [keyName]: key, [valueName]: value, [tsName]: ts }) + end);
    };
    if (request[type] === 'PUT') {
      const value = String(request[valueName]);
      say(this.has('wrong-type') ? 'OK' : 'PUT_OK', value, await this.put(key, value));
    } else if (request[type] === 'GET') {
      const seen = Number(request[tsName]);
      const { value, ts } = this.data.get(key) ?? { value: 'NULL', ts: 0 };
      if (ts === 0 && (seen === 0 || this.has('unknown-is-null'))) say('NULL', 'NULL', 0);
      else if (this.isBehind(seen, ts)) say('TRY_OTHER_SERVER_OR_LATER', 'TRY_OTHER_SERVER_OR_LATER', ts);
      else say('GET_OK', value, this.has('echoes-timestamp') ? seen : ts);
    } else if (!this.has('unknown-hangs')) {
      say('ERROR', 'tipo desconhecido', 0);
    }
  }

  private isBehind(seen: number, own: number): boolean {
    if (this.has('answers-the-past')) return false;
    return this.has('only-greater') ? own <= seen : own < seen;
  }

  private async put(key: string, value: string): Promise<number> {
    const [leader = this] = this.all;
    if (leader !== this && !this.has('not-forwarded')) return leader.put(key, value);
    const ts = (this.data.get(key)?.ts ?? 0) + 1;
    this.data.set(key, { value, ts });
    if (this.has('not-forwarded') && leader !== this) return ts;
    const acknowledged = this.all.filter((one) => one !== this).map((one) => one.replicate(key, value, ts));
    if (!this.has('answers-early')) await Promise.all(acknowledged);
    return ts;
  }

  private async replicate(key: string, value: string, ts: number): Promise<void> {
    await pause(this.has('answers-early') ? 300 : 1);
    const own = this.data.get(key)?.ts ?? 0;
    if (this.has('own-timestamps')) this.data.set(key, { value, ts: own + 10 });
    else if (ts > own) this.data.set(key, { value, ts });
  }
}

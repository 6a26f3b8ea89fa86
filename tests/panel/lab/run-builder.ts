import { laboratoryLimits } from '../../../src/laboratory/limits.js';
import type {
  CallAnswered,
  CallMade,
  HostChange,
  MessageEffect,
  RecordedEngine,
  RecordedEvent,
  RecordedHost,
  RecordedLine,
  Recording,
  RecordingHeader,
} from '../../../src/laboratory/recording.js';

/** What an event has of its own. */
type Told = RecordedEvent extends infer One
  ? One extends RecordedEvent
    ? Omit<One, 'n' | 't'>
    : never
  : never;

const SERVERS = ['n1', 'n2', 'n3'];

/** Makes recordings by hand, event by event, in the hosts of each engine. */
export class RunBuilder {
  readonly header: RecordingHeader;
  readonly events: RecordedEvent[] = [];
  private t = 0;
  private messages = 0;
  private calls = 0;

  constructor(readonly engine: RecordedEngine) {
    const host = (kind: RecordedHost['kind'], address: (id: string) => string) => (id: string) => ({
      ...{ id, kind, name: id, address: address(id) },
    });
    const between = engine === 'frota' ? ['broker'] : engine === 'consenso' ? ['r1', 'r2', 'r3'] : [];
    this.header = {
      ...{ kind: 'recording', format: 1, engine, startedMs: 1_795_500_000_000, program: '0.1.0' },
      hosts: [
        ...['c1', 'c2'].map(host('client', () => '')),
        ...SERVERS.map(host('server', (id) => `127.0.0.1:900${id.slice(1)}`)),
        ...between.map(host(engine === 'frota' ? 'broker' : 'replica', () => '127.0.0.1:1883')),
      ],
    };
  }

  get recording(): Recording {
    return { header: this.header, events: this.events };
  }

  /** The recording as a file. */
  get text(): string {
    return [this.header, ...this.events].map((line) => `${JSON.stringify(line)}\n`).join('');
  }

  wait(ms: number): this {
    this.t += ms;
    return this;
  }

  mark(text: string): this {
    return this.tell({ kind: 'mark', host: 'n1', text });
  }

  change(host: string, change: HostChange, amount?: number): this {
    return this.tell({ kind: 'host', host, change, ...(amount === undefined ? {} : { amount }) });
  }

  missed(host: string, message: string, why: 'isolated' | 'dropped'): this {
    return this.tell({ kind: 'missed', host, message, why });
  }

  state(host: string, storeHash: string, versions = 1): this {
    const vector = { [`origem-${host}`]: versions };
    return this.tell({ kind: 'state', host, storeHash, vector, keys: 1, versions });
  }

  /**
   * A message on its way: through the broker where there is one.
   * @param at who got it, and what it did there; `dropped` where the laboratory ended it
   */
  message(
    from: string,
    type: string,
    body: unknown,
    at: Readonly<Record<string, MessageEffect | 'dropped'>>,
    more: { readonly to?: string; readonly isLost?: true } = {},
  ): this {
    this.messages += 1;
    const message = `m${this.messages}`;
    const whole = typeof body === 'string' ? body : JSON.stringify(body);
    const text = whole.slice(0, laboratoryLimits.bodyBytes);
    const cut = text === whole ? {} : { isCut: true as const };
    const to = more.to === undefined ? {} : { to: more.to };
    const topic =
      this.engine === 'frota' ? `kvs/laboratorio-0123456789ab/sincronia/0123456789AB/origem-${from}` : '';
    this.tell({
      kind: 'sent',
      host: from,
      message,
      ...to,
      topic,
      type,
      bytes: whole.length,
      body: text,
      ...cut,
    });
    this.t += 0.4;
    if (at[from] === 'dropped') return this.tell({ kind: 'dropped', host: from, message });
    if (more.isLost) return this;
    if (this.engine === 'frota') this.tell({ kind: 'relayed', host: 'broker', message });
    this.t += 0.3;
    for (const [host, effect] of Object.entries(at)) {
      if (effect === 'dropped') this.tell({ kind: 'dropped', host, message });
      else if (effect === 'applied') this.tell({ kind: 'received', host, message, effect, applied: 1 });
      else this.tell({ kind: 'received', host, message, effect });
      this.t += 0.2;
    }
    return this;
  }

  presences(hosts: readonly string[] = SERVERS): this {
    for (const from of hosts) {
      const others = hosts.filter((host) => host !== from);
      const body = { formato: 1, tipo: 'presenca', origem: `origem-${from}`, estado: 'servindo' };
      this.message(from, 'presence', body, Object.fromEntries(others.map((host) => [host, 'noted'])));
    }
    return this;
  }

  /** A call of a client, with nothing between it and its answer. */
  call(
    client: string,
    host: string,
    asked: Pick<CallMade, 'operation' | 'key' | 'value'>,
    answer: Partial<Pick<CallAnswered, 'code' | 'message' | 'lines'>> = {},
    meanwhile: () => void = () => undefined,
  ): this {
    this.calls += 1;
    const call = `k${this.calls}`;
    this.tell({ kind: 'call', host, call, client, ...asked });
    this.t += 0.6;
    meanwhile();
    this.t += 0.6;
    return this.tell({ kind: 'answer', host, call, code: 'OK', message: '', lines: [], ...answer });
  }

  private tell(told: Told): this {
    this.t += 0.125;
    const event = { ...told, n: this.events.length + 1, t: Math.round(this.t * 1000) / 1000 };
    this.events.push(event);
    return this;
  }
}

export function recordedLine(value: string, version: number, more: Partial<RecordedLine> = {}): RecordedLine {
  const timestampMs = 1_795_500_001_000 + version;
  return { value, version, timestampMs, origin: 'origem-n1', isHead: true, isSibling: false, ...more };
}

function started(engine: RecordedEngine): RunBuilder {
  const run = new RunBuilder(engine);
  for (const host of SERVERS) run.change(host, 'started');
  run.wait(400);
  for (const host of SERVERS) run.change(host, 'serving').state(host, 'h0', 0);
  return run;
}

const batch = (from: string, seq: number, key: string, value: string): unknown => ({
  ...{ formato: 1, tipo: 'lote', frota: 'lab', origem: `origem-${from}`, primeiro: seq },
  mutacoes: [{ op: 'insere', chave: key, valor: value, versao: seq, ts: 1_795_500_001_000 }],
});

/** The story of the fleet: written, cut off, written on both sides, healed, repaired. */
export function fleetStory(
  key = 'casa/1',
  values: readonly [string, string, string] = ['azul', 'verde', 'amarela'],
): RunBuilder {
  const run = started('frota').presences().wait(300).mark('começo');
  run.call(
    'c1',
    'n1',
    { operation: 'insert', key, value: values[0] },
    { lines: [recordedLine(values[0], 1)] },
  );
  run
    .state('n1', 'hA')
    .message('n1', 'batch', batch('n1', 1, key, values[0]), { n2: 'applied', n3: 'applied' });
  run.state('n2', 'hA').state('n3', 'hA').wait(1500).presences();
  run.change('n2', 'isolated', 600_000).wait(800);
  run.call(
    'c1',
    'n1',
    { operation: 'insert', key, value: values[1] },
    { lines: [recordedLine(values[1], 2)] },
  );
  run.state('n1', 'hB').message('n1', 'batch', batch('n1', 2, key, values[1]), { n3: 'applied' });
  run.state('n3', 'hB').wait(700);
  run.call(
    'c2',
    'n2',
    { operation: 'insert', key, value: values[2] },
    { lines: [recordedLine(values[2], 2)] },
  );
  run.call(
    'c2',
    'n2',
    { operation: 'history', key },
    { lines: [recordedLine(values[0], 1), recordedLine(values[2], 2)] },
  );
  run.state('n2', 'hC').message('n2', 'batch', batch('n2', 1, key, values[2]), {}, { isLost: true });
  run.wait(2500).presences(['n1', 'n3']).wait(900).change('n2', 'connected').wait(200).presences();
  const ask = (from: string, to: string, id: number): unknown => ({
    ...{ formato: 1, tipo: 'pedeLotes', frota: 'lab', de: `origem-${from}`, para: `origem-${to}`, id },
    vetor: [[`origem-${from}`, 1]],
  });
  const give = (from: string, to: string, id: number, seq: number, value: string): unknown => ({
    ...{ formato: 1, tipo: 'lotes', frota: 'lab', de: `origem-${from}`, para: `origem-${to}`, id },
    ...{ resultado: 'lotes', lotes: [batch(from, seq, key, value)], mais: false },
  });
  run.message('n2', 'logRequest', ask('n2', 'n1', 1), { n1: 'answered' }, { to: 'n1' });
  run.message('n1', 'logReply', give('n1', 'n2', 1, 2, values[1]), { n2: 'applied' }, { to: 'n2' });
  run.state('n2', 'hD').wait(30);
  run.message('n1', 'logRequest', ask('n1', 'n2', 7), { n2: 'answered' }, { to: 'n2' });
  run.message('n2', 'logReply', give('n2', 'n1', 7, 1, values[2]), { n1: 'applied' }, { to: 'n1' });
  run.state('n1', 'hD').wait(20);
  run.message('n3', 'logRequest', ask('n3', 'n2', 3), { n2: 'answered' }, { to: 'n2' });
  run.message('n2', 'logReply', give('n2', 'n3', 3, 1, values[2]), { n3: 'applied' }, { to: 'n3' });
  run.state('n3', 'hD').wait(400);
  const lines = [
    recordedLine(values[0], 1, { isHead: false }),
    recordedLine(values[1], 2, { isSibling: true }),
    recordedLine(values[2], 2, { isSibling: true, origin: 'origem-n2', timestampMs: 1_795_500_002_900 }),
  ];
  return run.call('c1', 'n3', { operation: 'history', key }, { lines }).mark('fim').wait(3000).presences();
}

/** The same on the consensus engine: the server that is cut off refuses. */
export function consensusStory(): RunBuilder {
  const run = started('consenso').change('r1', 'leads').wait(200);
  const txn = (from: string, value: string): void => {
    run.message(
      from,
      'Txn',
      { compare: [], success: [{ put: { key: 'vcasa/1', value } }] },
      { r1: 'answered' },
      { to: 'r1' },
    );
    run.message('r1', 'TxnResponse', { succeeded: true, revision: 7 }, { [from]: 'noted' }, { to: from });
  };
  const write = { operation: 'insert', key: 'casa/1' } as const;
  run.call('c1', 'n1', { ...write, value: 'azul' }, { lines: [recordedLine('azul', 1)] }, () =>
    txn('n1', 'azul'),
  );
  run.wait(900).change('n2', 'isolated', 600_000).wait(300);
  run.call('c1', 'n1', { ...write, value: 'verde' }, { lines: [recordedLine('verde', 2)] }, () =>
    txn('n1', 'verde'),
  );
  run.call(
    'c2',
    'n2',
    { ...write, value: 'amarela' },
    { code: 'SEM_MAIORIA', message: 'sem maioria das réplicas' },
    () => run.message('n2', 'Txn', { success: [] }, { n2: 'dropped' }, { to: 'r1' }),
  );
  run.wait(1200).change('n2', 'connected').wait(100);
  return run.call(
    'c2',
    'n2',
    { operation: 'query', key: 'casa/1' },
    { lines: [recordedLine('verde', 2)] },
    () => {
      run.message('n2', 'Range', { key: 'vcasa/1' }, { r1: 'answered' }, { to: 'r1' });
      run.message('r1', 'RangeResponse', { kvs: [{ value: 'verde' }] }, { n2: 'noted' }, { to: 'n2' });
    },
  );
}

/** The same with a leader: a write waits for every server. */
export function leaderStory(): RunBuilder {
  const run = started('lider').change('n1', 'leads').wait(200);
  const write = { operation: 'insert', key: 'casa/1' } as const;
  const replicate = (seq: number, at: MessageEffect | 'dropped'): void => {
    const body = { tipo: 'REPLICATION', origem: 'origem-n1', seq, chave: 'casa/1', valor: 'x' };
    run.message('n1', 'REPLICATION', body, { n3: 'applied' }, { to: 'n3' });
    run.message('n1', 'REPLICATION', body, { n2: at }, { to: 'n2' });
    run.message('n3', 'REPLICATION_OK', { tipo: 'REPLICATION_OK', seq }, { n1: 'noted' }, { to: 'n1' });
    if (at === 'dropped') return;
    run.message('n2', 'REPLICATION_OK', { tipo: 'REPLICATION_OK', seq }, { n1: 'noted' }, { to: 'n1' });
  };
  run.call('c1', 'n1', { ...write, value: 'azul' }, { lines: [recordedLine('azul', 1)] }, () =>
    replicate(1, 'applied'),
  );
  for (const host of SERVERS) run.state(host, 'hA');
  run.wait(800).change('n2', 'isolated', 600_000);
  run.call(
    ...(['c1', 'n1', { ...write, value: 'verde' }] as const),
    { code: 'RESULTADO_DESCONHECIDO', message: 'resultado desconhecido' },
    () => replicate(2, 'dropped'),
  );
  return run.state('n1', 'hB').state('n3', 'hB').wait(900).change('n2', 'connected').state('n2', 'hB');
}

/** A run of many messages, nearly all of them writes. */
export function longRun(messages: number): RunBuilder {
  const run = started('frota');
  for (let index = 0; index < messages; index += 1) {
    const from = SERVERS[index % 3] ?? 'n1';
    const others = SERVERS.filter((host) => host !== from);
    const at = Object.fromEntries(others.map((host) => [host, 'applied' as const]));
    run
      .message(from, 'batch', batch(from, index + 1, `k/${index % 50}`, 'v'), at)
      .wait(index % 40 === 0 ? 900 : 3);
  }
  return run;
}

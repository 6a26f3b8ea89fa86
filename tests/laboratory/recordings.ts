import type {
  CallAnswered,
  CallMade,
  HostChange,
  HostChanged,
  HostState,
  MessageDropped,
  MessageEffect,
  MessageReceived,
  MessageRelayed,
  MessageSent,
  RecordedEngine,
  RecordedEvent,
  RecordedHost,
  RecordedLine,
  Recording,
  RecordingHeader,
  StepMarked,
} from '../../src/laboratory/recording.js';

const engine: RecordedEngine = 'frota';
const hosts: readonly RecordedHost[] = [
  { id: 'n1', kind: 'server', name: 'n1', address: '127.0.0.1:9001' },
  { id: 'n2', kind: 'server', name: 'n2', address: '127.0.0.1:9002' },
  { id: 'broker', kind: 'broker', name: 'broker', address: '127.0.0.1:1883' },
  { id: 'c1', kind: 'client', name: 'c1', address: '' },
];
const header: RecordingHeader = {
  kind: 'recording',
  format: 1,
  engine,
  startedMs: 1_795_000_000_000,
  program: '0.1.0',
  hosts,
};
const started: HostChange = 'started';
const change: HostChanged = { kind: 'host', n: 1, t: 0, host: 'n1', change: started };
const call: CallMade = {
  ...{ kind: 'call', n: 2, t: 5, host: 'n1', call: '1', client: 'c1', operation: 'insert' },
  ...{ key: '<script>', value: '\u202eolá\n', isSession: true, confirm: 1 },
};
const sent: MessageSent = {
  ...{ kind: 'sent', n: 3, t: 5.125, host: 'n1', message: 'm1', topic: 'kvs/x/mutacoes/a', type: 'batch' },
  ...{ bytes: 4, body: '{"a"', isCut: true },
};
const relayed: MessageRelayed = { kind: 'relayed', n: 4, t: 5.5, host: 'broker', message: 'm1' };
const dropped: MessageDropped = { kind: 'dropped', n: 5, t: 6, host: 'n2', message: 'm1' };
const effect: MessageEffect = 'applied';
const received: MessageReceived = {
  ...{ kind: 'received', n: 6, t: 7, host: 'n2', message: 'm1', effect, applied: 1 },
};
const line: RecordedLine = {
  ...{
    value: 'olá',
    version: 1,
    timestampMs: 1_795_000_000_001,
    origin: 'a',
    isHead: true,
    isSibling: false,
  },
};
const answer: CallAnswered = {
  ...{ kind: 'answer', n: 7, t: 8, host: 'n1', call: '1', code: 'OK', message: '', lines: [line] },
};
const state: HostState = {
  ...{ kind: 'state', n: 8, t: 9, host: 'n1', storeHash: '91f3c6d2b8a04e57', keys: 1, versions: 1 },
  vector: JSON.parse('{"a":1,"__proto__":2}') as Record<string, number>,
};
const mark: StepMarked = { kind: 'mark', n: 9, t: 10, host: 'n1', text: 'fim' };

const events: readonly RecordedEvent[] = [
  ...[change, call, sent, relayed, dropped, received, answer, state, mark],
];

/** One event of each kind. */
export const SMALL_RECORDING: Recording = { header, events };

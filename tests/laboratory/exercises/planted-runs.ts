import type { RecordedEngine, RecordedEvent, RecordedLine } from '../../../src/laboratory/recording.js';
import type { RunDriver } from './run-script.js';

/** A run in which something goes wrong, or whose recording is changed as if it had. */
interface PlantedRun {
  /** Of the recording below `docs/laboratorio/defeito`, without its ending. */
  readonly file: string;
  readonly engine: RecordedEngine;
  readonly drive: (lab: RunDriver) => Promise<void>;
  /** What is taken out or changed afterwards. */
  readonly plant: (events: readonly RecordedEvent[]) => readonly RecordedEvent[];
}

export const PLANTED_RUNS: readonly PlantedRun[] = [
  {
    file: 'a',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'estoque/caneta', { value: '40' });
      await lab.call('c2', 'n2', 'insert', 'estoque/lapis', { value: '12' });
      await lab.agreed();
      await lab.call('c1', 'n3', 'insert', 'estoque/caneta', { value: '39' });
      await lab.agreed();
      await lab.call('c2', 'n2', 'query', 'estoque/caneta');
      await lab.call('c2', 'n2', 'insert', 'estoque/lapis', { value: '11' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'estoque/lapis');
      await lab.call('c1', 'n1', 'insert', 'estoque/papel', { value: '500' });
      await lab.agreed();
      await lab.call('c2', 'n3', 'query', 'estoque/papel');
    },
    // From its third state of one vector on, a server tells other hashes than those that have seen the same.
    plant(events) {
      const seen = new Map<string, { host: string; hash: string }>();
      let at = 0;
      let host = '';
      for (const event of events) {
        if (event.kind !== 'state' || event.versions < 3) continue;
        const vector = JSON.stringify(Object.entries(event.vector).sort());
        const before = seen.get(vector);
        if (before !== undefined && before.host !== event.host && host === '')
          [at, host] = [event.n, event.host];
        seen.set(vector, { host: event.host, hash: event.storeHash });
      }
      return events.map((event) =>
        event.kind === 'state' && event.host === host && event.n >= at
          ? { ...event, storeHash: event.storeHash.split('').reverse().join('') }
          : event,
      );
    },
  },
  {
    file: 'b',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'fila/1', { value: 'Ana' });
      await lab.call('c2', 'n3', 'insert', 'fila/2', { value: 'Beto' });
      await lab.agreed();
      await lab.call('c1', 'n2', 'query', 'fila/2');
      await lab.isolate('n1');
      await lab.call('c1', 'n1', 'insert', 'fila/3', { value: 'Caio' });
      await lab.call('c2', 'n2', 'insert', 'fila/4', { value: 'Duda' });
      await lab.kill('n1');
      await lab.call('c2', 'n3', 'query', 'fila/4');
      await lab.start('n1');
      await lab.call('c1', 'n1', 'query', 'fila/1');
      await lab.call('c1', 'n1', 'query', 'fila/3');
      await lab.call('c2', 'n2', 'query', 'fila/3');
      await lab.call('c1', 'n1', 'query', 'fila/4');
    },
    plant: (events) => events,
  },
  {
    file: 'c',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c2', 'n2', 'insert', 'mural', { value: 'bom dia', session: true });
      await lab.call('c1', 'n1', 'insert', 'perfil/c1', { value: 'foto antiga', session: true });
      await lab.agreed();
      await lab.call('c1', 'n3', 'query', 'perfil/c1', { session: true });
      await lab.call('c1', 'n2', 'insert', 'perfil/c1', { value: 'foto nova', session: true });
      await lab.call('c2', 'n1', 'query', 'mural', { session: true });
      await lab.call('c1', 'n3', 'query', 'perfil/c1', { session: true });
      await lab.call('c2', 'n3', 'query', 'perfil/c1', { session: true });
      await lab.call('c1', 'n1', 'query', 'perfil/c1', { session: true });
    },
    // A read in the session is answered with the version before the one that the session wrote.
    plant: (events) => {
      const written = answersOf(events, 'perfil/c1', 'insert');
      const [, read] = answersOf(events, 'perfil/c1', 'query').filter(({ host }) => host === 'n3');
      return withLines(events, read?.call, written[0]?.lines ?? []);
    },
  },
  {
    file: 'd',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'lance', { value: '100' });
      await lab.agreed();
      await lab.call('c2', 'n2', 'insert', 'lance', { value: '120' });
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'lance');
      await lab.clock('n3', 25_000);
      await lab.call('c2', 'n2', 'insert', 'sala', { value: 'aberta' });
      await lab.call('c1', 'n3', 'insert', 'lance', { value: '130' });
      await lab.agreed();
      await lab.call('c2', 'n2', 'insert', 'lance', { value: '150' });
      await lab.agreed();
      await lab.call('c1', 'n3', 'query', 'lance');
      await lab.call('c1', 'n3', 'insert', 'sala', { value: 'fechada' });
      await lab.agreed();
      await lab.call('c2', 'n1', 'query', 'sala');
    },
    plant: (events) => events.filter((event) => event.kind !== 'host' || event.change !== 'clock'),
  },
  {
    file: 'e',
    engine: 'lider',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'saldo', { value: '100' });
      await lab.call('c2', 'n2', 'insert', 'extrato', { value: 'abertura' });
      await lab.call('c1', 'n2', 'query', 'saldo');
      await lab.call('c2', 'n3', 'query', 'saldo');
      await lab.call('c1', 'n2', 'compare', 'saldo', { value: '70', version: 1 });
      await lab.call('c1', 'n2', 'insert', 'extrato', { value: 'saque de 30' });
      await lab.call('c2', 'n3', 'compare', 'saldo', { value: '50', version: 1 });
      await lab.call('c2', 'n3', 'insert', 'extrato', { value: 'saque de 50' });
      await lab.call('c1', 'n1', 'query', 'extrato');
      await lab.call('c2', 'n1', 'compare', 'extrato', { value: 'conferido', version: 3 });
    },
    // The second comparison, which was refused, is accepted.
    plant: (events) => {
      const [first, second] = answersOf(events, 'saldo', 'compare');
      const [line] = first?.lines ?? [];
      if (line === undefined) throw new Error('no comparison');
      const lines = [{ ...line, value: '50', version: 3, timestampMs: line.timestampMs + 400 }];
      return withLines(events, second?.call, lines);
    },
  },
  {
    file: 'f',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n2', 'insert', 'onibus/A12', { value: 'terminal' });
      await lab.call('c2', 'n1', 'insert', 'onibus/B7', { value: 'garagem' });
      await lab.agreed();
      await lab.call('c1', 'n2', 'query', 'onibus/B7');
      await lab.isolate('n2');
      await lab.call('c2', 'n3', 'insert', 'onibus/B7', { value: 'praça' });
      await lab.call('c2', 'n1', 'query', 'onibus/B7');
      await lab.call('c1', 'n2', 'query', 'onibus/A12');
      await lab.call('c2', 'n1', 'insert', 'onibus/A12', { value: 'rodoviária' });
      await lab.call('c1', 'n3', 'query', 'onibus/A12');
      await lab.call('c1', 'n2', 'query', 'onibus/A12');
      await lab.call('c1', 'n2', 'query', 'onibus/B7');
      await lab.connect('n2');
      await lab.agreed();
      await lab.call('c1', 'n2', 'query', 'onibus/A12');
    },
    plant: (events) =>
      events.filter(
        (event) => event.kind !== 'host' || (event.change !== 'isolated' && event.change !== 'connected'),
      ),
  },
  {
    file: 'g',
    engine: 'frota',
    async drive(lab) {
      await lab.call('c1', 'n1', 'insert', 'laudo/1', { value: 'normal', confirm: 2 });
      await lab.call('c2', 'n3', 'insert', 'laudo/2', { value: 'repetir', confirm: 1 });
      await lab.isolate('n3');
      await lab.call('c1', 'n2', 'insert', 'laudo/3', { value: 'normal', confirm: 1 });
      await lab.call('c2', 'n3', 'query', 'laudo/2');
      await lab.call('c2', 'n3', 'insert', 'laudo/2', { value: 'grave', confirm: 1 });
      await lab.call('c2', 'n3', 'history', 'laudo/2');
      await lab.connect('n3');
      await lab.agreed();
      await lab.call('c1', 'n1', 'query', 'laudo/2');
    },
    // The server cut off says that another has confirmed.
    plant: (events) => {
      const [, , partial] = [
        ...answersOf(events, 'laudo/1', 'insert'),
        ...answersOf(events, 'laudo/2', 'insert'),
      ];
      const [history] = answersOf(events, 'laudo/2', 'history');
      return withLines(events, partial?.call, history?.lines.slice(-1) ?? []);
    },
  },
];

function answersOf(
  events: readonly RecordedEvent[],
  key: string,
  operation: string,
): Extract<RecordedEvent, { kind: 'answer' }>[] {
  const calls = new Set(
    events.flatMap((event) =>
      event.kind === 'call' && event.key === key && event.operation === operation ? [event.call] : [],
    ),
  );
  return events.flatMap((event) => (event.kind === 'answer' && calls.has(event.call) ? [event] : []));
}

/** The recording as if that call had been answered OK, with these lines. */
function withLines(
  events: readonly RecordedEvent[],
  call: string | undefined,
  lines: readonly RecordedLine[],
): readonly RecordedEvent[] {
  if (call === undefined || lines.length === 0) throw new Error('nothing to plant');
  return events.map((event) =>
    event.kind === 'answer' && event.call === call ? { ...event, code: 'OK', message: '', lines } : event,
  );
}

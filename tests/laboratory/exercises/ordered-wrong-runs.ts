import { altered, recorded, until, without } from './recordings.js';
import { answered, called, changed, remade, writtenLines } from './run-changes.js';
import type { WrongRun } from './run-changes.js';

/** Wrong runs where one order of writes, or the lack of one, decides. */
export const ORDERED_WRONG_RUNS: readonly WrongRun[] = [
  {
    what: 'only one replica is out',
    exercise: 'maioria',
    recording: () =>
      until(recorded('maioria-1'), (event) => changed('killed')(event) && event.host === 'bd2'),
    missing: ['duas-fora'],
  },
  {
    what: 'nobody asks without a majority',
    exercise: 'maioria',
    recording: () => {
      const { events } = recorded('maioria-2');
      const second = events.filter(changed('isolated')).at(-1)?.n ?? 0;
      const back = events.find(changed('connected'))?.n ?? 0;
      return without(
        recorded('maioria-2'),
        (event) => event.kind === 'call' && event.n > second && event.n < back,
      );
    },
    missing: ['nao-grava', 'nao-le'],
  },
  {
    what: 'a write without a majority is acknowledged, and a read answered',
    exercise: 'maioria',
    recording: () =>
      altered(recorded('maioria-1'), (event) =>
        event.kind === 'answer' && event.code === 'SEM_MAIORIA'
          ? { ...event, code: 'OK', message: '' }
          : event,
      ),
    missing: ['nao-grava', 'nao-le'],
  },
  {
    what: 'what was acknowledged is gone',
    exercise: 'maioria',
    recording: () =>
      answered(
        recorded('maioria-2'),
        ({ operation, client }) => operation === 'query' && client === 'c1',
        () => ({ code: 'CHAVE_INEXISTENTE', message: 'não existe', lines: [] }),
      ),
    missing: ['nada-perdido'],
  },
  {
    what: 'nobody is cut off',
    exercise: 'nunca-para-tras',
    recording: () => without(recorded('nunca-para-tras-1'), changed('isolated')),
    missing: ['separa'],
  },
  {
    what: 'the isolated follower shows the past to the session',
    exercise: 'nunca-para-tras',
    recording: () =>
      altered(recorded('nunca-para-tras-1'), (event) =>
        event.kind === 'answer' && event.code === 'SESSAO_ADIANTE'
          ? { ...event, code: 'OK', message: '', lines: writtenLines('nunca-para-tras-1', 'aviso') }
          : event,
      ),
    missing: ['nao-volta'],
  },
  {
    what: 'the write is acknowledged although one is away',
    exercise: 'nunca-para-tras',
    recording: () =>
      altered(recorded('nunca-para-tras-2'), (event) =>
        event.kind === 'answer' && event.code === 'SEM_RESPOSTA' ? { ...event, code: 'OK' } : event,
      ),
    missing: ['nao-confirma'],
  },
  {
    what: 'another client asks the isolated follower',
    exercise: 'nunca-para-tras',
    recording: () =>
      remade(recorded('nunca-para-tras-2'), ({ host, client, operation }) =>
        host === 'n2' && client === 'c1' && operation === 'query' ? { client: 'c2' } : {},
      ),
    missing: ['nao-volta'],
  },
  {
    what: 'real: they looked before the sides had talked',
    exercise: 'vagas',
    recording: () => recorded('wrong/vagas-leu-cedo'),
    missing: ['um-so-ficou'],
  },
  {
    what: 'one client alone',
    exercise: 'vagas',
    recording: () => remade(recorded('vagas-frota-1'), () => ({ client: 'c1' })),
    missing: ['outro-olha'],
  },
  {
    what: 'both on one side',
    exercise: 'vagas',
    recording: () =>
      remade(recorded('vagas-frota-2'), ({ host, client }) =>
        host === 'n1' && client === 'c1' ? { host: 'n2' } : {},
      ),
    missing: ['outro-olha'],
  },
  {
    what: 'consensus: they write without comparing',
    exercise: 'vagas',
    recording: () =>
      remade(recorded('vagas-consenso-1'), ({ operation }) =>
        operation === 'compare' ? { operation: 'insert' } : {},
      ),
    missing: ['um-ganha'],
  },
  {
    what: 'leader: the second comparison names the version after the first',
    exercise: 'vagas',
    recording: () =>
      remade(recorded('vagas-lider-1'), ({ operation, client }) =>
        operation === 'compare' && client === 'c1' ? { version: 2 } : {},
      ),
    missing: ['outro-perde'],
  },
  {
    what: 'leader: the loser does not look again',
    exercise: 'vagas',
    recording: () => {
      const { events } = recorded('vagas-lider-1');
      const last = events.findLast((event) => event.kind === 'call')?.n;
      return without(recorded('vagas-lider-1'), (event) => event.n === last);
    },
    missing: ['quem-perdeu-olha'],
  },
  {
    what: 'the comparison is never tried',
    exercise: 'vagas',
    recording: () =>
      without(
        recorded('vagas-frota-1'),
        called(({ operation }) => operation === 'compare'),
      ),
    missing: ['nao-compara'],
  },
];

import { ORDERED_WRONG_RUNS } from './ordered-wrong-runs.js';
import { altered, recorded, until, without } from './recordings.js';
import { answered, called, changed, firstKill, readAt, remade, writtenLines } from './run-changes.js';
import type { WrongRun } from './run-changes.js';

/** Real runs of the right ones with something left out or changed; `real` ones were driven like that. */
export const WRONG_RUNS: readonly WrongRun[] = [
  {
    what: 'every read at the server that wrote',
    exercise: 'qualquer-lugar',
    recording: () => remade(recorded('qualquer-lugar-1'), () => ({ host: 'n1' })),
    missing: ['le-em-outro', 'grava-em-outro'],
  },
  {
    what: 'the third server is never asked',
    exercise: 'qualquer-lugar',
    recording: () => without(recorded('qualquer-lugar-1'), readAt('n3')),
    missing: ['le-no-terceiro'],
  },
  {
    what: 'the other server shows an older value',
    exercise: 'qualquer-lugar',
    recording: () =>
      answered(
        recorded('qualquer-lugar-1'),
        ({ host, operation }) => host === 'n1' && operation === 'query',
        ({ lines }) => ({ lines: lines.map((line) => ({ ...line, value: 'Maria', version: 1 })) }),
      ),
    missing: ['ve-a-nova'],
  },
  {
    what: 'nobody is cut off',
    exercise: 'ao-mesmo-tempo',
    recording: () => without(recorded('ao-mesmo-tempo-1'), changed('isolated')),
    missing: ['separa'],
  },
  {
    what: 'two different keys',
    exercise: 'ao-mesmo-tempo',
    recording: () =>
      remade(recorded('ao-mesmo-tempo-1'), ({ value }) => (value === 'verde' ? { key: 'outra' } : {})),
    missing: ['grava-fora'],
  },
  {
    what: 'never connected again',
    exercise: 'ao-mesmo-tempo',
    recording: () => until(recorded('ao-mesmo-tempo-1'), changed('connected')),
    missing: ['junta'],
  },
  {
    what: 'both sides write the same value',
    exercise: 'ao-mesmo-tempo',
    recording: () =>
      remade(recorded('ao-mesmo-tempo-2'), ({ value }) => (value === undefined ? {} : { value: 'pizza' })),
    missing: ['grava-fora'],
  },
  {
    what: 'the history before the new write only',
    exercise: 'ao-mesmo-tempo',
    recording: () =>
      until(
        recorded('ao-mesmo-tempo-1'),
        called(({ value }) => value === 'amarelo'),
      ),
    missing: ['resolve'],
  },
  {
    what: 'without a session all the way',
    exercise: 'sessao',
    recording: () =>
      altered(recorded('sessao-1'), (event) => {
        if (event.kind !== 'call') return event;
        const { isSession, ...plain } = event;
        return isSession === undefined ? event : plain;
      }),
    missing: ['grava-com-sessao'],
  },
  {
    what: 'the refused read was of another client',
    exercise: 'sessao',
    recording: () =>
      without(
        recorded('sessao-1'),
        called(({ client, host, isSession }) => client === 'c1' && host === 'n3' && isSession === true),
      ),
    missing: ['com-sessao'],
  },
  {
    what: 'the isolated server answers the session as anybody',
    exercise: 'sessao',
    recording: () =>
      altered(recorded('sessao-1'), (event) =>
        event.kind === 'answer' && event.code === 'SESSAO_ADIANTE'
          ? { ...event, code: 'CHAVE_INEXISTENTE', message: 'não existe' }
          : event,
      ),
    missing: ['com-sessao'],
  },
  {
    what: 'nobody asks after connecting',
    exercise: 'sessao',
    recording: () => {
      const recording = recorded('sessao-2');
      const end = recording.events.findLastIndex((event) => event.kind === 'call');
      return until(recording, (event) => event.n > end);
    },
    missing: ['le-depois'],
  },
  {
    what: 'the second client never comes',
    exercise: 'sessao',
    recording: () =>
      without(
        recorded('sessao-1'),
        called(({ client }) => client === 'c2'),
      ),
    missing: ['outro-cliente'],
  },
  {
    what: 'the server is not started again',
    exercise: 'kill-9',
    recording: () =>
      without(recorded('kill-9-1'), (event) => changed('serving')(event) && event.n > firstKill('kill-9-1')),
    missing: ['inicia'],
  },
  {
    what: 'the write is still there',
    exercise: 'kill-9',
    recording: () =>
      answered(
        recorded('kill-9-1'),
        ({ key, operation }) => key === 'pedido' && operation === 'query',
        () => ({ code: 'OK', message: '', lines: writtenLines('kill-9-1', 'pedido') }),
      ),
    missing: ['sumiu'],
  },
  {
    what: 'somebody removed the key',
    exercise: 'kill-9',
    recording: () =>
      remade(recorded('kill-9-1'), ({ key, operation, host }) =>
        key === 'pedido' && operation === 'query' && host === 'n1' ? { operation: 'remove' } : {},
      ),
    missing: ['sumiu'],
  },
  {
    what: 'somebody removed the key, after it was looked for',
    exercise: 'kill-9',
    recording: () =>
      remade(recorded('kill-9-1'), ({ key, operation }) =>
        key === 'recibo' && operation === 'query' ? { key: 'pedido', operation: 'remove' } : {},
      ),
    missing: ['sumiu', 'ficou'],
  },
  {
    what: 'nobody asks for a confirmation',
    exercise: 'kill-9',
    recording: () =>
      altered(recorded('kill-9-2'), (event) => {
        if (event.kind !== 'call') return event;
        const { confirm, ...plain } = event;
        return confirm === undefined ? event : plain;
      }),
    missing: ['confirma'],
  },
  {
    what: 'the clock is right',
    exercise: 'relogio',
    recording: () => without(recorded('relogio-1'), changed('clock')),
    missing: ['adianta'],
  },
  {
    what: 'the clock is ahead by less than a second',
    exercise: 'relogio',
    recording: () =>
      altered(recorded('relogio-2'), (event) =>
        event.kind === 'host' && event.change === 'clock' ? { ...event, amount: 900 } : event,
      ),
    missing: ['adianta'],
  },
  {
    what: 'both writes at the server ahead',
    exercise: 'relogio',
    recording: () =>
      remade(recorded('relogio-1'), ({ operation }) => (operation === 'insert' ? { host: 'n2' } : {})),
    missing: ['grava-depois'],
  },
  {
    what: 'the later write wins',
    exercise: 'relogio',
    recording: () =>
      answered(
        recorded('relogio-1'),
        ({ host, operation }) => host === 'n1' && operation === 'query',
        ({ lines }) => ({ lines: lines.map((line) => ({ ...line, value: '1 a 1' })) }),
      ),
    missing: ['ganha-o-adiantado'],
  },
  {
    what: 'the greater number wins, not the clock',
    exercise: 'relogio',
    recording: () =>
      answered(
        recorded('relogio-1'),
        ({ key, value }) => key === 'placar' && value === '1 a 1',
        ({ lines }) => ({ lines: lines.map((line) => ({ ...line, version: 7 })) }),
      ),
    missing: ['ganha-o-adiantado'],
  },
  {
    what: 'nothing is lost',
    exercise: 'mensagens-perdidas',
    recording: () => without(recorded('mensagens-perdidas-1'), (event) => event.kind === 'dropped'),
    missing: ['some'],
  },
  {
    what: 'too few writes',
    exercise: 'mensagens-perdidas',
    recording: () => {
      const { events } = recorded('mensagens-perdidas-1');
      const fifth = events.filter((event) => event.kind === 'call')[4]?.n ?? 0;
      return without(recorded('mensagens-perdidas-1'), (event) => event.kind === 'call' && event.n >= fifth);
    },
    missing: ['grava'],
  },
  {
    what: 'nobody waits for the repair',
    exercise: 'mensagens-perdidas',
    recording: () =>
      without(
        recorded('mensagens-perdidas-2'),
        (event) => event.kind === 'received' && (event.applied ?? 0) > 0,
      ),
    missing: ['recebe'],
  },
  {
    what: 'the servers never agree',
    exercise: 'mensagens-perdidas',
    recording: () =>
      altered(recorded('mensagens-perdidas-1'), (event) =>
        event.kind === 'state' && event.host === 'n2' ? { ...event, storeHash: '0000000000000000' } : event,
      ),
    missing: ['iguais'],
  },
  ...ORDERED_WRONG_RUNS,
];

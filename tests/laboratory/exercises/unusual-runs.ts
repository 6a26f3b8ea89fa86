import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';
import { recorded } from './recordings.js';
import { called, changed, remade } from './run-changes.js';
import { renumbered } from './trim.js';

/** A right run that does things in another order, or another way, than the page of the exercise. */
interface UnusualRun {
  readonly what: string;
  readonly exercise: string;
  readonly recording: () => Recording;
}

/** The recording as if some calls had been made, and answered, before an event. */
function earlier(
  { header, events }: Recording,
  isMoved: (event: RecordedEvent) => boolean,
  isEnd: (event: RecordedEvent) => boolean,
): Recording {
  const calls = new Set(
    events.flatMap((event) => (event.kind === 'call' && isMoved(event) ? [event.call] : [])),
  );
  const isOfThem = (event: RecordedEvent): boolean => 'call' in event && calls.has(event.call);
  const end = events.findIndex(isEnd);
  const rest = (some: readonly RecordedEvent[]): RecordedEvent[] => some.filter((event) => !isOfThem(event));
  const moved = events.filter(isOfThem);
  return {
    header,
    events: renumbered([...rest(events.slice(0, end)), ...moved, ...rest(events.slice(end))]),
  };
}

export const UNUSUAL_RUNS: readonly UnusualRun[] = [
  {
    what: 'the refused read asks for the history',
    exercise: 'sessao',
    recording: () =>
      remade(recorded('sessao-1'), ({ client, host, isSession }) =>
        client === 'c1' && host === 'n3' && isSession === true ? { operation: 'history' } : {},
      ),
  },
  {
    what: 'the refused read asks for the history',
    exercise: 'nunca-para-tras',
    recording: () =>
      remade(recorded('nunca-para-tras-1'), ({ operation, isSession }) =>
        operation === 'query' && isSession === true ? { operation: 'history' } : {},
      ),
  },
  {
    what: 'another server is asked while the killed one is down',
    exercise: 'kill-9',
    recording: () => {
      const run = recorded('kill-9-1');
      const killed = run.events.find(changed('killed'))?.n ?? 0;
      return earlier(
        run,
        called(({ key, host }) => key === 'pedido' && host === 'n1'),
        (event) => changed('started')(event) && event.n > killed,
      );
    },
  },
  {
    what: 'both look before the sides are cut off from each other',
    exercise: 'vagas',
    recording: () => {
      const run = recorded('vagas-frota-1');
      const joined = run.events.find(changed('connected'))?.n ?? 0;
      return earlier(
        run,
        (event) => called(({ operation }) => operation === 'query')(event) && event.n < joined,
        changed('isolated'),
      );
    },
  },
  {
    what: 'the share that is lost is raised, and raised again, between the writes',
    exercise: 'mensagens-perdidas',
    recording: () => {
      const { header, events } = recorded('mensagens-perdidas-1');
      const loss = events.find(changed('loss'));
      const raises = called(({ key }) => ['linha/4', 'linha/7', 'linha/10'].includes(key));
      const raised = events.flatMap((event) =>
        raises(event) && loss?.kind === 'host' ? [{ ...loss, amount: 0.9 }, event] : [event],
      );
      return { header, events: renumbered(raised) };
    },
  },
];

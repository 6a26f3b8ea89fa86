import { expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { WatchCounts } from '../../../src/engines/watching/counts.js';
import { PAUSE, WatchStream, type NextEvent } from '../../../src/engines/watching/stream.js';

/** A stream with what it has to tell, and how often it was closed. */
function open(...told: NextEvent[]): { stream: WatchStream; told: NextEvent[]; closed: () => number } {
  let closed = 0;
  const source = {
    take: () => told.shift(),
    closed: () => {
      closed++;
    },
  };
  return { stream: new WatchStream(source), told, closed: () => closed };
}

const event = { kind: 'upToDate', token: 't' } as const;
const over = { done: true, value: undefined };

it('gives what is there at once, and a pause as nothing', async () => {
  const { stream } = open(event, PAUSE, event);
  expect(await stream.next()).toEqual({ done: false, value: event });
  expect(await stream.next()).toEqual({ done: false, value: undefined });
  expect(await stream.next()).toEqual({ done: false, value: event });
});

it('waits until it is woken and there is something', async () => {
  const { stream, told } = open();
  const next = stream.next();
  stream.wake();
  told.push(event);
  stream.wake();
  expect(await next).toEqual({ done: false, value: event });
});

it('ends a reader that waits when it leaves, and is closed once', async () => {
  const { stream, closed } = open();
  const next = stream.next();
  expect(await stream.return()).toEqual(over);
  expect(await next).toEqual(over);
  expect(await stream.next()).toEqual(over);
  await stream.return();
  stream.wake();
  expect(closed()).toBe(1);
});

it('ends with an error, once', async () => {
  const { stream, closed } = open();
  const next = stream.next();
  stream.fail(new KvsError('SERVIDOR_SAINDO', 'sai'));
  stream.fail(new Error('too late'));
  await expect(next).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
  expect(await stream.next()).toEqual(over);
  expect(closed()).toBe(1);
});

it('keeps an error for a reader that comes later, unless it leaves', async () => {
  const { stream } = open(event);
  stream.fail(new KvsError('LEITOR_LENTO', 'lento'));
  await expect(stream.next()).rejects.toMatchObject({ code: 'LEITOR_LENTO' });
  const left = open(event).stream;
  left.fail(new Error('never seen'));
  await left.return();
  expect(await left.next()).toEqual(over);
});

it('ends with what its source throws', async () => {
  const { stream, closed } = open();
  Reflect.set(Reflect.get(stream, 'source') as object, 'take', () => {
    throw new KvsError('LEITOR_LENTO', 'lento');
  });
  await expect(stream.next()).rejects.toMatchObject({ code: 'LEITOR_LENTO' });
  expect(closed()).toBe(1);
});

it('has one reader', async () => {
  const { stream } = open();
  void stream.next();
  await expect(stream.next()).rejects.toThrow('one reader');
  await stream.return();
});

it('counts the events that its reader takes, and an end for slowness, but no pause and no other end', async () => {
  const counts = new WatchCounts();
  const withCounts = (...told: NextEvent[]): WatchStream =>
    new WatchStream({ counts, take: () => told.shift(), closed: () => undefined });
  const stream = withCounts(event, PAUSE, event);
  for (let taken = 0; taken < 3; taken++) await stream.next();
  expect(counts).toEqual({ events: 2, slowReaders: 0 });
  stream.fail(new KvsError('LEITOR_LENTO', 'devagar'));
  stream.fail(new KvsError('LEITOR_LENTO', 'devagar'));
  withCounts().fail(new KvsError('SERVIDOR_SAINDO', 'sai'));
  expect(counts).toEqual({ events: 2, slowReaders: 1 });
});

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Row, Stream } from '../ports/engine.js';
import { portalLimits } from './limits.js';
import type { Disciplina, Professor } from '../ports/portal.js';
import { mayExist } from './checks.js';
import { alunoKey, endOf, enrolmentsOf, teacherKey } from './layout.js';
import { decodeTeacher, originOfEnrolment, PROFESSOR } from './records.js';
import type { Kind } from './records.js';

// Stretches of keys read in one go before others get their turn.
const STRETCHES_PER_TURN = 8;

/**
 * A record as it is now. `version` is 0 if the key has no value; `record` is also absent if the value is not the
 * portal's.
 */
export interface Found<T> {
  readonly version: number;
  readonly record: T | undefined;
}

/** A student in a class. */
export interface Seat {
  readonly key: string;
  readonly matricula: string;
  readonly version: number;
  readonly timestamp: number;
  /** The server that accepted the enrolment. */
  readonly origin: string;
}

/** The reads of the portal from its engine. */
export class PortalReading {
  constructor(readonly engine: Engine) {}

  async find<T>(kind: Kind<T>, id: string): Promise<Found<T>> {
    if (!mayExist(id)) return { version: 0, record: undefined };
    const row = await this.engine.read({ kind: 'instant', key: kind.prefix + id });
    if (row === undefined) return { version: 0, record: undefined };
    return { version: row.version, record: kind.decode(id, row.value)?.record };
  }

  /** The version of a key's newest row; 0 if it has none. */
  async version(key: string): Promise<number> {
    return (await this.engine.read({ kind: 'instant', key }))?.version ?? 0;
  }

  /** Every record of a kind, in the order of identifiers. */
  async *all<T>(kind: Kind<T>): Stream<T> {
    for await (const found of this.under(kind.prefix)) {
      yield found && kind.decode(found.key.slice(kind.prefix.length), found.value)?.record;
    }
  }

  /** The newest row of every key that begins with `prefix` (which ends in `/`), in order. */
  async *under(prefix: string): Stream<Row> {
    let stretches = 0;
    for await (const found of this.engine.scan({ kind: 'range', from: prefix, to: endOf(prefix) })) {
      // A stretch of keys was read: on an in-memory engine nothing else has run meanwhile.
      if (found === undefined && ++stretches % STRETCHES_PER_TURN === 0) await nextTurn();
      if (found?.row?.key.startsWith(prefix) === true) yield found.row;
    }
  }

  /** The rest of every key that begins with `prefix`, with its row. */
  async list(prefix: string): Promise<{ readonly id: string; readonly row: Row }[]> {
    const found: { id: string; row: Row }[] = [];
    for await (const row of this.under(prefix)) {
      if (row !== undefined) found.push({ id: row.key.slice(prefix.length), row });
    }
    return found;
  }

  /**
   * The students who take places of a class, in the order of identifiers. An enrolment that has outlived its student
   * takes none. Such enrolments exist where servers may write independently, elsewhere only where the removal of many
   * keys was cut short.
   * @param certain looks for such enrolments even where that costs a request to other machines for each student
   */
  async seats(sigla: string, certain = false): Promise<Seat[]> {
    const listed = await this.list(enrolmentsOf(sigla));
    const seats = listed.map(({ id, row: { key, version, timestamp, value } }): Seat => ({
      ...{ key, matricula: id, version, timestamp },
      origin: originOfEnrolment(value),
    }));
    const { commits, linearizable } = this.engine.capabilities;
    if (commits === 'everywhere' && linearizable && !certain) return seats;
    const alive = await each(seats, async (seat) => (await this.version(alunoKey(seat.matricula))) > 0);
    return seats.filter((_, index) => alive[index]);
  }

  /**
   * As {@link seats}, and certain if there seem to be more than the places: an enrolment without a student takes
   * none.
   */
  async seatsFor({ sigla, vagas }: Disciplina): Promise<Seat[]> {
    const seats = await this.seats(sigla);
    return seats.length <= vagas ? seats : this.seats(sigla, true);
  }

  /** The professor of a class, if he exists, and the version of the key that names him. */
  async teacher(sigla: string): Promise<Found<Professor>> {
    const row = await this.engine.read({ kind: 'instant', key: teacherKey(sigla) });
    const siape = row && decodeTeacher(row.value);
    if (row === undefined || siape === undefined) return { version: row?.version ?? 0, record: undefined };
    const { record } = await this.find(PROFESSOR, siape);
    return { version: row.version, record };
  }
}

/**
 * The seats within the places of a class: the earliest, by timestamp and then by origin. All are, unless servers that
 * could not see each other gave the same place away. The order of identifiers is kept.
 */
export function withinPlaces(seats: readonly Seat[], { vagas }: Disciplina): readonly Seat[] {
  if (seats.length <= vagas) return seats;
  const earliest = new Set([...seats].sort(byAge).slice(0, vagas));
  return seats.filter((seat) => earliest.has(seat));
}

function byAge(a: Seat, b: Seat): number {
  return a.timestamp - b.timestamp || compare(a.origin, b.origin) || compare(a.matricula, b.matricula);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The answers for all items, in order, with a few requests at once. */
export async function each<T, U>(items: readonly T[], ask: (item: T) => Promise<U>): Promise<U[]> {
  const answers: U[] = [];
  for (let at = 0; at < items.length; at += portalLimits.readsAtOnce) {
    answers.push(...(await Promise.all(items.slice(at, at + portalLimits.readsAtOnce).map(ask))));
  }
  return answers;
}

import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { goesOnFrom, HISTORY_CHARS, isSameHistory } from './histories.js';
import type { Stay, Witness } from './histories.js';
import { partitionLimits } from './limits.js';

/** What a session has seen of a partition. */
export interface SeenPlace {
  readonly stay: Stay;
  /** The time of the last entry of its log; 0: it is not known any more. */
  readonly us: number;
}

const { partitions, sessionPlaces, sessionStays } = partitionLimits;
/** One character for each stay. */
const NAMES = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const NOWHERE = '_';
/** A stay that is not told: nobody goes on from it. */
const SOMEWHERE = '-';
const UNTOLD: Stay = { history: '', epoch: 0, latestEpoch: 0, offset: 0 };
const STAY = new RegExp(
  `^([0-9a-z]{${String(HISTORY_CHARS)}}):([0-9a-z]{1,9}):([0-9a-z]{1,9}):([0-9a-z]{1,10})$`,
);
const PLACE = /^([0-9a-z]{2})([0-9a-zA-Z-])([0-9a-z]{1,10})$/;
const TIME = /^[0-9a-z]{1,10}$/;

/**
 * What a session has seen, by partitions: of the latest ones the last entry of the log, of the others at which master it
 * was. As text: `s1.<stays>.<places>.<where>.<time>`; `where` has one character for each partition.
 */
export class SessionSeen {
  /** Later ones behind earlier ones. */
  private readonly places = new Map<number, SeenPlace>();
  private stays: Stay[] = [];
  /** The greatest time of a master at which only its clock hid something that had expired; 0: none. */
  ms = 0;

  /** The partitions of which something was seen. */
  get partitions(): readonly number[] {
    return [...this.places.keys()];
  }

  at(partition: number): SeenPlace | undefined {
    return this.places.get(partition);
  }

  /** Something of a partition was seen at a master that has all that was seen before. */
  note(partition: number, witness: Witness): void {
    if (witness.isDue) this.ms = Math.max(this.ms, witness.nowMs);
    // Older than nothing there is nothing.
    if (witness.last === 0) return;
    const stay = this.stayOf(witness);
    this.places.delete(partition);
    this.places.set(partition, { stay, us: witness.last });
  }

  toText(): string {
    const all = [...this.places];
    // Of the earliest masters it is not told any more which they were, if there were too many.
    this.stays = this.stays
      .filter((stay) => all.some(([, place]) => place.stay === stay))
      .slice(-sessionStays);
    const nameOf = (stay: Stay): string => NAMES[this.stays.indexOf(stay)] ?? SOMEWHERE;
    const where = new Array<string>(partitions).fill(NOWHERE);
    const exact: string[] = [];
    for (const [index, [partition, { stay, us }]] of all.entries()) {
      if (us === 0 || index < all.length - sessionPlaces) where[partition] = nameOf(stay);
      else exact.push(`${partition.toString(36).padStart(2, '0')}${nameOf(stay)}${us.toString(36)}`);
    }
    const stays = this.stays.map(({ history, epoch, latestEpoch, offset }) =>
      [history, ...[epoch, latestEpoch, offset].map((number) => number.toString(36))].join(':'),
    );
    const whereText = all.length > exact.length ? where.join('') : '';
    return ['s1', stays.join(','), exact.join(','), whereText, this.ms.toString(36)].join('.');
  }

  /** @throws KvsError PEDIDO_INVALIDO */
  static of(text: string): SessionSeen {
    if (text.length > limits.sessionTokenBytes)
      throw invalid(`passa de ${String(limits.sessionTokenBytes)} bytes`);
    const [prefix, stays = '', exact = '', where = '', time = '', ...more] = text.split('.', 6);
    if (prefix !== 's1' || more.length > 0 || !TIME.test(time)) throw invalid('não é de um servidor destes');
    const seen = new SessionSeen();
    seen.ms = parseInt(time, 36);
    for (const one of piecesOf(stays)) {
      const [, history = '', ...numbers] = STAY.exec(one) ?? [];
      const [epoch = NaN, latestEpoch = NaN, offset = NaN] = numbers.map((number) => parseInt(number, 36));
      if (history === '' || seen.stays.length >= sessionStays) throw invalid('está danificada');
      seen.stays.push({ history, epoch, latestEpoch, offset });
    }
    const stayNamed = (name: string): Stay => {
      if (name === SOMEWHERE) return UNTOLD;
      const stay = seen.stays[NAMES.indexOf(name)];
      if (stay === undefined) throw invalid('está danificada');
      return stay;
    };
    if (where !== '' && where.length !== partitions) throw invalid('está danificada');
    for (let partition = 0; partition < where.length; partition++) {
      const name = where.charAt(partition);
      if (name !== NOWHERE) seen.places.set(partition, { stay: stayNamed(name), us: 0 });
    }
    for (const one of piecesOf(exact)) {
      const [, partition = '', name = '', us = ''] = PLACE.exec(one) ?? [];
      const number = parseInt(partition, 36);
      if (!(number < partitions)) throw invalid('está danificada');
      seen.places.set(number, { stay: stayNamed(name), us: parseInt(us, 36) });
    }
    return seen;
  }

  private stayOf(witness: Witness): Stay {
    const known = this.stays.find((stay) => isSameHistory(stay, witness));
    const { history, epoch, latestEpoch, offset } = witness;
    if (known === undefined) {
      const stay = { history, epoch, latestEpoch, offset };
      this.stays.push(stay);
      return stay;
    }
    known.latestEpoch = Math.max(known.latestEpoch, latestEpoch);
    known.offset = Math.max(known.offset, offset);
    return known;
  }
}

/**
 * Whether a master has all that a session has seen of a partition: the last entry of the log is there; or it is forgotten,
 * and the master goes on from where the session was.
 * @param witness asked about that entry
 */
export function hasSeen(place: SeenPlace | undefined, witness: Witness): boolean {
  if (place === undefined || witness.isThere) return true;
  if (place.us !== 0 && !witness.mayBeForgotten) return false;
  return goesOnFrom(place.stay, witness);
}

function piecesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

function invalid(why: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `a sessão ${why}; comece outra`);
}

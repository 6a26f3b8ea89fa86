import { LANE_B, lanesToHex, mix } from '../../core/hash.js';
import { limits } from '../../core/limits.js';
import { partitionLimits } from './limits.js';

/**
 * A place in the logs of partitions: of each of them is told what is not later than `us` (for that of the same time: not of
 * a later partition). The digest is of the last entry of each that was told, so that a log that is another one by now, or
 * has got something earlier since, is noticed.
 */
export interface LogsPlace {
  /** The time of the last entry told, in microseconds of its master. */
  readonly us: number;
  readonly partition: number;
  readonly digest: string;
  /** 0: that entry was told whole; else so many of its events, and it is not in the digest. */
  readonly told: number;
}

const FORM = /^p1\.([0-9a-z]{1,11})\.([0-9a-z]{1,3})\.([0-9a-f]{16})(?:\.([0-9a-z]{1,4}))?$/;

/** The token of a watch that has begun again and is not through yet: who goes on from it begins again too. */
export const LOG_START_OVER = 'p1.0';

/** `p1.<time>.<partition>.<digest>[.<events>]`. */
export function encodeLogPlace({ us, partition, digest, told }: LogsPlace): string {
  const text = `p1.${us.toString(36)}.${partition.toString(36)}.${digest}`;
  return told === 0 ? text : `${text}.${told.toString(36)}`;
}

/** @returns `undefined` if it is no place in such logs */
export function decodeLogPlace(text: string): LogsPlace | undefined {
  if (text.length > limits.watchTokenBytes) return undefined;
  const [, first = '', second = '', digest = '', third = '0'] = FORM.exec(text) ?? [];
  const [us, partition, told] = [first, second, third].map((part) => parseInt(part, 36)) as [
    number,
    number,
    number,
  ];
  if (!Number.isSafeInteger(us) || !(partition < partitionLimits.partitions)) return undefined;
  return { us, partition, digest, told };
}

/** Up to which time the log of a partition is told by a place. */
export function toldOf({ us, partition, told }: LogsPlace, of: number): number {
  return of < partition || (of === partition && told === 0) ? us : Math.max(0, us - 1);
}

/** What was told of the logs of some partitions: the time of the last entry of each; 0: of none. */
export class LogPositions {
  readonly at = new Float64Array(partitionLimits.partitions);
  private us = 0;
  private partition = 0;
  private a = 0;
  private b = 0;

  /** The place after all that was told. */
  get place(): LogsPlace {
    return { us: this.us, partition: this.partition, digest: lanesToHex(this.a, this.b), told: 0 };
  }

  /** The next entry of a partition was told. */
  move(partition: number, us: number): void {
    this.count(partition, this.at[partition] as number, -1);
    this.at[partition] = us;
    this.count(partition, us, 1);
    if (us < this.us || (us === this.us && partition < this.partition)) return;
    this.us = us;
    this.partition = partition;
  }

  copy(): LogPositions {
    const copy = new LogPositions();
    copy.at.set(this.at);
    ({ us: copy.us, partition: copy.partition, a: copy.a, b: copy.b } = this);
    return copy;
  }

  private count(partition: number, us: number, sign: 1 | -1): void {
    if (us === 0) return;
    const hash = hashOf(partition, us);
    this.a = (this.a + sign * hash) >>> 0;
    this.b = (this.b + sign * mix(LANE_B, hash)) >>> 0;
  }
}

/** The place in the log of one partition alone. @param us the time of its last entry told; 0: none was */
export function placeInOne(partition: number, us: number): LogsPlace {
  const hash = us === 0 ? 0 : hashOf(partition, us);
  const digest = us === 0 ? lanesToHex(0, 0) : lanesToHex(hash, mix(LANE_B, hash));
  return { us, partition, digest, told: 0 };
}

function hashOf(partition: number, us: number): number {
  return mix(mix(LANE_B, partition), us);
}

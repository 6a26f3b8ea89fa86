import type { Origin } from '../../../core/dot.js';
import type { Bus, PresenceState } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { FleetTuning } from './tuning.js';

export interface MemberOptions {
  /** This incarnation: fresh at every start, never used before. */
  readonly origin: Origin;
  /** Name of the fleet. */
  readonly fleet?: string;
  /** `host:port` of the doors, told to peers. */
  readonly address: string;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  readonly tuning?: FleetTuning;
  /** Keeps what comes from peers, where this server has a journal. */
  readonly journalWriter?: ReceivedJournal;
  /** Whether this server offers the enrolment portal, told to peers. */
  readonly portal?: boolean;
  /** Called at every change of state. */
  readonly onState?: (state: PresenceState) => void;
  /** Called when the self-check fails, and when it holds again. */
  readonly onAlarm?: (alarmed: boolean) => void;
  /** Called when something that a peer lacks is too large for the broker, and when nobody asks for such a thing any more. */
  readonly onOversize?: (blocked: boolean) => void;
  /** Called when the broker comes or goes. */
  readonly onBroker?: (connected: boolean) => void;
  /** Called when the clock is too far ahead for writes, and when it is so no more. */
  readonly onClock?: (ahead: boolean) => void;
}

/** Told of everything that was applied and was not written here. */
interface ReceivedJournal {
  /** A batch, as its codec wrote it. */
  noteReceived(packed: string): void;
  /** A whole state. */
  noteJoined(): void;
  /** Calls once when all of that so far is kept; at once if it is. */
  whenDurable(call: () => void): void;
}

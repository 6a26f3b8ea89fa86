import type { Origin } from '../../../core/dot.js';
import type { Bus, PresenceState } from '../../../ports/bus.js';
import type { Logger } from '../../../ports/logger.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { FleetTuning } from './tuning.js';

export interface MemberOptions {
  /** Origin of this incarnation: new at every start, never reused. */
  readonly origin: Origin;
  /** Name of the fleet. */
  readonly fleet?: string;
  /** `host:port` of the doors, announced to peers. */
  readonly address: string;
  /** The readable name of this server, announced to peers; absent: its address. */
  readonly name?: string | undefined;
  /** The version of this program, announced to peers. */
  readonly program?: string | undefined;
  readonly bus: Bus;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  readonly tuning?: FleetTuning;
  /** Keeps what arrives from peers, if this server has a journal. */
  readonly journalWriter?: ReceivedJournal;
  /** Whether this server offers the enrolment portal, announced to peers. */
  readonly portal?: boolean;
  /** Whether the door of MQTT can be used here now, announced to peers; absent: never. */
  readonly mqtt?: () => boolean;
  /** Called at every change of state. */
  readonly onState?: (state: PresenceState) => void;
  /** Called when the self-check fails, and when it holds again. */
  readonly onAlarm?: (alarmed: boolean) => void;
  /** Called when something that a peer lacks is too large for the broker, and when no peer asks for it anymore. */
  readonly onOversize?: (blocked: boolean) => void;
  /** Called when the broker connection is established or lost. */
  readonly onBroker?: (connected: boolean) => void;
  /** Called when the clock is too far ahead for writes, and when it no longer is. */
  readonly onClock?: (ahead: boolean) => void;
}

/** Is notified of everything that was applied and not written here. */
interface ReceivedJournal {
  /** A batch, as its codec wrote it. */
  noteReceived(packed: string): void;
  /** A whole state. */
  noteJoined(): void;
  /** Calls once when everything applied so far is durable; at once if it already is. */
  whenDurable(call: () => void): void;
}

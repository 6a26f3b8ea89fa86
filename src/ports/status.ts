import type { Awaitable } from './engine.js';

/** How one server of the system is, as another sees it. */
export interface ServerStatus {
  /** The readable name: that of `--nome`, or its address. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** Empty where servers have none. */
  readonly origin: string;
  /** Portuguese, one word or a few, such as `atendendo`. */
  readonly state: string;
  /** Version of its program; empty if it is not known. */
  readonly programVersion: string;
  readonly isSelf: boolean;
  /** How many mutations it lacks of those that this server holds. */
  readonly lag: number;
  /** When it was last heard, ms since 1970; 0: never. */
  readonly seenMs: number;
}

/** How the whole system is, as one server sees it. */
export interface SystemStatus {
  /** Name of the fleet, or what names the system on other engines. */
  readonly fleet: string;
  readonly engine: string;
  /** This server first. */
  readonly servers: readonly ServerStatus[];
  /** Address of the broker or of the replicas that are used now, without secrets; empty if there are none. */
  readonly broker: string;
  /** Whether all servers that are known hold the same, as far as this one can tell. */
  readonly agrees: boolean;
  /** Where a walk would be needed to tell, also keys whose versions have all been removed. */
  readonly keys: number;
  readonly versions: number;
  /** Estimated bytes of keys and values. */
  readonly bytes: number;
  /** Portuguese, for people: what needs attention. */
  readonly warnings: readonly string[];
}

/** Tells how the system is. */
export interface StatusSource {
  status(): Awaitable<SystemStatus>;
  /** The readable name of the server whose origin this is or was; `undefined` if it is not known. */
  serverName(origin: string): string | undefined;
}

import type { Metadata } from '@grpc/grpc-js';
import type { ServerAddress } from '../../client/link.js';
import type { ClientSecurity } from '../../client/security.js';
import type { BrokerAddress, BrokerCredentials } from '../../mqtt/broker-url.js';
import type { Failure } from '../failure.js';
import type { BoundCase } from './case.js';

/** The servers that are checked, and what the command line says of them. */
export interface CheckSettings {
  readonly servers: readonly ServerAddress[];
  readonly security: ClientSecurity;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  readonly replicaMs: number;
  /** Fewest characters of keys and values; 0: no minimum. */
  readonly minimumChars: number;
  readonly broker: BrokerAddress | undefined;
  /** What is shown to the broker. */
  readonly brokerCredentials: BrokerCredentials | undefined;
  /** Names of the fields of a `Mensagem` at these servers, by ours. */
  readonly fields: Readonly<Record<string, string>> | undefined;
  /** What everything that is written begins with: letters and digits. */
  readonly prefix: string;
}

/** A server that cannot be checked. */
export interface Unreachable {
  readonly server: string;
  readonly failure: Failure;
}

/** Servers that were looked at, and nothing written yet. */
export interface Subject {
  /** The servers that are checked: `127.0.0.1:9000`. */
  readonly servers: readonly string[];
  readonly unreachable: readonly Unreachable[];
  /** What is said before anything else. */
  readonly notes: readonly string[];
  /** What will be written, and what of it stays: completes "vou escrever em …: ". */
  readonly writes: string;
  readonly cases: readonly BoundCase[];
  /** Whether all servers still answer. */
  readonly areThere: () => Promise<boolean>;
  /** Removes what was written. @returns what could not be, and why, for people */
  readonly cleanUp: () => Promise<readonly string[]>;
  readonly close: () => Promise<void> | void;
}

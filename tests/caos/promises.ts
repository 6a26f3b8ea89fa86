import type { EngineName } from './history.js';

/** What an engine promises ([guarantees](../../docs/guia/en/garantias.md)), as far as clients and checkers here go by it. */
export interface Promises {
  readonly sessions: boolean;
  /** A request id makes an insert that is repeated stand once. */
  readonly requestIds: boolean;
  readonly confirmations: boolean;
  readonly compare: boolean;
  /**
   * What is checked for an order of one key: every call, writes alone (readers never go back, by their session), or
   * nothing.
   */
  readonly linearizable: 'calls' | 'writes' | 'no';
  /** An acknowledged write is on every server. */
  readonly everywhere: boolean;
  /** An acknowledged write that was not confirmed may go with its master. */
  readonly losesUnconfirmed: boolean;
}

export const PROMISES: Readonly<Record<EngineName, Promises>> = {
  frota: {
    sessions: true,
    requestIds: true,
    confirmations: true,
    compare: false,
    linearizable: 'no',
    everywhere: false,
    losesUnconfirmed: false,
  },
  consenso: {
    sessions: true,
    requestIds: true,
    confirmations: false,
    compare: true,
    linearizable: 'calls',
    everywhere: true,
    losesUnconfirmed: false,
  },
  lider: {
    sessions: true,
    requestIds: false,
    confirmations: false,
    compare: true,
    linearizable: 'writes',
    everywhere: true,
    losesUnconfirmed: false,
  },
  particoes: {
    sessions: false,
    requestIds: true,
    confirmations: true,
    compare: true,
    linearizable: 'no',
    everywhere: false,
    losesUnconfirmed: true,
  },
};

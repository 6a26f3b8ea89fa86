import type { AccessControl } from '../../ports/access.js';
import { guardEngine } from './guarded-engine.js';
import type { CredentialTable } from './table.js';

/** What every door asks: one table, in which all refusals are counted. */
export function accessControl(table: CredentialTable): AccessControl {
  return {
    gatekeeper: table,
    guard: (engine) =>
      guardEngine(engine, (reason, { name }) => {
        table.refused(reason, name, undefined);
      }),
  };
}

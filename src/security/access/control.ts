import type { AccessControl } from '../../ports/access.js';
import { guardEngine } from './guarded-engine.js';
import type { CredentialTable } from './table.js';

/** The access control of all doors: one table, which counts all refusals. */
export function accessControl(table: CredentialTable): AccessControl {
  return {
    gatekeeper: table,
    guard: (engine) =>
      guardEngine(engine, (reason, { name }) => {
        table.refused(reason, name, undefined);
      }),
  };
}

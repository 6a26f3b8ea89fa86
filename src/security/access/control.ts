import type { AccessControl } from '../../ports/access.js';
import { guardEngine } from './guarded-engine.js';
import type { OnRefused } from './guarded-engine.js';
import { OpenWatches } from './open-watches.js';
import type { CredentialTable } from './table.js';

/** The access control of all doors: one table, which counts all refusals. */
export function accessControl(table: CredentialTable): AccessControl {
  const watches = new OpenWatches(table.time);
  const onRefused: OnRefused = (reason, { name }) => {
    table.refused(reason, name, undefined);
  };
  return { gatekeeper: table, guard: (engine) => guardEngine(engine, onRefused, watches) };
}

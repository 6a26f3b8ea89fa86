/** The stream that feeds the panel. */
import type { Caller } from '../../call/admission.js';
import type { RowsOperation } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';
import type { Panel, PanelNews } from '../../ports/panel.js';
import { PanelLines } from './panel-lines.js';
import type { RouteRequest } from './route.js';

/** First what stays as it is, then what the panel tells. */
export type PanelRow = PanelNews | { readonly kind: 'start' };

/** @param panel absent: this server has none */
export function panelOperation(
  panel: Panel | undefined,
): RowsOperation<RouteRequest<unknown>, PanelRow, string> {
  const lines = panel && new PanelLines(panel);
  return {
    rows: (_request, caller) => {
      caller.assertValid();
      if (panel === undefined) throw new KvsError('NAO_SUPORTADO', 'este servidor não tem painel');
      return rowsOf(panel, mayAdminister(caller));
    },
    answer: (row, caller) => {
      // A credential that is revoked ends the stream.
      caller.assertValid();
      return lines?.lineOf(row, caller, mayAdminister(caller));
    },
    isEndless: true,
  };
}

/** No generator: one that waits for its next row ends only after it, and so long somebody would seem to look. */
function rowsOf(panel: Panel, seesLog: boolean): AsyncIterableIterator<PanelRow> {
  const news: AsyncIterator<PanelRow> = panel.open(seesLog);
  let hasBegun = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      if (hasBegun) return news.next();
      hasBegun = true;
      return Promise.resolve({ done: false, value: { kind: 'start' } });
    },
    return: () => news.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  };
}

function mayAdminister({ identity }: Caller): boolean {
  return identity === undefined || identity.role === 'administracao';
}

/** What the door tells of the server and its fleet. */
import { andThen, neverAnswered } from '../../call/operation.js';
import type { DoorOperation } from '../../call/operation.js';
import type { MetricsSource } from '../../ports/metrics.js';
import type { StatusSource } from '../../ports/status.js';
import type { HttpAnswer } from './exchange.js';
import { LINE_FORM } from './forms.js';
import { HttpRefusal } from './problems.js';
import type { RouteRequest } from './route.js';
import type { StatusJson } from './schemas.js';

type Shown = DoorOperation<RouteRequest<unknown>, HttpAnswer>;

export function statusOperation(source: StatusSource): Shown {
  return {
    run: (_request, caller) => {
      caller.assertValid();
      return andThen(source.status(), (status) => {
        const json: StatusJson = {
          frota: status.fleet,
          motor: status.engine,
          servidores: status.servers.map((server) => ({
            nome: server.name,
            endereco: server.address,
            origem: server.origin,
            estado: server.state,
            versao_programa: server.programVersion,
            eu: server.isSelf,
            atraso: server.lag,
            visto_ms: server.seenMs,
          })),
          broker: status.broker,
          de_acordo: status.agrees,
          chaves: status.keys,
          versoes: status.versions,
          bytes: status.bytes,
          avisos: [...status.warnings],
        };
        return {
          status: 200,
          fields: { 'content-type': LINE_FORM },
          body: `${JSON.stringify(json, undefined, 2)}\n`,
        };
      });
    },
    refusal: neverAnswered,
  };
}

export function metricsOperation(source: MetricsSource | undefined): Shown {
  return {
    run: (_request, caller) => {
      caller.assertValid();
      if (source === undefined) throw new HttpRefusal(404, 'este servidor não tem métricas');
      return source().then(({ type, text }) => ({
        status: 200,
        fields: { 'content-type': type },
        body: text,
      }));
    },
    refusal: neverAnswered,
  };
}

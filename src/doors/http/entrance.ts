import type { CallSeam } from '../../call/seam.js';
import { KvsError } from '../../core/errors.js';
import type { StaticFiles } from '../../files/static-files.js';
import type { MetricsSource } from '../../ports/metrics.js';
import type { Panel } from '../../ports/panel.js';
import type { StatusSource } from '../../ports/status.js';
import { headerBytes, headerProblem } from '../port/header-bounds.js';
import { corsFields, preflightAnswer } from './cors.js';
import { HttpDoor, withFields } from './door.js';
import type { Exchange, HttpFields, HttpAnswer } from './exchange.js';
import { httpLimits } from './limits.js';
import { openApiDocument } from './openapi.js';
import { isFollowedLink, originProblem } from './origin.js';
import { pageAt } from './pages.js';
import type { HealthByName } from './pages.js';
import { HttpRefusal, problemOf, tooLongTarget } from './problems.js';
import { repeated } from './repeated.js';
import { StaticPages } from './static-pages.js';
import { RouteTable } from './route-table.js';
import type { FoundRoute } from './route-table.js';
import { routesOf } from './routes.js';
import type { RouteMethodName, Route } from './routes.js';
import { requestTarget } from './target.js';
import { trialPageAt } from './trial-page.js';

/** What the door is made of. */
export interface EntranceOptions {
  readonly seam: CallSeam;
  readonly health: () => HealthByName;
  readonly status: StatusSource;
  readonly metrics: MetricsSource | undefined;
  readonly panel: Panel | undefined;
  /** The files of the panel; none where it was not built. */
  readonly files: StaticFiles;
  /** False: whatever is asked is not there. */
  readonly isOpen: boolean;
  /** Host names by which people reach this server, beside loopback ones and its own address; in lower case. */
  readonly names: ReadonlySet<string>;
  /** Origins whose pages may do what people may; in lower case. */
  readonly origins: ReadonlySet<string>;
}

/** Nothing of another origin may frame, read or run what this port answers. */
export const PROTECTION: HttpFields = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
});

/** The answer to a request that gets no further, whoever asks. */
export function refusalAnswer(error: KvsError): HttpAnswer {
  return withFields(problemOf(error), PROTECTION);
}

/**
 * The first that a request meets: its bounds, whom it means and where it comes from, its route. Pages are answered here;
 * calls are the door's.
 */
export class Entrance {
  private readonly door: HttpDoor;
  private readonly routes: RouteTable;
  private readonly document: HttpAnswer;
  private readonly files: StaticPages;

  constructor(private readonly options: EntranceOptions) {
    this.door = new HttpDoor(options.seam);
    const routes = routesOf(options);
    this.routes = new RouteTable(routes);
    this.document = openApiDocument(routes);
    this.files = new StaticPages(options.files);
  }

  serve(exchange: Exchange): void {
    let fields = PROTECTION;
    try {
      assertBounds(exchange);
      const { path, query } = this.targetOf(exchange);
      const { origin } = exchange.headers;
      if (this.options.origins.size > 0)
        fields = { ...PROTECTION, ...corsFields(origin, this.options.origins) };
      if (!this.options.isOpen) {
        throw new HttpRefusal(404, 'este servidor não atende por HTTP (--sem-http)', {}, 'NAO_SUPORTADO');
      }
      const { method } = exchange;
      const found = this.routes.find(path);
      if (found !== undefined && isOf(method, found.route)) {
        this.call(exchange, found, query, fields);
        return;
      }
      exchange.respond(withFields(this.pageFor(exchange, path, found?.route), fields));
    } catch (thrown) {
      exchange.respond(withFields(problemOf(KvsError.from(thrown)), fields));
    }
  }

  /** @throws HttpRefusal 400, 403, 417, 505 */
  private targetOf(exchange: Exchange): { readonly path: string; readonly query: string | undefined } {
    const { headers } = exchange;
    const target = requestTarget(exchange.url, exchange.rawHeaders);
    if (target === undefined)
      throw new HttpRefusal(400, 'o pedido diz a quem se dirige (Host) de duas maneiras');
    // The panel's page is the same for all and holds no data: links lead to it, such as the laboratory's.
    const isLink = target.path === '/' && exchange.method === 'GET' && isFollowedLink(headers);
    const problem = originProblem(
      {
        host: target.host,
        origin: headers.origin,
        fetchSite: isLink ? undefined : headers['sec-fetch-site']?.toString(),
        localAddress: exchange.localAddress,
      },
      this.options.names,
      this.options.origins,
    );
    if (problem !== undefined) throw new HttpRefusal(403, problem, {}, 'NAO_AUTORIZADO');
    if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) {
      throw new HttpRefusal(417, `Expect: aqui há só 100-continue, e não ${repeated(headers.expect)}`);
    }
    if (headers['content-type']?.startsWith('application/grpc') === true) {
      throw new HttpRefusal(505, 'gRPC precisa de HTTP/2, e este pedido veio por HTTP/1.1');
    }
    return target;
  }

  private call(
    exchange: Exchange,
    { route, key }: FoundRoute,
    query: string | undefined,
    fields: HttpFields,
  ): void {
    const name = methodOf(exchange.method);
    const method = route.methods[name];
    if (method === undefined) throw new Error(`no ${name} of ${route.path}`);
    this.door.serve({ exchange, operation: `${name} ${route.path}`, method, key, query, fields });
  }

  /** A page that is the same for all. @throws HttpRefusal 412, KvsError PEDIDO_INVALIDO */
  private pageAt(path: string, headers: Exchange['headers']): HttpAnswer | undefined {
    if (path === '/v1/openapi.json') return this.document;
    return this.files.at(path, headers) ?? pageAt(path, this.options.health) ?? trialPageAt(path);
  }

  /** @throws HttpRefusal 404, 405, 412, KvsError PEDIDO_INVALIDO */
  private pageFor(exchange: Exchange, path: string, route: Route | undefined): HttpAnswer {
    const { method, headers } = exchange;
    const page = this.pageAt(path, headers);
    const isEverything = path === '*';
    if (page === undefined && route === undefined && !isEverything) {
      throw new HttpRefusal(404, `não há nada em ${repeated(path)}; /v1 diz o que há`);
    }
    const allowed = isEverything ? EVERY_METHOD : route === undefined ? READ_METHODS : methodsOf(route);
    if (method === 'OPTIONS') return preflightAnswer(headers, allowed, this.options.origins);
    if (page !== undefined && (method === 'GET' || method === 'HEAD')) return page;
    const detail = `aqui há ${allowed.join(', ')}, e não ${repeated(method)}`;
    throw new HttpRefusal(405, detail, { allow: allowed.join(', ') });
  }
}

const READ_METHODS = ['GET', 'HEAD', 'OPTIONS'] as const;
const EVERY_METHOD = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'] as const;

function methodsOf({ methods }: Route): readonly string[] {
  return [...Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])), 'OPTIONS'];
}

function methodOf(method: string): RouteMethodName {
  return method === 'HEAD' ? 'GET' : (method as RouteMethodName);
}

function isOf(method: string, { methods }: Route): boolean {
  return Object.hasOwn(methods, methodOf(method));
}

/** @throws HttpRefusal 414, 431, KvsError CHAVE_LONGA */
function assertBounds({ url, rawHeaders }: Exchange): void {
  if (url.length > httpLimits.targetBytes) throw tooLongTarget();
  const problem = headerProblem(rawHeaders.length / 2, headerBytes(rawHeaders));
  if (problem !== undefined) throw new HttpRefusal(431, problem);
}

/** What this port answers to HTTP: its health, and what it is. */

/** One answer, whole. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Health by name, as `grpc.health.v1` tells it: `''` is the server as a whole. */
export type HealthByName = ReadonlyMap<string, boolean>;

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM = 'application/problem+json; charset=utf-8';

/** @param path without its query */
export function pageAt(path: string, health: HealthByName): Page {
  switch (path) {
    case '/':
      return { status: 200, type: HTML, body: WELCOME };
    case '/saude':
      return healthPage([...health].filter(([, good]) => !good).map(([name]) => name));
    case '/pronto':
      return healthPage(health.get('') === true ? [] : ['']);
    default:
      return problem(404, `não há nada em ${path}`);
  }
}

/** An error as RFC 9457 has it. @param detail for people, in Portuguese */
export function problem(status: number, detail: string): Page {
  return { status, type: PROBLEM, body: `${JSON.stringify({ status, detail })}\n` };
}

/** @param bad names of what is not well */
function healthPage(bad: readonly string[]): Page {
  const body = {
    bem: bad.length === 0,
    ...(bad.length > 0 && { mal: bad.map((name) => name || 'servidor') }),
  };
  return { status: bad.length === 0 ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}

const WELCOME = `<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>kvs-frota</title>
<h1>kvs-frota</h1>
<p>Esta é a porta de um servidor de chaves e valores com versões. Programas falam gRPC com ela; pessoas usam
<code>./client.sh --port PORTA</code>. Por HTTP há aqui <a href="/saude">/saude</a> e <a href="/pronto">/pronto</a>.</p>
<p lang="en">This is the port of a versioned key-value server. Programs speak gRPC to it; people use
<code>./client.sh --port PORT</code>. By HTTP there are <a href="/saude">/saude</a> (health) and
<a href="/pronto">/pronto</a> (readiness).</p>
</html>
`;

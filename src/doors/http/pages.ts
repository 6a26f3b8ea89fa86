/** What this port shows to whoever asks, without a credential: its health, and what it is. Pure. */
import type { HttpAnswer } from './exchange.js';
import { LINE_FORM } from './forms.js';

/** Whether each condition is good, by the name that it has in `grpc.health.v1`: `''` is the server as a whole. */
export type HealthByName = ReadonlyMap<string, boolean>;

const HTML = 'text/html; charset=utf-8';

/** @param path without its query @returns `undefined` if there is no page */
export function pageAt(path: string, health: () => HealthByName): HttpAnswer | undefined {
  switch (path) {
    case '/':
      return { status: 200, fields: { 'content-type': HTML }, body: WELCOME };
    case '/saude':
      return healthPage(health());
    case '/pronto': {
      const ready = health().get('') === true;
      return json(ready, { pronto: ready });
    }
    default:
      return undefined;
  }
}

/** Every condition by its name, and first whether all are good. */
function healthPage(health: HealthByName): HttpAnswer {
  const conditions = Array.from(health, ([name, good]) => [name || 'servidor', good] as const);
  const good = conditions.every(([, isGood]) => isGood);
  return json(good, { bem: good, ...Object.fromEntries(conditions) });
}

/** @param body flat; shown with one line for each field */
function json(good: boolean, body: object): HttpAnswer {
  return {
    status: good ? 200 : 503,
    fields: { 'content-type': LINE_FORM },
    body: `${JSON.stringify(body, undefined, 2)}\n`,
  };
}

/** Shown in place of the panel where it was not built. */
const WELCOME = `<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>kvs-frota</title>
<h1>kvs-frota</h1>
<p>Esta é a porta de um servidor de chaves e valores com versões. O painel não está aqui: ele é feito com
<code>./compile.sh</code>, ou <code>npm run build</code>, na pasta do programa, e aparece quando o servidor é iniciado de
novo.</p>
<ul>
<li><a href="/v1">/v1</a>: o que há por HTTP, para ler e experimentar (<a href="/v1/openapi.json">OpenAPI</a>)</li>
<li><a href="/pronto">/pronto</a> e <a href="/saude">/saude</a>: se atende, e como está</li>
<li><a href="/v1/estado">/v1/estado</a>: a frota, como este servidor a vê</li>
<li><a href="/metrics">/metrics</a>: números para o Prometheus</li>
</ul>
<p>Os guias vêm com o programa, na pasta <code>docs/guia</code>: comece por <code>docs/guia/README.md</code>;
<code>docs/guia/painel.md</code> é sobre o painel, e <code>docs/guia/http.md</code> sobre esta porta.</p>
<p lang="en">This is the port of a versioned key-value server. The panel is not here: <code>./compile.sh</code>, or
<code>npm run build</code>, in the folder of the program makes it, and it shows once the server is started again. Programs
speak gRPC or HTTP; people use <code>./client.sh --port PORT</code>, or the page at <a href="/v1">/v1</a>. Guides come with
the program, in <code>docs/guia/en</code>.</p>
</html>
`;

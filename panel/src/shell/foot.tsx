import { start } from '../feed/feed.js';
import { say } from '../text.js';

/** Where to go from here. */
export function Foot() {
  const links = [
    ['/v1', say('a API por HTTP, para experimentar', 'the HTTP API, to try')],
    ['/v1/openapi.json', 'OpenAPI'],
    ['/metrics', say('números para o Prometheus', 'figures for Prometheus')],
    ['/saude', say('saúde', 'health')],
    ['/pronto', say('se atende', 'whether it serves')],
  ] as const;
  const version = start.value?.servidor.versao_programa;
  return (
    <footer class="foot">
      <nav aria-label={say('Outras páginas do servidor', 'Other pages of the server')}>
        <ul>
          {links.map(([path, name]) => (
            <li key={path}>
              <a href={path}>{path}</a> <span class="quiet">{name}</span>
            </li>
          ))}
        </ul>
      </nav>
      <p class="quiet">
        {say('Os guias vêm com o programa: comece por ', 'Guides come with the program: begin with ')}
        <code>{say('docs/guia/painel.md', 'docs/guia/en/painel.md')}</code>.
        {version !== undefined && version !== '' && ` kvs-frota ${version}.`}
      </p>
    </footer>
  );
}

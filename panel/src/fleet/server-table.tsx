import type { PanelPeerJson, PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { ScrollBox } from '../parts/scroll-box.js';
import { hueOf } from '../parts/hues.js';
import { ShownLine } from '../parts/shown.js';
import { duration, say } from '../text.js';
import { compareContent, hears, peerName } from './hearing.js';
import type { Comparison } from './hearing.js';
import type { Departed } from './departed.js';
import { departedText, LagText } from './fleet-picture.js';
import { stateWord } from '../words.js';

/** The picture as text: every server with what is known about it. */
export function ServerTable({
  now,
  departed,
}: {
  readonly now: PanelPictureJson;
  readonly departed: readonly Departed[];
}) {
  const servers = now.servidores.filter(({ replica }) => !replica);
  const self = servers.find(({ eu }) => eu);
  const hasContent = servers.some(({ resumo }) => resumo !== '');
  const tells = servers.some(({ ouve }) => ouve !== null) && servers.length > 1;
  return (
    <ScrollBox label={say('Tabela de servidores', 'Table of servers')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say('Servidor', 'Server')}</th>
            <th scope="col">{say('Endereço', 'Address')}</th>
            <th scope="col">{say('Estado', 'State')}</th>
            <th scope="col">{say('Atraso', 'Lag')}</th>
            {hasContent && <th scope="col">{say('Conteúdo (hash)', 'Content (hash)')}</th>}
            {tells && <th scope="col">{say('Ouve', 'Hears')}</th>}
            <th scope="col">{say('Visto há', 'Seen')}</th>
            <th scope="col">{say('Versão', 'Version')}</th>
          </tr>
        </thead>
        <tbody>
          {servers.map((server) => (
            <tr key={peerName(server)}>
              <th scope="row" class={`name hue-${hueOf(server.origem || server.endereco)}`}>
                <span class="swatch" aria-hidden="true" />
                <ShownLine text={server.nome} chars={64} />
                {server.eu && <span class="quiet"> {say('(este)', '(this)')}</span>}
              </th>
              <td class="mono">{server.endereco}</td>
              <td>{stateWord(server.estado)}</td>
              <td>
                <LagText server={server} />
              </td>
              {hasContent && (
                <td>
                  <code>{server.resumo.slice(0, 12) || '—'}</code>{' '}
                  {self !== undefined && !server.eu && (
                    <span class="quiet">{contentWord(compareContent(self, server))}</span>
                  )}
                </td>
              )}
              {tells && (
                <td>
                  <Heard server={server} servers={servers} />
                </td>
              )}
              <td class="steady">{server.eu ? '—' : seenText(server.visto_ms, now.agora_ms)}</td>
              <td>{server.versao_programa || '—'}</td>
            </tr>
          ))}
          {departed.map(({ server, atMs }) => (
            <tr key={peerName(server)} class="quiet">
              <th scope="row" class={`name hue-${hueOf(server.origem || server.endereco)}`}>
                <span class="swatch" aria-hidden="true" />
                <ShownLine text={server.nome} chars={64} />
              </th>
              <td class="mono">{server.endereco}</td>
              <td>{departedText(atMs)}</td>
              <td>—</td>
              {hasContent && <td>—</td>}
              {tells && <td>—</td>}
              <td class="steady">{seenText(atMs, now.agora_ms)}</td>
              <td>{server.versao_programa || '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function seenText(seenMs: number, nowMs: number): string {
  if (seenMs === 0) return say('nunca', 'never');
  const ms = Math.max(0, nowMs - seenMs);
  // Presences come every 2 s: a number that moves all the time tells nothing.
  return ms < 5000 ? say('menos de 5 s', 'under 5 s ago') : say(duration(ms), `${duration(ms)} ago`);
}

function contentWord(content: Comparison): string {
  switch (content) {
    case 'same':
      return say('igual a este', 'as this one');
    case 'behind':
      return say('outras mutações: a caminho', 'other mutations: on their way');
    case 'diverged':
      return say('mesmas mutações, outro conteúdo!', 'same mutations, other content!');
    case 'unknown':
      return '';
  }
}

function Heard({
  server,
  servers,
}: {
  readonly server: PanelPeerJson;
  readonly servers: readonly PanelPeerJson[];
}) {
  const others = servers.filter((other) => other !== server);
  if (server.ouve === null) return <span class="quiet">{say('não diz', 'does not say')}</span>;
  const deaf = others.filter((other) => hears(server, other) === false);
  if (deaf.length === 0) return <span>{say('todos', 'all')}</span>;
  if (deaf.length === others.length) return <span class="bad-text">{say('ninguém', 'nobody')}</span>;
  return (
    <span class="bad-text">
      {say('todos menos ', 'all but ')}
      {deaf.map((other, at) => (
        <span key={other.endereco}>
          {at > 0 && ', '}
          <ShownLine text={other.nome} chars={24} />
        </span>
      ))}
    </span>
  );
}
